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
