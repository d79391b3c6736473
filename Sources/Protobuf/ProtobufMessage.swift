import Foundation

/// The bytes of a message in the format of protocol buffers, written field by field; as much of the format as event
/// files and ONNX models need (protobuf.dev, *Encoding*).
///
/// A reader takes the default of a field that is not written, zero or empty, and so these are not written; but for
/// members of a `oneof`, of which a reader has to know which is there.
package struct ProtobufMessage {
  /// What has been written.
  package private(set) var bytes = Data()

  /// An empty message.
  package init() {}

  /// How the value of a field is laid out: the lowest three bits of its tag.
  private enum WireType: UInt64 { case varint = 0, fixed64 = 1, lengthDelimited = 2, fixed32 = 5 }

  /// A field with its number, of the named kind; where it is its default, only if `isOneOf`.
  package mutating func write(_ field: Int, integer value: Int, isOneOf: Bool = false) {
    guard value != 0 || isOneOf else { return }
    write(tag: field, .varint)
    write(varint: UInt64(bitPattern: Int64(value)))
  }

  /// A field with its number, of the named kind; where it is its default, only if `isOneOf`.
  package mutating func write(_ field: Int, float value: Float, isOneOf: Bool = false) {
    guard value.bitPattern != 0 || isOneOf else { return }
    write(tag: field, .fixed32)
    bytes.append(littleEndian: value.bitPattern)
  }

  /// A field with its number, of the named kind; where it is its default, only if `isOneOf`.
  package mutating func write(_ field: Int, double value: Double, isOneOf: Bool = false) {
    guard value.bitPattern != 0 || isOneOf else { return }
    write(tag: field, .fixed64)
    bytes.append(littleEndian: value.bitPattern)
  }

  /// A field with its number, of the named kind; where it is its default, only if `isOneOf`.
  package mutating func write(_ field: Int, bytes value: Data, isOneOf: Bool = false) {
    guard !value.isEmpty || isOneOf else { return }
    write(tag: field, .lengthDelimited)
    write(varint: UInt64(value.count))
    bytes.append(value)
  }

  /// A field with its number, of the named kind; where it is its default, only if `isOneOf`.
  package mutating func write(_ field: Int, text: String, isOneOf: Bool = false) {
    write(field, bytes: Data(text.utf8), isOneOf: isOneOf)
  }

  /// A message within the message.
  package mutating func write(_ field: Int, _ build: (inout ProtobufMessage) -> Void) {
    var message = ProtobufMessage()
    build(&message)
    // An empty one is there, too.
    write(field, bytes: message.bytes, isOneOf: true)
  }

  /// A repeated field of numbers, packed: one after the other.
  package mutating func write(_ field: Int, packed values: [Double]) {
    var packed = Data(capacity: 8 * values.count)
    for value in values { packed.append(littleEndian: value.bitPattern) }
    write(field, bytes: packed)
  }

  /// A repeated field of integers, packed.
  package mutating func write(_ field: Int, packed values: [Int]) {
    var packed = ProtobufMessage()
    for value in values { packed.write(varint: UInt64(bitPattern: Int64(value))) }
    write(field, bytes: packed.bytes)
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

extension Data {
  /// The bytes of `value`, the lowest first.
  package mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
