import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular file that is open for reading, of which parts are read as they are wanted. What takes its place meanwhile
/// is another file: this one stays what it was.
public final class FileReader {
  /// As it was given.
  public let path: String
  /// In bytes, when it was opened.
  public let size: Int
  private let descriptor: Int32

  /// - Throws: `FileError` naming the file: missing, no regular file, unreadable.
  public init(_ url: URL) throws(FileError) {
    path = url.path
    (descriptor, size) = try openRegularFile(at: url.path)
  }

  deinit { close(descriptor) }

  /// Fills `buffer` with the bytes from `offset` on.
  ///
  /// - Throws: `FileError` with the byte that could not be read, also where the file has become shorter.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < buffer.count {
      let got = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else {
        let reason = got < 0 ? systemReason("cannot be read") : "has become shorter while it was read"
        throw FileError(path: path, reason: reason, at: .byte(offset + done))
      }
      done += got
    }
  }

  /// The bytes in `range`, which the file has.
  ///
  /// - Throws: `FileError` as ``read(into:at:)``.
  public func data(_ range: Range<Int>) throws -> Data {
    var data = Data(count: range.count)
    try data.withUnsafeMutableBytes { try read(into: $0, at: range.lowerBound) }
    return data
  }

  /// Calls `body` with the bytes in `range`, which the file has, a megabyte at a time.
  ///
  /// - Throws: `FileError` as ``read(into:at:)``; what `body` throws.
  public func forEachPiece(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { piece.deallocate() }
    for first in stride(from: range.lowerBound, to: range.upperBound, by: piece.count) {
      let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<min(piece.count, range.upperBound - first)])
      try read(into: part, at: first)
      try body(UnsafeRawBufferPointer(part))
    }
  }
}
