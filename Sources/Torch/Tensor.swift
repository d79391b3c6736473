import CTorch

/// A libtorch tensor.
///
/// A value of this type is a reference to libtorch's own tensor, counted by ARC; operations make new tensors and
/// leave their operands as they are.
///
/// Formulas are free of `try`: an operation that fails, for a wrong shape or too little memory, neither throws nor ends
/// the program. It yields a *poisoned* tensor, which has no elements but the ``failure``; every operation on it yields
/// that failure again. It is thrown where numbers are taken out of a tensor (``values(_:)``, ``item()``,
/// ``rawBytes()``, saving) and where something is changed by it (``assign(_:)``, an optimiser's step, an average's
/// update):
///
/// ```swift
/// let x = Tensor([1, 2, 3] as [Float]), y = Tensor([1, 2] as [Float])
/// let sum = exp(x * y).sum()     // poisoned
/// print(try sum.item())          // throws "mul of [3], [2]: The size of tensor a (3) must match ..."
/// ```
///
/// Dimensions are counted from 0, or from the end: -1 is the last. By the convention of this package the last
/// dimension of a batch of vectors holds their features and the one before it the examples; a dimension before
/// these, where there is one, runs over independent seeds that train side by side.
///
/// Tensors are not `Sendable`: threads exchange plain arrays.
public struct Tensor {
  /// Never nil. (Swift 6.3 does not end compiling other modules where a struct holds such a reference that is not
  /// optional.)
  let handle: CTensor?

  /// NULL is not what an operation returns: it stands for room that was not filled.
  init(_ handle: CTensor?) { self.handle = handle ?? ct_fail("an operation left no result") }

  /// A tensor of `values` in row-major order.
  ///
  /// A shape that does not multiply to `values.count` is a failed operation.
  public init<Element: TensorElement>(_ values: [Element], shape: [Int], device: Device = .cpu) {
    guard shape.elementCount == values.count else {
      self = .failed("tensor of shape \(shape): there are \(values.count) values")
      return
    }
    self.init(
      values.withUnsafeBytes { bytes in
        shape.sizes { sizes, rank in
          // An empty array may have no address.
          withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { nothing in
            ct_from_bytes(
              bytes.baseAddress ?? UnsafeRawPointer(nothing.baseAddress!), sizes, rank, Element.dtype.code, device.code)
          }
        }
      })
  }

  /// A vector of `values`.
  public init<Element: TensorElement>(_ values: [Element], device: Device = .cpu) {
    self.init(values, shape: [values.count], device: device)
  }

  /// A tensor of `shape` with `value` everywhere.
  public static func full(_ value: Double, _ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    Tensor(shape.sizes { ct_full(value, $0, $1, dtype.code, device.code) })
  }
  /// A tensor of `shape` with 0 everywhere.
  public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    full(0, shape, dtype: dtype, device: device)
  }
  /// A tensor of `shape` with 1 everywhere.
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

  /// A poisoned tensor, like a failed operation's; `message` names the operation and says what is wrong.
  public static func failed(_ message: String) -> Tensor { Tensor(ct_fail(message)) }

  // MARK: Looking at it

  /// Why the tensor is poisoned: the first operation on the way to it that failed; nil where none did.
  public var failure: TensorError? {
    ct_failure(handle).map { TensorError(description: String(cString: $0)) }
  }

  /// Whether an operation on the way to this tensor failed.
  public var isPoisoned: Bool { ct_failure(handle) != nil }

  /// The tensor itself.
  ///
  /// - Throws: its ``failure`` where it is poisoned.
  @discardableResult
  public func checked() throws(TensorError) -> Tensor {
    if let failure { throw failure }
    return self
  }

  /// The size of every dimension; `[]` for a scalar and for a poisoned tensor.
  public var shape: [Int] {
    isPoisoned ? [] : (0..<ct_rank(handle)).map { Int(ct_size(handle, $0)) }
  }

  /// The number of dimensions.
  public var rank: Int { isPoisoned ? 0 : Int(ct_rank(handle)) }

  /// The number of elements; 1 for a poisoned tensor.
  public var count: Int { shape.reduce(1, *) }

  /// The size of one dimension, counted from the end where negative; 1 where the tensor is poisoned or has no such
  /// dimension.
  public func size(_ dimension: Int) -> Int {
    let rank = rank
    let index = dimension < 0 ? dimension + rank : dimension
    return (0..<rank).contains(index) ? Int(ct_size(handle, Int32(index))) : 1
  }

  /// The kind of the elements; float32 for a poisoned tensor.
  public var dtype: DType { isPoisoned ? .float32 : DType(ct_dtype(handle)) }

  /// Where the elements are; the CPU for a poisoned tensor.
  public var device: Device { isPoisoned ? .cpu : Device(ct_device(handle)) }

  // MARK: Taking values out

  /// The elements in row-major order, converted to `Element`.
  ///
  /// - Throws: the tensor's ``failure``, where it is poisoned.
  public func values<Element: TensorElement>(_: Element.Type = Float.self) throws -> [Element] {
    let count = try checked().count
    guard count > 0 else { return [] }
    return try [Element](unsafeUninitializedCapacity: count) { buffer, filled in
      try check(ct_copy_to(handle, Element.dtype.code, buffer.baseAddress!, Int64(count * Element.dtype.width)))
      filled = count
    }
  }

  /// The only element of a tensor with one.
  ///
  /// - Throws: the tensor's ``failure`` where it is poisoned; `TensorError` where there is not exactly one element.
  public func item() throws -> Double {
    guard try checked().count == 1, let value = try values(Double.self).first else {
      throw TensorError(description: "item of \(shape): there is not exactly one element")
    }
    return value
  }

  // MARK: Kind and place

  /// The same elements as numbers of another kind, where they are.
  public func to(_ dtype: DType) -> Tensor { Tensor(ct_to(handle, dtype.code, device.code)) }
  /// The same elements on another device. One that is not there is a failed operation.
  public func to(_ device: Device) -> Tensor { Tensor(ct_to(handle, dtype.code, device.code)) }

  /// Copies `source`, of the same shape, over this tensor's elements: the one operation that changes a tensor, for
  /// state that outlives a step. Views of the same elements change with it.
  ///
  /// - Throws: `TensorError` where the shapes differ or either tensor is poisoned; nothing has changed then.
  public func assign(_ source: Tensor) throws { try check(ct_assign(handle, source.handle)) }

  /// ``assign(_:)`` inside a formula, which does not throw: this tensor, or a poisoned one where the copying failed.
  public func assigned(_ source: Tensor) -> Tensor { ct_assign(handle, source.handle).map { Tensor($0) } ?? self }
}

extension [Int] {
  /// The number of elements of a tensor of this shape; nil where a size is negative, or the number too large for an
  /// `Int`.
  var elementCount: Int? {
    var product = 1
    for size in self {
      let (count, overflows) = product.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflows else { return nil }
      product = count
    }
    return product
  }

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
    if let failure { return "Tensor(poisoned: \(failure))" }
    let kind = "Tensor(\(shape), \(dtype)\(device == .cpu ? "" : ", \(device)")"
    guard count <= 16, let values = try? values(Double.self) else { return kind + ")" }
    return kind + ", \(values))"
  }
}
