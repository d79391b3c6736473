import Foundation
import Protobuf

/// The framing of TensorFlow's record files, which event files are: each record is
///
///     length          uint64
///     checksum        uint32, of the eight bytes of the length
///     data            length bytes
///     checksum        uint32, of the data
///
/// little endian, with ``maskedChecksum(_:)`` (TensorFlow, *TFRecords format details*). A reader that meets the
/// beginning of a record at the end of the file takes it for one that is still being written.
enum RecordFrame {
  static func framed(_ data: Data) -> Data {
    var record = Data(capacity: data.count + 16)
    record.append(littleEndian: UInt64(data.count))
    record.append(littleEndian: maskedChecksum(record))
    record.append(data)
    record.append(littleEndian: maskedChecksum(data))
    return record
  }

  /// The checksum of `data`, rotated and moved by a constant, so that the checksum of data which hold checksums means
  /// something.
  static func maskedChecksum(_ data: Data) -> UInt32 {
    let checksum = CRC32C.checksum(of: data)
    return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }
}

/// The cyclic redundancy check with Castagnoli's polynomial, 0x1EDC6F41, as iSCSI has it (RFC 3720, section 12.1): bits
/// of a byte from the lowest, all ones before the first and inverted after the last.
package enum CRC32C {
  /// What each byte does to the remainder: the polynomial's bits are reversed.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { remainder, _ in remainder >> 1 ^ (remainder & 1 == 1 ? 0x82F6_3B78 : 0) }
  }

  package static func checksum(of data: Data) -> UInt32 {
    ~table.withUnsafeBufferPointer { table in
      data.reduce(~UInt32(0)) { remainder, byte in
        remainder >> 8 ^ table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)]
      }
    }
  }
}
