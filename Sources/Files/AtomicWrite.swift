import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Replaces the file at `url` by `data`, whole or not at all.
///
/// The bytes go to a temporary file in the same folder, are synced to the disk and then renamed
/// over `url`, so that a reader (or a power cut) meets the old file or the new one, never a part. A link is replaced, not
/// followed (see ``writeOutput(_:to:)`` for files that a user names). The new file has the permissions of the old one.
///
/// Two kinds of file cannot be replaced and are written in place, whole or with an error: one whose folder may not be
/// written in, and one that is a mount of its own, as containers have it.
///
/// - Throws: `FileError` naming `url` and the system's reason; the old file is then untouched and
///   no temporary file is left.
public func replaceFile(at url: URL, with data: Data) throws {
  let path = url.path
  var old = stat()
  let isThere = lstat(path, &old) == 0 && old.st_mode & S_IFMT == S_IFREG
  let temporary =
    url.deletingLastPathComponent().appendingPathComponent(
      ".\(url.lastPathComponent).\(getpid())-\(UInt32.random(in: 0 ... .max)).gan-part"
    ).path
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else {
    let reason = systemReason("cannot be written")
    if isThere, [EACCES, EPERM, EROFS].contains(errno), try overwriteFile(at: path, with: data) { return }
    throw FileError(path: path, reason: reason)
  }
  var isOpen = true
  func fail(_ action: String) -> FileError {
    let error = FileError(path: path, reason: systemReason(action))
    if isOpen { close(descriptor) }
    unlink(temporary)
    return error
  }
  guard writeAll(data, to: descriptor) else { throw fail("cannot be written") }
  if isThere {
    fchmod(descriptor, old.st_mode & 0o777)
    // Only root may give files away; for others it is theirs already.
    if old.st_uid != geteuid() { _ = fchown(descriptor, old.st_uid, old.st_gid) }
  }
  guard syncDescriptor(descriptor) else { throw fail("cannot be synced") }
  isOpen = false
  guard close(descriptor) == 0 else { throw fail("cannot be closed") }
  guard rename(temporary, path) != 0 else { return }
  let (code, error) = (errno, fail("cannot be replaced"))
  if isThere, [EBUSY, EXDEV, EACCES, EPERM].contains(code), try overwriteFile(at: path, with: data) { return }
  throw error
}

/// Writes `data` over what the regular file at `path` holds.
///
/// - Returns: whether the file may be written at all; otherwise nothing has happened.
/// - Throws: `FileError` where it could be opened and not written.
private func overwriteFile(at path: String, with data: Data) throws -> Bool {
  let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
  guard descriptor >= 0 else { return false }
  defer { close(descriptor) }
  guard writeAll(data, to: descriptor), ftruncate(descriptor, off_t(data.count)) == 0, syncDescriptor(descriptor)
  else { throw FileError(path: path, reason: systemReason("cannot be written")) }
  return true
}

/// Writes all of `data`, however many calls it takes; on failure `errno` says why.
func writeAll(_ data: Data, to descriptor: Int32) -> Bool {
  data.withUnsafeBytes { bytes in
    var offset = 0
    while offset < bytes.count {
      let written = write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
      if written < 0 && errno == EINTR { continue }
      if written < 0 && errno == EAGAIN {
        // A pipe that somebody has made non-blocking, and whose reader is behind.
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, -1)
        continue
      }
      guard written > 0 else { return false }
      offset += written
    }
    return true
  }
}

/// Has the disk take what was written. A drive that knows no such thing is left to its own ways.
public func syncDescriptor(_ descriptor: Int32) -> Bool {
  fsync(descriptor) == 0 || [EINVAL, ENOTSUP, EOPNOTSUPP, ENOSYS].contains(errno)
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
    try check(syncDescriptor(descriptor), "cannot be synced")
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
