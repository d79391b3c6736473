import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Text that a user hands over through an open descriptor of this process, not as a file: `-` and `/dev/stdin` for
/// standard input, `/dev/fd/63` for what a shell makes of `<(command)`.
public enum OwnStream {
  /// The descriptor that `path` names; nil for all other paths.
  public static func descriptor(named path: String) -> Int32? {
    if path == "-" || path == "/dev/stdin" { return STDIN_FILENO }
    for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) {
      return Int32(path.dropFirst(folder.count))
    }
    return nil
  }

  /// All that comes through the descriptor up to its end, which is waited for.
  ///
  /// - Parameters:
  ///   - path: for messages.
  ///   - limit: the most bytes that it may be.
  /// - Throws: `FileError`.
  public static func readText(_ descriptor: Int32, path: String, limit: Int) throws(FileError) -> String {
    var data = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileError(path: path, reason: systemReason("cannot be read")) }
      if count == 0 { break }
      data.append(contentsOf: buffer[..<count])
      guard data.count <= limit else {
        throw FileError(path: path, reason: "holds more than \(grouped(limit)) bytes", at: .byte(limit))
      }
    }
    return try text(of: data, path: path)
  }
}
