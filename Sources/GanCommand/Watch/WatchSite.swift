import Files
import FlyingFox
import FlyingSocks
import Foundation
import Recipes
import Report

/// The live page of some runs.
final class WatchSite: LocalSite {
  private let watcher: Watcher
  private let folders: [RunFolder]
  private let lookup = NearestLookup()

  /// - Throws: `FileError` where Plotly.js is missing.
  init(_ folders: [RunFolder]) throws {
    guard FileManager.default.isReadableFile(atPath: PlotlyFile.url.path) else {
      throw FileError(
        path: PlotlyFile.url.path, reason: "there is no Plotly.js, which draws the charts: run `make setup`")
    }
    watcher = Watcher(folders)
    self.folders = folders
  }

  func answer(method: String, target: String, header: (String) -> String?, _ door: WatchRequest.Door) async throws
    -> LocalAnswer
  {
    switch try WatchRequest(method: method, target: target, header: header, runs: folders.count, door) {
    case .page:
      return LocalAnswer("text/html; charset=utf-8", Data(try await watcher.html(plotlyPath: "/plotly.js").utf8))
    case .plotly:
      return LocalAnswer("text/javascript; charset=utf-8", try readFile(at: PlotlyFile.url), isKept: true)
    case .events:
      return LocalAnswer(
        "text/event-stream", HTTPBodySequence(from: EventStream(watcher: watcher), suggestedBufferSize: 1 << 16))
    case .picture(let run, let step):
      return LocalAnswer("image/png", try await watcher.picture(run: run, step: step), isKept: true)
    case .realPicture(let run):
      return LocalAnswer("image/png", try await watcher.picture(run: run, step: nil), isKept: true)
    case .neighbours(let run, let step):
      let picture = try await watcher.picture(run: run, step: step)
      return LocalAnswer("application/json", try await lookup.neighbours(run: run, folders[run], in: picture))
    case .ask(let run, let request):
      try await watcher.ask(run: run, request)
      return LocalAnswer("text/plain", Data())
    }
  }
}

/// What is new of the runs, as a browser's `EventSource` reads it: one event a change, and a line in between for those
/// that have gone away to be noticed.
private struct EventStream: AsyncBufferedSequence {
  typealias Element = UInt8
  let watcher: Watcher

  func makeAsyncIterator() -> Iterator { Iterator(watcher: watcher) }

  struct Iterator: AsyncBufferedIteratorProtocol {
    let watcher: Watcher
    private var version = 0
    private var pending = Data("retry: 1000\n\n".utf8)
    private var lastSign = ContinuousClock.now

    init(watcher: Watcher) { self.watcher = watcher }

    mutating func next() async throws -> UInt8? { try await nextBuffer(suggested: 1)?.first }

    mutating func nextBuffer(suggested count: Int) async throws -> Data? {
      while pending.isEmpty {
        if let news = try await watcher.news(since: version) {
          version = news.version
          pending = Data("data: ".utf8) + news.data + Data("\n\n".utf8)
        } else if ContinuousClock.now - lastSign > .seconds(10) {
          pending = Data(": still here\n\n".utf8)
        } else {
          try await Task.sleep(for: .milliseconds(200))
          continue
        }
        lastSign = .now
      }
      let part = Data(pending.prefix(Swift.max(1, count)))
      pending = Data(pending.dropFirst(part.count))
      return part
    }
  }
}
