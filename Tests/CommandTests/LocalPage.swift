import Foundation
import Testing

/// A page's server on this machine, as anybody may talk to it.
enum LocalPage {
  /// The address in what a process has printed, once it is there.
  static func address(in file: URL) throws -> URL {
    for _ in 0..<1_000 {
      let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
      if let match = text.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+\/#[A-Za-z0-9]{24}/) {
        return try #require(URL(string: String(match.0)))
      }
      usleep(10_000)
    }
    try #require(Bool(false), "no address in \(file.path)")
    return file
  }

  /// What the server says to bytes: the number of its answer and all that follows.
  ///
  /// - Parameter isAll: says that no more will come, so that a server which waits for the rest of it need not.
  static func answer(_ port: Int, _ request: String, isAll: Bool = false) throws -> (status: Int, text: String) {
    let text = String(decoding: try response(port, request, isAll: isAll), as: UTF8.self)
    return (text.firstMatch(of: /^HTTP\/1\.1 ([0-9]+)/).flatMap { Int($0.1) } ?? 0, text)
  }

  private static func response(_ port: Int, _ request: String, isAll: Bool = false) throws -> Data {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    try #require(isConnected)
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    _ = request.withCString { write(descriptor, $0, strlen($0)) }
    if isAll { shutdown(descriptor, Int32(SHUT_WR)) }
    var bytes = Data()
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    return bytes
  }

  /// The same to a request for `target`, under the server's own name unless `headers` say another.
  static func get(_ port: Int, _ target: String, _ headers: [String] = [], method: String = "GET") throws -> (
    status: Int, text: String
  ) {
    try answer(port, text(method, port, target, headers))
  }

  /// What follows the headers of the answer.
  static func bytes(_ port: Int, _ target: String, _ headers: [String]) throws -> Data {
    let response = try response(port, text("GET", port, target, headers))
    let end = try #require(response.firstRange(of: Data("\r\n\r\n".utf8)))
    return response[end.upperBound...]
  }

  private static func text(_ method: String, _ port: Int, _ target: String, _ headers: [String]) -> String {
    let own = headers.contains { $0.hasPrefix("Host:") } ? [] : ["Host: 127.0.0.1:\(port)"]
    return "\(method) \(target) HTTP/1.1\r\n" + (own + headers + ["Connection: close"]).joined(separator: "\r\n")
      + "\r\n\r\n"
  }

  /// Begins a script of the shell in `folder` without waiting for its end; `$0` is `gan`.
  static func start(_ script: String, in folder: URL) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", script, GanProcess.executable.path]
    process.currentDirectoryURL = folder
    try process.run()
    return process
  }
}
