import Foundation
import Testing

/// A web server of our own on 127.0.0.1, which misbehaves on request; see `Resources/file_server.py`.
final class FileServer {
  /// A request as the server saw it.
  struct Request: Decodable, Equatable {
    /// `/MODE/NAME`.
    var path: String
    /// The answer's status.
    var status: Int
    /// The bytes of body sent.
    var sent: Int
    /// The `Range` field.
    var range: String?
    /// The `If-Range` field.
    var ifRange: String?
  }

  private let process = Process()
  private let log: URL
  private let port: Int

  /// Starts a server of the files in `folder`.
  init(serving folder: URL, log: URL) throws {
    let script = try #require(Bundle.module.url(forResource: "file_server", withExtension: "py"))
    self.log = log
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", script.path, folder.path, log.path]
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = Pipe()
    try process.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      kill(process.processIdentifier, SIGKILL)
      throw CocoaError(.executableLoad)
    }
    self.port = port
  }

  /// The folder to name as a mirror, if the server shall behave according to `mode`.
  func mirror(_ mode: String) -> URL { URL(string: "http://127.0.0.1:\(port)/\(mode)")! }

  /// All requests so far.
  var requests: [Request] {
    get throws {
      guard FileManager.default.fileExists(atPath: log.path) else { return [] }
      return try Data(contentsOf: log).split(separator: UInt8(ascii: "\n")).map {
        try JSONDecoder().decode(Request.self, from: $0)
      }
    }
  }

  /// Ends the server and waits until it has ended.
  func stop() {
    // A child of one of Swift's task threads inherits their mask, which keeps SIGTERM away.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
