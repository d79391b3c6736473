import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Replaces the file at `url` by `data`, whole or not at all.
///
/// The bytes go to a temporary file in the same folder, are synced to the disk and then renamed
/// over `url`, so that a reader (or a power cut) meets the old file or the new one, never a part.
///
/// - Throws: `FileError` naming `url` and the system's reason; the old file is then untouched and
///   no temporary file is left.
public func replaceFile(at url: URL, with data: Data) throws {
  let replacement = try FileReplacement(of: url)
  try data.withUnsafeBytes { try replacement.write($0) }
  try replacement.commit()
}

/// A file that is written piece by piece beside the one whose place it takes when it is whole.
///
/// Until ``commit()`` nothing is at its place that was not there before; if that is never called, what was written goes with the object.
public final class FileReplacement {
  /// The temporary file, open for reading and writing.
  public let descriptor: Int32
  private let path: String
  private let temporary: String
  private var isPending = true

  /// - Throws: `FileError` naming `url` where nothing can be made beside it.
  public init(of url: URL) throws(FileError) {
    path = url.path
    temporary =
      url.deletingLastPathComponent().appendingPathComponent(
        ".\(url.lastPathComponent).\(getpid())-\(UInt32.random(in: 0 ... .max)).gan-part"
      ).path
    descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      isPending = false
      throw FileError(path: path, reason: systemReason("cannot be written"))
    }
  }

  /// Writes behind what has been written, or at `offset`, which does not move the end that the next write follows.
  ///
  /// - Throws: `FileError` with the system's reason, such as a full disk.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int? = nil) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let (start, count) = (bytes.baseAddress! + done, bytes.count - done)
      let written =
        offset.map { pwrite(descriptor, start, count, off_t($0 + done)) } ?? Foundation.write(descriptor, start, count)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw FileError(path: path, reason: systemReason("cannot be written")) }
      done += written
    }
  }

  /// Syncs the file to the disk and gives it its name.
  ///
  /// - Throws: `FileError` with the system's reason.
  public func commit() throws(FileError) {
    precondition(isPending, "a replacement is committed once")
    func check(_ isDone: Bool, _ action: String) throws(FileError) {
      guard isDone else { throw FileError(path: path, reason: systemReason(action)) }
    }
    try check(fsync(descriptor) == 0, "cannot be synced")
    try check(rename(temporary, path) == 0, "cannot be replaced")
    isPending = false
  }

  deinit {
    if isPending { unlink(temporary) }
    if descriptor >= 0 { close(descriptor) }
  }
}

/// `action` followed by the system's text for the current `errno`.
public func systemReason(_ action: String) -> String { "\(action) (\(String(cString: strerror(errno))))" }
