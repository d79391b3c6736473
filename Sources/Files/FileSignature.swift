import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What tells whether a file is another one than when it was last looked at, without reading it.
public struct FileSignature: Hashable, Sendable {
  /// The drive that it is on, by the system's number.
  public let device: UInt64
  /// Its number on that drive, which a file that takes its place does not have.
  public let inode: UInt64
  /// In bytes.
  public let size: Int
  /// Of the last change, in nanoseconds since 1970.
  public let time: Int64

  /// Nil where there is nothing at `url`; links are followed.
  public init?(of url: URL) {
    var status = stat()
    guard stat(url.path, &status) == 0 else { return nil }
    (device, inode, size) = (UInt64(status.st_dev), UInt64(status.st_ino), Int(status.st_size))
    #if canImport(Darwin)
      time = Int64(status.st_mtimespec.tv_sec) * 1_000_000_000 + Int64(status.st_mtimespec.tv_nsec)
    #else
      time = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    #endif
  }

  /// Whether `other` may be this file with more at its end.
  public func isContinued(by other: FileSignature) -> Bool {
    device == other.device && inode == other.inode && size <= other.size
  }
}
