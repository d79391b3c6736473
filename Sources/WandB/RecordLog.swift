import Czlib
import Foundation
import Protobuf

/// The framing of a `.wandb` file: LevelDB's log format (LevelDB, *Log format*), with the plain CRC-32 in the place of
/// CRC-32C, behind a header of seven bytes.
///
/// The file, the header included, falls into blocks of 32 KiB. A record that does not fit into the rest of a block is
/// cut: each part has
///
///     checksum        uint32, of the kind and the data
///     length          uint16, of the data
///     kind            uint8: the whole record, its first part, one in the middle, its last part
///     data            length bytes
///
/// little endian. Where fewer than seven bytes are left of a block, they are zero.
package struct RecordLog {
  /// The file so far.
  package private(set) var bytes: Data

  private static let blockSize = 32_768
  private static let headSize = 7
  private enum Kind: UInt8 { case whole = 1, first, middle, last }

  /// A file without records.
  package init() {
    bytes = Data(":W&B".utf8)
    bytes.append(littleEndian: UInt16(0xBEE1))
    bytes.append(0)
  }

  /// Adds a record, in as many parts as it takes.
  package mutating func add(_ record: Data) {
    var rest = record[...]
    var isFirst = true
    repeat {
      var left = Self.blockSize - bytes.count % Self.blockSize
      if left < Self.headSize {
        bytes.append(Data(count: left))
        left = Self.blockSize
      }
      let part = rest.prefix(left - Self.headSize)
      rest = rest.dropFirst(part.count)
      let kind: Kind = isFirst ? (rest.isEmpty ? .whole : .first) : (rest.isEmpty ? .last : .middle)
      let checked = Data([kind.rawValue]) + part
      let checksum = checked.withUnsafeBytes { crc32(0, $0.bindMemory(to: Bytef.self).baseAddress, uInt($0.count)) }
      bytes.append(littleEndian: UInt32(truncatingIfNeeded: checksum))
      bytes.append(littleEndian: UInt16(part.count))
      bytes.append(checked)
      isFirst = false
    } while !rest.isEmpty
  }
}
