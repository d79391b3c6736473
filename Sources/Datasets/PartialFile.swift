import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bytes of a file that have arrived so far, in `<name>.part`, with their source noted in `<name>.part.json`.
///
/// The file is locked until ``release()``: two downloads cannot write into each other's.
/// Used by one thread at a time, which is why it may be handed from one to another.
final class PartialFile: @unchecked Sendable {
  /// What is known of the bytes' source.
  struct Source: Codable, Equatable {
    /// The address that sent them.
    var url: String
    /// A strong entity tag, or else the time of last modification, as the server stated it: what `If-Range` takes.
    var validator: String?
    /// The size of the file they belong to.
    var size: Int
    /// The checksum of the file they belong to.
    var md5: String
  }

  /// How many bytes there are.
  private(set) var count = 0
  /// Where they came from; `nil` where that is not known.
  private(set) var source: Source?

  private let file: RemoteFile
  private let directory: URL
  private let part: URL
  private let note: URL
  private let descriptor: Int32

  /// Opens what an earlier run has left of `file`, or makes an empty file.
  ///
  /// - Throws: `FileError` where it cannot be opened, or is in use by another download.
  init(of file: RemoteFile, in directory: URL) throws(FileError) {
    self.file = file
    self.directory = directory
    part = directory.appendingPathComponent(file.name + ".part")
    note = directory.appendingPathComponent(file.name + ".part.json")
    descriptor = try Self.openLocked(part)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(path: part.path, reason: systemReason("cannot be read"))
    }
    count = Int(status.st_size)
    source = (try? readFile(at: note, limit: 1 << 16)).flatMap { try? JSONDecoder().decode(Source.self, from: $0) }
    let isOfAnotherFile = source.map { $0.size != file.size || $0.md5 != file.checksum } ?? false
    if isOfAnotherFile || count > file.size { try restart() }
  }

  deinit { close(descriptor) }

  private static func openLocked(_ url: URL) throws(FileError) -> Int32 {
    while true {
      let descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw FileError(path: url.path, reason: systemReason("cannot be written")) }
      // A file system without locks gives another error, and no protection.
      if flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK {
        close(descriptor)
        throw FileError(path: url.path, reason: "is being written by another download")
      }
      // Between the opening and the locking another process may have finished this file and renamed it.
      var opened = stat()
      var named = stat()
      if fstat(descriptor, &opened) == 0, stat(url.path, &named) == 0, opened.st_ino == named.st_ino {
        return descriptor
      }
      close(descriptor)
    }
  }

  /// Drops all bytes and what was known of their source.
  func restart() throws(FileError) {
    guard ftruncate(descriptor, 0) == 0 else {
      throw FileError(path: part.path, reason: systemReason("cannot be emptied"))
    }
    unlink(note.path)
    source = nil
    count = 0
  }

  /// Drops all bytes and notes the source of those that will follow.
  func restart(from source: Source) throws {
    try restart()
    try replaceFile(at: note, with: JSONEncoder().encode(source))
    self.source = source
  }

  /// Adds bytes at the end.
  func append(_ data: Data) throws(FileError) {
    var offset = 0
    while offset < data.count {
      let written = data.withUnsafeBytes { bytes in
        pwrite(descriptor, bytes.baseAddress! + offset, bytes.count - offset, off_t(count))
      }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw FileError(path: part.path, reason: systemReason("cannot be written")) }
      offset += written
      count += written
    }
  }

  /// The checksum of the bytes.
  func checksum(as file: RemoteFile) throws(FileError) -> String { try file.checksum(at: part) }

  /// Puts the bytes on the disk and gives them the file's name.
  func finish() throws(FileError) {
    guard syncDescriptor(descriptor) else {
      throw FileError(path: part.path, reason: systemReason("cannot be synced"))
    }
    let target = directory.appendingPathComponent(file.name).path
    guard rename(part.path, target) == 0 else {
      throw FileError(path: target, reason: systemReason("cannot be replaced"))
    }
    unlink(note.path)
    syncFolder(at: directory)
  }

  /// Lets others have the file. Nothing may be written from here on.
  ///
  /// The end of this object's life would come too late: a session keeps its delegate, and with it this object, for a
  /// moment after the transfer has ended.
  func release() { flock(descriptor, LOCK_UN) }

  /// Removes the bytes and the note.
  func discard() {
    unlink(part.path)
    unlink(note.path)
  }
}
