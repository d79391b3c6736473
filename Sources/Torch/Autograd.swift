import CTorch

/// Runs `body` without recording operations for gradients.
///
/// The mode belongs to the thread, hence `body` is synchronous.
public func withoutGradient<Result>(_ body: () throws -> Result) rethrows -> Result {
  let previous = ct_set_gradient_enabled(false)
  defer { _ = ct_set_gradient_enabled(previous) }
  return try body()
}

/// The gradient of `y`, summed over its elements, by each of `xs`; zeros where `y` does not depend on one.
///
/// The elements of a vector of losses, one per seed, depend on disjoint parameters; their sum has each seed's own
/// gradient.
///
/// - Parameters:
///   - cotangent: of `y`'s shape; weighs the elements of `y` in the sum. All ones where it is missing.
///   - keepsGraph: whether another gradient will be asked for through the operations that led to `y`; they are forgotten
///     otherwise.
public func gradient(
  of y: Tensor, by xs: [Tensor], cotangent: Tensor? = nil, keepsGraph: Bool = false
) -> [Tensor] {
  var results = [CTensor?](repeating: nil, count: xs.count)
  xs.map(\.handle).withUnsafeBufferPointer { inputs in
    guard let first = inputs.baseAddress else { return }
    ct_gradient(y.handle, cotangent?.handle, cotangent != nil, first, Int32(xs.count), keepsGraph, &results)
  }
  return results.map { Tensor($0) }
}

extension Tensor {
  /// The same elements, as a constant: no gradient flows through.
  public func detached() -> Tensor { Tensor(ct_detach(handle)) }

  /// A view of the same elements as a variable to differentiate by.
  public func asVariable() -> Tensor {
    let variable = detached()
    _ = ct_require_gradient(variable.handle)
    return variable
  }
}
