import Foundation

/// Numbers at places of bytes; zeros beyond their end.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer

  var count: Int { bytes.count }

  subscript(offset: Int) -> Int { offset >= 0 && offset < bytes.count ? Int(bytes[offset]) : 0 }

  /// The `width` bytes from `offset` on as a number, the highest first unless it is little-endian.
  func number(at offset: Int, width: Int, littleEndian: Bool = false) -> Int {
    var value = 0
    for place in 0..<width { value = value << 8 | self[offset + (littleEndian ? width - 1 - place : place)] }
    return value
  }

  func has(_ text: StaticString, at offset: Int) -> Bool {
    guard offset >= 0, offset + text.utf8CodeUnitCount <= bytes.count else { return false }
    return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[offset + $0] == text.utf8Start[$0] }
  }

  /// The bytes in `range`, as far as there are any.
  func slice(_ range: Range<Int>) -> ByteReader {
    let range = range.clamped(to: 0..<bytes.count)
    return ByteReader(bytes: UnsafeRawBufferPointer(rebasing: bytes[range]))
  }
}

extension Data {
  /// Reads the bytes where they are.
  func reading<Result>(_ body: (ByteReader) -> Result) -> Result {
    withUnsafeBytes { body(ByteReader(bytes: $0)) }
  }
}
