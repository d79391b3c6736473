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
  let path = url.path
  let temporary =
    url.deletingLastPathComponent().appendingPathComponent(
      ".\(url.lastPathComponent).\(getpid())-\(UInt32.random(in: 0 ... .max)).gan-part"
    ).path
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw FileError(path: path, reason: systemReason("cannot be written")) }
  var isOpen = true
  func fail(_ action: String) -> FileError {
    let error = FileError(path: path, reason: systemReason(action))
    if isOpen { close(descriptor) }
    unlink(temporary)
    return error
  }
  var offset = 0
  while offset < data.count {
    let written = data.withUnsafeBytes { write(descriptor, $0.baseAddress! + offset, data.count - offset) }
    if written < 0 && errno == EINTR { continue }
    guard written > 0 else { throw fail("cannot be written") }
    offset += written
  }
  guard fsync(descriptor) == 0 else { throw fail("cannot be synced") }
  isOpen = false
  guard close(descriptor) == 0 else { throw fail("cannot be closed") }
  guard rename(temporary, path) == 0 else { throw fail("cannot be replaced") }
}

/// `action` followed by the system's text for the current `errno`.
public func systemReason(_ action: String) -> String { "\(action) (\(String(cString: strerror(errno))))" }
