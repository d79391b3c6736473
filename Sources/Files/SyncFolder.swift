import Csyncfs
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Syncs the folder itself, so that a file renamed into it is still there after a power cut.
///
/// File systems that cannot do this are left to their own ways: the files' contents are safe either way.
public func syncFolder(at url: URL) {
  let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}

/// Has the disk take everything that was written to the file system of the folder `url`: many small files in one go,
/// where a sync of each would take longer than writing it.
///
/// - Throws: `FileError` naming `url` and the system's reason, such as a disk that turned out to be full.
public func syncFileSystem(of url: URL) throws(FileError) {
  #if os(Linux)
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: url.path, reason: systemReason("cannot be synced")) }
    defer { close(descriptor) }
    guard syncfs(descriptor) == 0 else { throw FileError(path: url.path, reason: systemReason("cannot be synced")) }
  #else
    // There is no call for one file system.
    sync()
  #endif
}
