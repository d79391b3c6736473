import Foundation

/// A folder for the files that parsers read, in memory where the system has such a place.
public final class FuzzFolder {
  public let url: URL

  /// Removed with the last reference.
  ///
  /// - Parameter parent: where to make it, such as a folder that whoever ends this process removes.
  public init(in parent: URL? = nil) {
    let memory = URL(fileURLWithPath: "/dev/shm")
    let place =
      FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
    url = (parent ?? place).appendingPathComponent("gan-fuzz-\(UUID())")
    try! FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Writes `bytes` as the file `name`.
  func file(_ name: String, _ bytes: Data) throws -> URL {
    let file = url.appendingPathComponent(name)
    try bytes.write(to: file)
    return file
  }
}
