import CTorch

extension Tensor {
  /// The same elements in row-major order under another shape; one size may be -1, which is then inferred.
  public func reshaped(_ shape: [Int]) -> Tensor { Tensor(shape.sizes { ct_reshape(handle, $0, $1) }) }
  /// Dimensions of size 1 repeated to `shape`, without copying; -1 keeps a size.
  public func expanded(_ shape: [Int]) -> Tensor { Tensor(shape.sizes { ct_expand(handle, $0, $1) }) }
  /// The dimensions in another order, `dimensions[i]` coming to place i; a view of the same elements.
  public func permuted(_ dimensions: [Int]) -> Tensor { Tensor(dimensions.sizes { ct_permute(handle, $0, $1) }) }
  /// Two dimensions changing places, the last two by default; a view of the same elements.
  public func transposed(_ first: Int = -2, _ second: Int = -1) -> Tensor {
    Tensor(ct_transpose(handle, Int64(first), Int64(second)))
  }
  /// With a new dimension of size 1 in the place `dimension`.
  public func unsqueezed(_ dimension: Int) -> Tensor { Tensor(ct_unsqueeze(handle, Int64(dimension))) }
  /// Without the dimension `dimension`, which must have size 1; otherwise unchanged.
  public func squeezed(_ dimension: Int) -> Tensor { Tensor(ct_squeeze(handle, Int64(dimension))) }
  /// The part `range` of one dimension; a view of the same elements.
  public func sliced(_ dimension: Int, _ range: Range<Int>) -> Tensor {
    Tensor(ct_narrow(handle, Int64(dimension), Int64(range.lowerBound), Int64(range.count)))
  }
  /// `parts` slices of equal size along `dimension`.
  ///
  /// A size that `parts` does not divide is a failed operation.
  public func split(_ dimension: Int, parts: Int) -> [Tensor] {
    let size = self.size(dimension)
    guard parts > 0 else { return [] }
    guard !isPoisoned else { return Array(repeating: self, count: parts) }
    guard size % parts == 0 else {
      return Array(repeating: .failed("split of \(shape): \(parts) parts do not divide \(size)"), count: parts)
    }
    let length = size / parts
    return (0..<parts).map { sliced(dimension, $0 * length..<($0 + 1) * length) }
  }
  /// Slices of `sizes` one after the other along `dimension`, whose size they add up to; views of the same elements.
  public func split(_ dimension: Int, sizes: [Int]) -> [Tensor] {
    var results = [CTensor?](repeating: nil, count: sizes.count)
    sizes.sizes { ct_split(handle, Int64(dimension), $0, $1, &results) }
    return results.map { Tensor($0) }
  }
  /// A copy in which the order along `dimension` is reversed.
  public func flipped(_ dimension: Int) -> Tensor { Tensor(ct_flip(handle, Int64(dimension))) }
  /// Laid out in row-major order.
  public func contiguous() -> Tensor { Tensor(ct_contiguous(handle)) }
  /// A copy with elements of its own.
  public func copied() -> Tensor { Tensor(ct_clone(handle)) }

  /// The slices of `dimension` that `index`, a vector of int64, names.
  public func selecting(_ dimension: Int, _ index: Tensor) -> Tensor {
    Tensor(ct_index_select(handle, Int64(dimension), index.handle))
  }
  /// For every element of `index` (int64), the element of this tensor at its place, with the place along `dimension`
  /// replaced by it.
  public func gathered(_ dimension: Int, _ index: Tensor) -> Tensor {
    Tensor(ct_gather(handle, Int64(dimension), index.handle))
  }
  /// In ascending order along `dimension`, as a constant: for data. NaN comes last.
  public func sortedValues(_ dimension: Int) -> Tensor { Tensor(ct_sorted_values(handle, Int64(dimension))) }
  /// In ascending order along `dimension`, and where each element stood (int64).
  public func sorted(_ dimension: Int) -> (values: Tensor, indices: Tensor) {
    var results: [CTensor?] = [nil, nil]
    ct_sort(handle, Int64(dimension), &results)
    return (Tensor(results[0]), Tensor(results[1]))
  }
}

/// One after the other along `dimension`.
public func concatenated(_ parts: [Tensor], _ dimension: Int) -> Tensor {
  parts.withHandles("cat") { ct_cat($0, $1, Int64(dimension)) }
}
/// Every part row by row, one after the other: [P]; or, with a `leading` dimension that all parts have, [leading, P].
/// Parts that stand so in memory already are not copied.
public func flattened(_ parts: [Tensor], leading: Int? = nil) -> Tensor {
  parts.withHandles("flatten") { ct_flatten($0, $1, Int64(leading ?? 0)) }
}
/// Side by side along a new dimension `dimension`.
public func stacked(_ parts: [Tensor], _ dimension: Int) -> Tensor {
  parts.withHandles("stack") { ct_stack($0, $1, Int64(dimension)) }
}

extension [Tensor] {
  /// What `body` makes of the tensors' handles and their number; of none, a failed operation.
  func withHandles(_ operation: String, _ body: (UnsafePointer<CTensor?>, Int32) -> CTensor) -> Tensor {
    map { $0.handle as CTensor? }.withUnsafeBufferPointer { handles in
      guard let first = handles.baseAddress else { return .failed("\(operation): there are no tensors") }
      return Tensor(body(first, Int32(count)))
    }
  }
}
