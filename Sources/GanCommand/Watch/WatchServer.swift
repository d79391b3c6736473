import Files
import FlyingFox
import FlyingSocks
import Foundation
import Recipes
import Report

/// Hands the live page of some runs to browsers on this machine.
final class WatchServer: Sendable {
  private let door: WatchRequest.Door
  private let watcher: Watcher
  private let server: HTTPServer
  private let count: Int

  /// Where the page is; who has this address may ask the runs to save a checkpoint, or to stop. Behind the number sign,
  /// where the token stands, browsers keep it to themselves.
  var address: String { "http://127.0.0.1:\(door.port)/#\(door.token)" }

  /// - Parameters:
  ///   - port: 0 for one that is free.
  /// - Throws: `FileError` where the port is taken, or Plotly.js is missing.
  init(_ folders: [RunFolder], port: UInt16) throws {
    guard FileManager.default.isReadableFile(atPath: PlotlyFile.url.path) else {
      throw FileError(
        path: PlotlyFile.url.path, reason: "there is no Plotly.js, which draws the charts: run `make setup`")
    }
    let free = try Self.freePort(port)
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    var random = SystemRandomNumberGenerator()
    door = WatchRequest.Door(port: free, token: String((0..<24).map { _ in letters.randomElement(using: &random)! }))
    watcher = Watcher(folders)
    count = folders.count
    server = HTTPServer(
      config: HTTPServer.Configuration(
        address: try sockaddr_in.inet(ip4: "127.0.0.1", port: free), logger: .disabled))
  }

  /// Serves until its task is cancelled.
  ///
  /// - Throws: where it cannot, any more.
  func run() async throws {
    await server.appendRoute("*") { [self] (request: HTTPRequest) async throws -> HTTPResponse in await answer(request)
    }
    try await server.run()
  }

  /// The port that is asked for, if it is free, or the next free one.
  private static func freePort(_ port: UInt16) throws -> UInt16 {
    for candidate in port == 0 ? [0] : Array(port...(port > 65_500 ? port : port + 20)) {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      guard descriptor >= 0 else { break }
      defer { close(descriptor) }
      var yes: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = candidate.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let isFree = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
        }
      }
      if isFree { return UInt16(bigEndian: address.sin_port) }
    }
    throw FileError(path: "127.0.0.1:\(port)", reason: systemReason("no port there is free"))
  }

  private func answer(_ request: HTTPRequest) async -> HTTPResponse {
    do {
      let asked = try WatchRequest(
        method: request.method.rawValue, target: request.target.rawValue,
        header: { request.headers[HTTPHeader($0)] }, runs: count, door)
      switch asked {
      case .page:
        return response("text/html; charset=utf-8", Data(try await watcher.html(plotlyPath: "/plotly.js").utf8))
      case .plotly:
        return response("text/javascript; charset=utf-8", try readFile(at: PlotlyFile.url), isKept: true)
      case .events:
        return HTTPResponse(
          statusCode: .ok, headers: headers("text/event-stream"),
          body: HTTPBodySequence(from: EventStream(watcher: watcher), suggestedBufferSize: 1 << 16))
      case .picture(let run, let step):
        return response("image/png", try await watcher.picture(run: run, step: step), isKept: true)
      case .realPicture(let run):
        return response("image/png", try await watcher.picture(run: run, step: nil), isKept: true)
      case .ask(let run, let request):
        try await watcher.ask(run: run, request)
        return response("text/plain", Data())
      }
    } catch let refusal as WatchRequest.Refusal {
      return response("text/plain", Data(), status: HTTPStatusCode(refusal.rawValue, phrase: "\(refusal)"))
    } catch {
      let status = HTTPStatusCode(error is FileError ? 404 : 500, phrase: "Not there")
      return response("text/plain; charset=utf-8", Data("\(error)".utf8), status: status)
    }
  }

  private func response(
    _ type: String, _ body: Data, isKept: Bool = false, status: HTTPStatusCode = .ok
  ) -> HTTPResponse {
    HTTPResponse(statusCode: status, headers: headers(type, isKept: isKept), body: body)
  }

  /// No other site may show, embed or read what is handed out.
  ///
  /// - Parameter isKept: whether a browser need not ask again for the same address.
  private func headers(_ type: String, isKept: Bool = false) -> HTTPHeaders {
    [
      HTTPHeader("Content-Type"): type, HTTPHeader("X-Content-Type-Options"): "nosniff",
      HTTPHeader("Cache-Control"): isKept ? "private, max-age=86400" : "no-store",
      HTTPHeader("Cross-Origin-Resource-Policy"): "same-origin", HTTPHeader("Referrer-Policy"): "no-referrer",
      HTTPHeader("Content-Security-Policy"): "frame-ancestors 'none'", HTTPHeader("X-Frame-Options"): "DENY",
    ]
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
