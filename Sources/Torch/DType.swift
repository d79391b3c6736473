import CTorch

/// The kind of a tensor's elements.
public enum DType: String, Sendable, CaseIterable {
  /// Numbers with a fraction, of 32 and 64 bits, and of 16 with the exponent of the first; integers with a sign of 64
  /// bits, and without one of 8; true or false.
  case float32, float64, bfloat16, int64, uint8, bool

  var code: CTDType {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .bfloat16: .bFloat16
    case .int64: .int64
    case .uint8: .uInt8
    case .bool: .bool
    }
  }

  init(_ code: CTDType) {
    switch code {
    case .float32: self = .float32
    case .float64: self = .float64
    case .bFloat16: self = .bfloat16
    case .int64: self = .int64
    case .uInt8: self = .uint8
    case .bool: self = .bool
    }
  }

  /// Bytes per element.
  public var width: Int {
    switch self {
    case .float64, .int64: 8
    case .float32: 4
    case .bfloat16: 2
    case .uint8, .bool: 1
    }
  }
}

/// A Swift type whose values can be a tensor's elements.
public protocol TensorElement: Sendable {
  /// What such elements are in a tensor.
  static var dtype: DType { get }
}
extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Double: TensorElement { public static var dtype: DType { .float64 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
extension Bool: TensorElement { public static var dtype: DType { .bool } }
