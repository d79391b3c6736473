import Foundation

/// The kinds of elements in safetensors files.
enum StoredKind: String {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint32 = "U32"
  case uint16 = "U16"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Bytes per element.
  var width: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Of the tensor that its elements become.
  var dtype: DType {
    switch self {
    case .float64: .float64
    case .float32, .float16: .float32
    case .bfloat16: .bfloat16
    case .int64, .int32, .int16, .int8, .uint32, .uint16: .int64
    case .uint8: .uint8
    case .bool: .bool
    }
  }

  /// - Parameter bytes: as many as the shape takes.
  func tensor(_ bytes: Data, shape: [Int]) -> Tensor {
    return switch self {
    case .float64: Tensor(rawBytes: bytes, shape: shape, dtype: .float64)
    case .float32: Tensor(rawBytes: bytes, shape: shape, dtype: .float32)
    case .bfloat16: Tensor(rawBytes: bytes, shape: shape, dtype: .bfloat16)
    case .int64: Tensor(rawBytes: bytes, shape: shape, dtype: .int64)
    case .uint8: Tensor(rawBytes: bytes, shape: shape, dtype: .uint8)
    case .bool: Tensor(rawBytes: bytes, shape: shape, dtype: .bool)
    case .float16: Tensor(Self.elements(bytes, UInt16.self).map { Self.float(half: $0) }, shape: shape)
    case .int32: Self.integers(Int32.self, bytes, shape)
    case .int16: Self.integers(Int16.self, bytes, shape)
    case .int8: Self.integers(Int8.self, bytes, shape)
    case .uint32: Self.integers(UInt32.self, bytes, shape)
    case .uint16: Self.integers(UInt16.self, bytes, shape)
    }
  }

  private static func integers<Stored: FixedWidthInteger>(_: Stored.Type, _ bytes: Data, _ shape: [Int]) -> Tensor {
    Tensor(elements(bytes, Stored.self).map { Int64($0) }, shape: shape)
  }

  private static func elements<Stored: FixedWidthInteger>(_ bytes: Data, _: Stored.Type) -> [Stored] {
    let width = MemoryLayout<Stored>.size
    var elements: [Stored] = []
    elements.reserveCapacity(bytes.count / width)
    for first in stride(from: bytes.startIndex, to: bytes.endIndex, by: width) {
      // The most significant byte comes last.
      elements.append(
        bytes[first..<first + width].reversed().reduce(0) { Stored(truncatingIfNeeded: Int($0) << 8 | Int($1)) })
    }
    return elements
  }

  /// The value of a half-precision number (IEEE 754 binary16). Swift's own type of that name is not on every platform.
  private static func float(half: UInt16) -> Float {
    let (sign, exponent, fraction) = (UInt32(half >> 15) << 31, UInt32(half >> 10) & 31, UInt32(half) & 1023)
    switch exponent {
    case 0: return Float(bitPattern: sign | Float(fraction).bitPattern) * 0x1p-24
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
