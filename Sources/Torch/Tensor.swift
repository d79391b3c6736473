import CTorch

/// A libtorch tensor.
///
/// A value of this type is a reference to libtorch's own tensor, counted by ARC; operations make new tensors and
/// leave their operands as they are. A tensor whose operation failed is *poisoned*: it has no elements to read, and every
/// operation on it yields another poisoned tensor (see ``checkingTensors(_:)``).
///
/// Dimensions are counted from 0, or from the end: -1 is the last. By the convention of this package the last
/// dimension of a batch of vectors holds their features and the one before it the examples; a dimension before
/// these, where there is one, runs over independent seeds that train side by side.
///
/// Tensors are not `Sendable`: threads exchange plain arrays.
public struct Tensor {
  let handle: CTensor?

  init(_ handle: CTensor?) { self.handle = handle }

  /// A tensor of `values` in row-major order.
  ///
  /// - Precondition: `shape` multiplies to `values.count`; a mismatch is a failed operation.
  public init<Element: TensorElement>(_ values: [Element], shape: [Int], device: Device = .cpu) {
    guard shape.reduce(1, *) == values.count, shape.allSatisfy({ $0 >= 0 }) else {
      self = .failed("tensor of shape \(shape): there are \(values.count) values")
      return
    }
    handle = values.withUnsafeBytes { bytes in
      shape.sizes { sizes, rank in
        // An empty array may have no address.
        withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { nothing in
          ct_from_bytes(
            bytes.baseAddress ?? UnsafeRawPointer(nothing.baseAddress!), sizes, rank, Element.dtype.code, device.code)
        }
      }
    }
  }

  /// A vector of `values`.
  public init<Element: TensorElement>(_ values: [Element], device: Device = .cpu) {
    self.init(values, shape: [values.count], device: device)
  }

  /// A tensor of `shape` with `value` everywhere.
  public static func full(_ value: Double, _ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    Tensor(shape.sizes { ct_full(value, $0, $1, dtype.code, device.code) })
  }
  public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    full(0, shape, dtype: dtype, device: device)
  }
  public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    full(1, shape, dtype: dtype, device: device)
  }

  /// 0, 1, ..., `count` - 1.
  public static func range(_ count: Int, dtype: DType = .int64, device: Device = .cpu) -> Tensor {
    Tensor(ct_arange(Int64(count), dtype.code, device.code))
  }

  /// `count` evenly spaced values from `first` to `last`, both included.
  public static func linspace(
    _ first: Double, _ last: Double, count: Int, dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    Tensor(ct_linspace(first, last, Int64(count), dtype.code, device.code))
  }

  /// A poisoned tensor, recorded like a failed operation's; `message` names the operation and says what is wrong.
  public static func failed(_ message: String) -> Tensor {
    ct_fail(message)
    return Tensor(nil)
  }

  // MARK: Looking at it

  /// Whether an operation on the way to this tensor failed.
  public var isPoisoned: Bool { handle == nil }

  /// The size of every dimension; `[]` for a scalar and for a poisoned tensor.
  public var shape: [Int] {
    guard let handle else { return [] }
    return (0..<ct_rank(handle)).map { Int(ct_size(handle, $0)) }
  }

  /// The number of dimensions.
  public var rank: Int { handle.map { Int(ct_rank($0)) } ?? 0 }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// The size of one dimension, counted from the end where negative; 1 where the tensor is poisoned or has no such
  /// dimension.
  public func size(_ dimension: Int) -> Int {
    guard let handle else { return 1 }
    let index = dimension < 0 ? dimension + rank : dimension
    return (0..<rank).contains(index) ? Int(ct_size(handle, Int32(index))) : 1
  }

  /// The kind of the elements; float32 for a poisoned tensor.
  public var dtype: DType { handle.map { DType(ct_dtype($0)) } ?? .float32 }

  /// Where the elements are; the CPU for a poisoned tensor.
  public var device: Device { handle.map { Device(ct_device($0)) } ?? .cpu }

  // MARK: Taking values out

  /// The elements in row-major order, converted to `Element`.
  ///
  /// - Throws: `TensorError` where the tensor is poisoned and its failure has not been thrown yet.
  public func values<Element: TensorElement>(_: Element.Type = Float.self) throws -> [Element] {
    guard let handle else { throw TensorError(description: "the tensor's operation has failed") }
    let count = self.count
    return try checkingTensors {
      try [Element](unsafeUninitializedCapacity: count) { buffer, filled in
        guard ct_copy_to(handle, Element.dtype.code, buffer.baseAddress!, Int64(count * Element.dtype.width)) else {
          throw TensorError(description: "the elements cannot be copied")
        }
        filled = count
      }
    }
  }

  /// The only element of a tensor with one.
  ///
  /// - Throws: `TensorError` where there is not exactly one, or the tensor is poisoned.
  public func item() throws -> Double {
    let values = try values(Double.self)
    guard values.count == 1 else {
      throw TensorError(description: "item of \(shape): there is not exactly one element")
    }
    return values[0]
  }

  // MARK: Kind and place

  public func to(_ dtype: DType) -> Tensor { Tensor(ct_to(handle, dtype.code, device.code)) }
  public func to(_ device: Device) -> Tensor { Tensor(ct_to(handle, dtype.code, device.code)) }

  /// Copies `source`, of the same shape, over this tensor's elements: the one operation that changes a tensor, for
  /// state that outlives a step. Views of the same elements change with it.
  public func assign(_ source: Tensor) { _ = ct_assign(handle, source.handle) }
}

extension [Int] {
  func sizes<Result>(_ body: (UnsafePointer<Int64>, Int32) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: Swift.max(count, 1)) { buffer in
      for (index, size) in enumerated() { buffer[index] = Int64(size) }
      return body(buffer.baseAddress!, Int32(count))
    }
  }
}

extension Tensor: CustomStringConvertible {
  /// Shape and kind, and the values of a small tensor.
  public var description: String {
    guard !isPoisoned else { return "Tensor(poisoned)" }
    let kind = "Tensor(\(shape), \(dtype)\(device == .cpu ? "" : ", \(device)")"
    guard count <= 16, let values = try? values(Double.self) else { return kind + ")" }
    return kind + ", \(values))"
  }
}
