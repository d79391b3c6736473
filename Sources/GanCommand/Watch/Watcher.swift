import Files
import Foundation
import Recipes

/// Looks at runs for all who have their page open, a few times a second however many they are.
actor Watcher {
  private let runs: [WatchedRun]
  /// Nothing has happened yet, or everything.
  private var version = 0
  private var data = Data()
  private var lastLook: ContinuousClock.Instant?

  /// - Parameter folders: at least one.
  init(_ folders: [RunFolder]) { runs = folders.map(WatchedRun.init) }

  /// What the page's script gets, if that is another than what had this version; the JSON stands in one line.
  func news(since known: Int) throws -> (version: Int, data: Data)? {
    try look()
    return version == known ? nil : (version, data)
  }

  /// The page as it is now.
  func html(plotlyPath: String) throws -> String {
    try look()
    return try WatchPage(runs: runs).html(now: Date().timeIntervalSince1970, plotlyPath: plotlyPath)
  }

  /// Reads all there is, and writes the page as a file.
  func write(to file: URL) throws {
    repeat { for run in runs { _ = run.refresh() } } while !runs.allSatisfy { $0.isRead || $0.failure != nil }
    try WatchPage(runs: runs).write(to: file, now: Date().timeIntervalSince1970)
  }

  private func look() throws {
    let now = ContinuousClock.now
    if let lastLook, now - lastLook < .milliseconds(200) { return }
    var isOther = lastLook == nil
    // As much at a time as keeps nobody waiting: a long run's page is there at once, and fills.
    repeat {
      for run in runs where run.refresh(limit: 1 << 18) { isOther = true }
    } while ContinuousClock.now - now < .milliseconds(400) && !runs.allSatisfy { $0.isRead || $0.failure != nil }
    lastLook = .now
    guard isOther else { return }
    data = Data(try WatchPage(runs: runs).data(now: Date().timeIntervalSince1970).replacing("\n", with: " ").utf8)
    version += 1
  }

  /// The bytes of a picture.
  ///
  /// Which file it is follows from two numbers: nothing in a request is part of a path.
  func picture(run: Int, step: Int?) throws -> Data {
    let folder = runs[run].folder
    let file = step.map { step in folder.pictures.first { $0.step == step }?.url } ?? folder.realPicture
    guard let file else { throw FileError(path: folder.url.path, reason: "has no such picture") }
    return try readFile(at: file, limit: 1 << 26)
  }

  func ask(run: Int, _ request: RunRequest) throws { try runs[run].folder.ask(request) }
}
