import Foundation

/// The bytes of a message in the format of protocol buffers, written field by field; as much of the format as event
/// files need (protobuf.dev, *Encoding*).
///
/// A reader takes the default of a field that is not written, zero or empty, and so these are not written; but for
/// members of a `oneof`, of which a reader has to know which is there.
struct ProtobufMessage {
  private(set) var bytes = Data()

  /// How the value of a field is laid out: the lowest three bits of its tag.
  private enum WireType: UInt64 { case varint = 0, fixed64 = 1, lengthDelimited = 2, fixed32 = 5 }

  mutating func write(_ field: Int, integer value: Int, isOneOf: Bool = false) {
    guard value != 0 || isOneOf else { return }
    write(tag: field, .varint)
    write(varint: UInt64(bitPattern: Int64(value)))
  }

  mutating func write(_ field: Int, float value: Float, isOneOf: Bool = false) {
    guard value.bitPattern != 0 || isOneOf else { return }
    write(tag: field, .fixed32)
    bytes.append(littleEndian: value.bitPattern)
  }

  mutating func write(_ field: Int, double value: Double, isOneOf: Bool = false) {
    guard value.bitPattern != 0 || isOneOf else { return }
    write(tag: field, .fixed64)
    bytes.append(littleEndian: value.bitPattern)
  }

  mutating func write(_ field: Int, bytes value: Data, isOneOf: Bool = false) {
    guard !value.isEmpty || isOneOf else { return }
    write(tag: field, .lengthDelimited)
    write(varint: UInt64(value.count))
    bytes.append(value)
  }

  mutating func write(_ field: Int, text: String, isOneOf: Bool = false) {
    write(field, bytes: Data(text.utf8), isOneOf: isOneOf)
  }

  /// A message within the message.
  mutating func write(_ field: Int, _ build: (inout ProtobufMessage) -> Void) {
    var message = ProtobufMessage()
    build(&message)
    // An empty one is there, too.
    write(field, bytes: message.bytes, isOneOf: true)
  }

  /// A repeated field of numbers, packed: one after the other.
  mutating func write(_ field: Int, packed values: [Double]) {
    var packed = Data(capacity: 8 * values.count)
    for value in values { packed.append(littleEndian: value.bitPattern) }
    write(field, bytes: packed)
  }

  private mutating func write(tag field: Int, _ type: WireType) { write(varint: UInt64(field) << 3 | type.rawValue) }

  /// Seven bits a byte, the lowest first; the highest bit of a byte says that another follows.
  private mutating func write(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
