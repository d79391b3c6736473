import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One process at a time in a folder, for as long as the lock lives. The system gives it back when the process ends,
/// however it ends.
public final class FolderLock {
  private let descriptor: Int32
  /// Why nothing holds another process off: the drive knows no locks; nil where it does.
  public let weakness: String?

  /// - Throws: `FileError` naming the folder and the process that has it, or why the lock file `.lock` cannot be made.
  public init(_ folder: URL) throws {
    let path = folder.appendingPathComponent(".lock").path
    // Not through a link: the number of the process would be written over what it leads to.
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
    guard descriptor >= 0 else { throw FileError(path: path, reason: systemReason("cannot be made")) }
    // Who only asks whether it is taken holds it for a moment: see `isHeld`.
    for _ in 0..<10 where flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK else { break }
      usleep(10_000)
    }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
      weakness = nil
    } else if [ENOLCK, ENOTSUP, EOPNOTSUPP, ENOSYS, EINVAL].contains(errno) {
      weakness = systemReason("the drive of \(folder.path) has no file locks: see that no other process trains there")
    } else {
      let isTaken = errno == EWOULDBLOCK
      let reason = systemReason("cannot be locked")
      let owner = (try? readText(at: URL(fileURLWithPath: path), limit: 64)).flatMap { Int($0) }
      close(descriptor)
      guard isTaken else { throw FileError(path: path, reason: reason) }
      throw FileError(
        path: folder.path, reason: "is in use by another process\(owner.map { " (\($0))" } ?? ""), which writes there")
    }
    // For the message to whoever comes second.
    ftruncate(descriptor, 0)
    let text = "\(getpid())"
    _ = text.withCString { write(descriptor, $0, strlen($0)) }
  }

  deinit { close(descriptor) }

  /// Whether a process of this machine, or of another whose drive tells, has the lock of `folder`. Nothing is made or
  /// changed.
  public static func isHeld(in folder: URL) -> Bool {
    let descriptor = open(
      folder.appendingPathComponent(".lock").path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }
}
