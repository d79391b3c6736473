import Files
import FlyingFox
import FlyingSocks
import Foundation

/// What a page's server hands out, once it is known who asks.
protocol LocalSite: Sendable {
  /// The answer to a request.
  ///
  /// - Parameters:
  ///   - method: such as GET.
  ///   - target: what stands behind it.
  ///   - header: the value of a header.
  /// - Throws: `WatchRequest.Refusal` or `ExploreRequest.Refused` where there is none; `FileError` where something is
  ///   not there.
  func answer(method: String, target: String, header: (String) -> String?, _ door: WatchRequest.Door) async throws
    -> LocalAnswer
}

/// What a site says.
struct LocalAnswer: Sendable {
  let type: String
  let body: HTTPBodySequence
  /// Whether a browser need not ask again for the same address.
  let isKept: Bool

  init(_ type: String, _ body: Data, isKept: Bool = false) {
    self.init(type, HTTPBodySequence(data: body), isKept: isKept)
  }

  init(_ type: String, _ body: HTTPBodySequence, isKept: Bool = false) {
    (self.type, self.body, self.isKept) = (type, body, isKept)
  }
}

/// Hands a page out to browsers on this machine.
final class LocalServer: Sendable {
  private let door: WatchRequest.Door
  private let site: any LocalSite
  private let server: HTTPServer

  /// Where the page is; who has this address may ask for what takes the token. Behind the number sign, where that
  /// stands, browsers keep it to themselves.
  var address: String { "http://127.0.0.1:\(door.port)/#\(door.token)" }

  /// - Parameters:
  ///   - port: 0 for one that is free.
  /// - Throws: `FileError` where the port is taken.
  init(_ site: any LocalSite, port: UInt16) throws {
    let free = try Self.freePort(port)
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    var random = SystemRandomNumberGenerator()
    door = WatchRequest.Door(port: free, token: String((0..<24).map { _ in letters.randomElement(using: &random)! }))
    self.site = site
    server = HTTPServer(
      config: HTTPServer.Configuration(
        address: try sockaddr_in.inet(ip4: "127.0.0.1", port: free), logger: .disabled))
  }

  /// Serves until its task is cancelled.
  ///
  /// - Parameter ready: called once browsers are answered.
  /// - Throws: where it cannot serve, any more; what `ready` throws.
  func run(ready: @escaping @Sendable () throws -> Void = {}) async throws {
    await server.appendRoute("*") { [self] (request: HTTPRequest) async throws -> HTTPResponse in await answer(request)
    }
    try await withThrowingTaskGroup(of: Void.self) { [server] tasks in
      tasks.addTask { try await server.run() }
      tasks.addTask {
        // It ends by itself where the server does.
        try await server.waitUntilListening(timeout: 600)
        try ready()
      }
      for try await _ in tasks {}
    }
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
      let answer = try await site.answer(
        method: request.method.rawValue, target: request.target.rawValue,
        header: { request.headers[HTTPHeader($0)] }, door)
      return HTTPResponse(
        statusCode: .ok, headers: headers(answer.type, isKept: answer.isKept), body: answer.body)
    } catch let refusal as WatchRequest.Refusal {
      return refused(HTTPStatusCode(refusal.rawValue, phrase: "\(refusal)"), "")
    } catch let refused as ExploreRequest.Refused {
      return self.refused(HTTPStatusCode(refused.kind.rawValue, phrase: "\(refused.kind)"), refused.sentence)
    } catch {
      return refused(HTTPStatusCode(error is FileError ? 404 : 500, phrase: "Not there"), "\(error)")
    }
  }

  private func refused(_ status: HTTPStatusCode, _ text: String) -> HTTPResponse {
    HTTPResponse(statusCode: status, headers: headers("text/plain; charset=utf-8"), body: Data(text.utf8))
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
