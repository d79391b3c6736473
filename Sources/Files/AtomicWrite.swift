import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Replaces the file at `url` by `data`, whole or not at all.
///
/// The bytes go to a temporary file in the same folder, are synced to the disk and then renamed
/// over `url`, so that a reader (or a power cut) meets the old file or the new one, never a part. A link is replaced,
/// not followed (see ``writeOutput(_:to:)`` for files that a user names). The new file has the permissions of the old
/// one.
///
/// Two kinds of file cannot be replaced and are written in place: one whose folder may not be written in, and one that
/// is a mount of its own, as containers have it.
///
/// - Parameter isSynced: false for one of many files that are synced together afterwards, by ``syncFileSystem(of:)``.
/// - Throws: `FileError` naming `url` and the system's reason; the old file is then untouched, unless it had to be
///   written in place, and no temporary file is left.
public func replaceFile(at url: URL, with data: Data, isSynced: Bool = true) throws {
  try replaceFile(at: url, isSynced: isSynced) { write in try data.withUnsafeBytes { try write($0) } }
}

/// The same of bytes that need not be in memory all at once.
///
/// - Parameter body: gives the bytes, piece by piece, to the function that it gets. It may be called twice, and then
///   has to give the same ones.
/// - Throws: as ``replaceFile(at:with:isSynced:)``; what `body` throws.
public func replaceFile(
  at url: URL, isSynced: Bool = true,
  writing body: (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
) throws {
  let replacement = FileReplacement(trying: url)
  do {
    try replacement.checkBegun()
    try body { try replacement.write($0) }
    try replacement.commit(isSynced: isSynced)
  } catch {
    guard replacement.isOnlyForOverwriting, try overwriteFile(at: url.path, writing: body) else { throw error }
  }
}

/// Writes over what the regular file at `path` holds.
///
/// - Returns: whether there is such a file that may be written; otherwise nothing has happened.
/// - Throws: `FileError` where it could be opened and not written.
private func overwriteFile(
  at path: String, writing body: (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
) throws -> Bool {
  let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
  guard descriptor >= 0 else { return false }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
  func check(_ isDone: Bool) throws {
    guard isDone else { throw FileError(path: path, reason: systemReason("cannot be written")) }
  }
  var count = 0
  try body { bytes in
    try check(writeAll(bytes, to: descriptor))
    count += bytes.count
  }
  try check(ftruncate(descriptor, off_t(count)) == 0 && syncDescriptor(descriptor))
  return true
}

/// Writes all of `data`, however many calls it takes; on failure `errno` says why.
func writeAll(_ data: Data, to descriptor: Int32) -> Bool {
  data.withUnsafeBytes { writeAll($0, to: descriptor) }
}

/// Writes all of `bytes` to a file, a pipe or a terminal; on failure `errno` says why.
public func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
  var done = 0
  while done < bytes.count {
    let written = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
    if written < 0 && errno == EINTR { continue }
    if written < 0 && errno == EAGAIN {
      // A pipe that somebody has made non-blocking, and whose reader is behind.
      var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&ready, 1, -1)
      continue
    }
    guard written > 0 else { return false }
    done += written
  }
  return true
}

/// Has the disk take what was written. A drive that knows no such thing is left to its own ways.
public func syncDescriptor(_ descriptor: Int32) -> Bool {
  fsync(descriptor) == 0 || [EINVAL, ENOTSUP, EOPNOTSUPP, ENOSYS].contains(errno)
}

/// A file that is written piece by piece beside the one whose place it takes when it is whole.
///
/// Until ``commit(isSynced:)`` nothing is at its place that was not there before; if that is never called, what was
/// written goes with the object.
public final class FileReplacement {
  /// The temporary file, open for reading and writing.
  public let descriptor: Int32
  private let path: String
  private let temporary: String
  private var isPending = true
  /// Why the system refuses to have a file made here, or put in the place of the old one; 0 where it does not.
  private var refusal: Int32 = 0

  /// - Parameter temporaryName: what the temporary file's name is made of; that of `url` if nil.
  /// - Throws: `FileError` naming `url` where nothing can be made beside it.
  public convenience init(of url: URL, temporaryName: String? = nil) throws(FileError) {
    self.init(trying: url, temporaryName: temporaryName)
    try checkBegun()
  }

  /// Without a word where nothing can be made: see ``checkBegun()``.
  fileprivate init(trying url: URL, temporaryName: String? = nil) {
    path = url.path
    temporary =
      url.deletingLastPathComponent().appendingPathComponent(
        ".\(temporaryName ?? url.lastPathComponent).\(getpid())-\(UInt32.random(in: 0 ... .max)).gan-part"
      ).path
    descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor < 0 else { return }
    refusal = errno
    isPending = false
  }

  /// - Throws: `FileError` where nothing could be made.
  fileprivate func checkBegun() throws(FileError) {
    guard descriptor < 0 else { return }
    errno = refusal
    throw FileError(path: path, reason: systemReason("cannot be written"))
  }

  /// Whether what went wrong is no fault of the file that is there: its folder is closed, or it cannot be moved away.
  fileprivate var isOnlyForOverwriting: Bool { [EACCES, EPERM, EROFS, EBUSY, EXDEV].contains(refusal) }

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

  /// Syncs the file to the disk and gives it its name, with the permissions of the one that had it.
  ///
  /// - Parameter isSynced: false where the caller syncs many files together, by ``syncFileSystem(of:)``.
  /// - Throws: `FileError` with the system's reason.
  public func commit(isSynced: Bool = true) throws(FileError) {
    guard isPending else { throw FileError(path: path, reason: "has been replaced already") }
    func check(_ isDone: Bool, _ action: String) throws(FileError) {
      guard isDone else { throw FileError(path: path, reason: systemReason(action)) }
    }
    var old = stat()
    if lstat(path, &old) == 0, old.st_mode & S_IFMT == S_IFREG {
      fchmod(descriptor, old.st_mode & 0o777)
      // Only root may give files away; for others it is theirs already.
      if old.st_uid != geteuid() { _ = fchown(descriptor, old.st_uid, old.st_gid) }
    }
    if isSynced { try check(syncDescriptor(descriptor), "cannot be synced") }
    if rename(temporary, path) != 0 {
      refusal = errno
      throw FileError(path: path, reason: systemReason("cannot be replaced"))
    }
    isPending = false
  }

  deinit {
    if isPending { unlink(temporary) }
    if descriptor >= 0 { close(descriptor) }
  }
}

/// `action` followed by the system's text for the current `errno`.
public func systemReason(_ action: String) -> String { "\(action) (\(String(cString: strerror(errno))))" }
