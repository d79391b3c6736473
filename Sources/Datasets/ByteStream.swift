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
  /// - Parameter isSure: whether so many are known to be there. Otherwise memory is taken only as they come, so that a
  ///   false announcement costs nothing.
  func read(_ wanted: Int, isSure: Bool = false) throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    try append(wanted, to: &bytes, isSure: isSure)
    return bytes
  }

  /// Makes room; an array that finds none would end the process.
  private func reserve(_ capacity: Int, for bytes: inout [UInt8]) throws(FileError) {
    guard capacity > bytes.capacity else { return }
    // The old elements stay until the new room is there, so that all of it must be free beside them. Asked of the
    // system: a compiler may take it that malloc succeeds where what it gives is freed at once.
    if capacity >= 1 << 20 {
      let room = mmap(nil, capacity + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard room != MAP_FAILED else {
        throw fail("takes \(grouped(capacity)) bytes, for which there is no memory", at: bytes.count)
      }
      munmap(room, capacity + 4096)
    }
    bytes.reserveCapacity(capacity)
  }

  /// Adds the next `wanted` bytes to `bytes`, or fewer where the stream ends; see ``read(_:isSure:)``.
  func append(_ wanted: Int, to bytes: inout [UInt8], isSure: Bool = false) throws(FileError) {
    let start = bytes.count
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, min(wanted, 1 << 18)), alignment: 16)
    defer { chunk.deallocate() }
    if isSure { try reserve(start + wanted, for: &bytes) }
    while bytes.count < start + wanted {
      let room = UnsafeMutableRawBufferPointer(rebasing: chunk.prefix(start + wanted - bytes.count))
      let got = try read(into: room)
      if got == 0 { return }
      if bytes.capacity < bytes.count + got {
        try reserve(min(start + wanted, max(2 * bytes.capacity, bytes.count + got)), for: &bytes)
      }
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: room.prefix(got)))
    }
  }
}
