import Files
import Foundation

/// Bytes that come one after the other out of a file: as they are, unpacked, or those of one file in an archive.
protocol ByteStream: AnyObject {
  /// The file on disk, as errors name it.
  var path: String { get }
  /// Bytes read so far.
  var count: Int { get }
  /// The byte at `offset`, as errors name it.
  func place(_ offset: Int) -> FileError.Place
  /// Fills `buffer`, and fewer bytes only where the stream ends; says how many.
  ///
  /// - Throws: `FileError`: a failed read, or packed data that is damaged or cut short.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int
}

extension ByteStream {
  /// An error that names the byte at `offset`.
  func fail(_ reason: String, at offset: Int) -> FileError {
    FileError(path: path, reason: reason, at: place(offset))
  }

  /// The next `wanted` bytes, or fewer where the stream ends.
  ///
  /// - Parameter isSure: whether so many are known to be there. Otherwise memory is taken only as they come, so that a false
  ///   announcement costs nothing.
  func read(_ wanted: Int, isSure: Bool = false) throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    try append(wanted, to: &bytes, isSure: isSure)
    return bytes
  }

  /// Adds the next `wanted` bytes to `bytes`, or fewer where the stream ends; see ``read(_:isSure:)``.
  func append(_ wanted: Int, to bytes: inout [UInt8], isSure: Bool = false) throws(FileError) {
    let start = bytes.count
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, min(wanted, 1 << 18)), alignment: 16)
    defer { chunk.deallocate() }
    if isSure { bytes.reserveCapacity(start + wanted) }
    while bytes.count < start + wanted {
      let free = UnsafeMutableRawBufferPointer(rebasing: chunk.prefix(start + wanted - bytes.count))
      let got = try read(into: free)
      if got == 0 { return }
      if bytes.capacity < bytes.count + got {
        bytes.reserveCapacity(min(start + wanted, max(2 * bytes.capacity, bytes.count + got)))
      }
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: free.prefix(got)))
    }
  }
}
