import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a packed set was made of: its source as it was then, and the settings it was read with.
///
/// A file counts as unchanged while its name, its size, and the times of its last change, of content and of state, are
/// the same. The second of these is the system's own: nobody can set it back, as copying programs do with the first, so
/// that a file that was exchanged for one of the same size and date is noticed without being read. The price is that
/// moving or linking a file packs its set again.
public struct PackedKey: Sendable, Hashable {
  /// The place of the source: a new packed set replaces those of the same source and settings.
  public let source: String
  /// Of everything that counts.
  public let digest: String
  /// Of the source's place and the settings alone.
  let place: String

  /// - Parameters:
  ///   - source: the folder or file that the set is read from.
  ///   - files: all files that are read, by name relative to the source, in any order.
  ///   - settings: everything else that the packed bytes depend on, such as "cifar10 train"; what is read otherwise by
  ///     a later version of a reader must be called otherwise.
  public init(source: URL, files: [FileStamp], settings: String) {
    self.source = source.standardizedFileURL.path
    place = sha256(Data("\(self.source)\0\(settings)".utf8))
    var text = "1\0\(settings)\0"
    for file in files.sorted(by: { $0.name < $1.name }) {
      text += "\(file.name)\0\(file.size) \(file.changed) \(file.stateChanged)\n"
    }
    digest = sha256(Data(text.utf8))
  }
}

/// How a file looks from outside.
public struct FileStamp: Sendable, Hashable {
  /// The file's name without its folders, unless it was given another.
  public var name: String
  /// In bytes.
  public var size: Int
  /// When its content was last changed, as far as the file says: nanoseconds since 1970.
  public var changed: Int
  /// When the system last changed anything of it: nanoseconds since 1970.
  public var stateChanged: Int

  /// - Throws: `FileError` where there is no such file.
  public init(_ url: URL, name: String? = nil) throws(FileError) {
    var status = stat()
    guard stat(url.path, &status) == 0 else {
      throw FileError(
        path: url.path, reason: errno == ENOENT ? "there is no such file" : systemReason("cannot be read"))
    }
    self.init(status, name: name ?? url.lastPathComponent)
  }

  init(_ status: stat, name: String) {
    self.name = name
    size = Int(status.st_size)
    #if canImport(Darwin)
      let (content, state) = (status.st_mtimespec, status.st_ctimespec)
    #else
      let (content, state) = (status.st_mtim, status.st_ctim)
    #endif
    changed = Int(content.tv_sec) * 1_000_000_000 + Int(content.tv_nsec)
    stateChanged = Int(state.tv_sec) * 1_000_000_000 + Int(state.tv_nsec)
  }
}
