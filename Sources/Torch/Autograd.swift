import CTorch

/// Runs `body` without recording operations for gradients.
///
/// The mode belongs to the thread, hence `body` is synchronous.
public func withoutGradient<Result>(_ body: () throws -> Result) rethrows -> Result {
  let previous = ct_set_gradient_enabled(false)
  defer { _ = ct_set_gradient_enabled(previous) }
  return try body()
}

/// Runs `body` with matrix products and convolutions of float32 tensors made in `dtype`, float32 or bfloat16: operands
/// are rounded to it, sums are float32, and each product, gradients' too, is rounded once more. Parameters and all that
/// is computed element by element stay float32. With another `dtype` nothing is rounded. Small products on the CPU,
/// which rounding would not make faster, stay as they are.
///
/// Like the recording of gradients it belongs to the thread. The backward pass does as the forward pass did.
public func withProducts<Result>(in dtype: DType, _ body: () throws -> Result) rethrows -> Result {
  let previous = ct_set_product_dtype((dtype == .bfloat16 ? dtype : .float32).code)
  defer { _ = ct_set_product_dtype(previous) }
  return try body()
}

/// Runs `body` with operations whose gradients can be differentiated again: this package's own kernels, which have one
/// derivative each, take the form that is composed of libtorch's operations, at some cost in time, and pairwise
/// similarities in memory.
///
/// What is to be differentiated twice is computed inside; the gradients may be asked for anywhere. The norm of D's
/// gradient, for example, with its own gradient by D's parameters:
///
/// ```swift
/// let x = examples.asVariable()
/// let score = twiceDifferentiable { discriminator.model(x, .evaluation).logits }
/// let slope = gradient(of: score, by: [x], createsGraph: true)[0]
/// let byParameters = discriminator.gradient(of: square(slope).sum())
/// ```
///
/// Like the recording of gradients it belongs to the thread. Large dense products on the CPU are made in float32
/// inside, whatever ``withProducts(in:_:)`` says.
public func twiceDifferentiable<Result>(_ body: () throws -> Result) rethrows -> Result {
  let previous = ct_set_twice_differentiable(true)
  defer { _ = ct_set_twice_differentiable(previous) }
  return try body()
}

extension Device {
  /// Whether products can be made in bfloat16 here. On the CPU they need oneDNN, and AVX-512 or what other machines
  /// have of the kind; fast they are only where the processor has instructions for the type itself (AVX-512 BF16, AMX).
  public var makesBFloat16Products: Bool {
    // Libraries do not say; they refuse. The product is large enough to be worth the rounding.
    let x = Tensor.zeros([128, 128], device: self)
    return (try? withProducts(in: .bfloat16) { try linear(x, weight: x).checked() }) != nil
  }
}

/// The gradient of `y`, summed over its elements, by each of `xs`; zeros where `y` does not depend on one.
///
/// The elements of a vector of losses, one per seed, depend on disjoint parameters; their sum has each seed's own
/// gradient.
///
/// - Parameters:
///   - cotangent: of `y`'s shape; weighs the elements of `y` in the sum. All ones where it is missing.
///   - keepsGraph: whether another gradient will be asked for through the operations that led to `y`; they are
///     forgotten otherwise.
///   - createsGraph: whether the gradients are to be differentiated themselves; the graph is kept then. Where one of
///     this package's kernels led to `y`, that is a failed operation which says so: see ``twiceDifferentiable(_:)``.
///     Without it the gradients are constants.
public func gradient(
  of y: Tensor, by xs: [Tensor], cotangent: Tensor? = nil, keepsGraph: Bool = false, createsGraph: Bool = false
) -> [Tensor] {
  var results = [CTensor?](repeating: nil, count: xs.count)
  xs.map(\.handle).withUnsafeBufferPointer { inputs in
    guard let first = inputs.baseAddress else { return }
    ct_gradient(
      y.handle, cotangent?.handle, cotangent != nil, first, Int32(xs.count), keepsGraph, createsGraph, &results)
  }
  return results.map { Tensor($0) }
}

extension Tensor {
  /// The same elements, as a constant: no gradient flows through.
  public func detached() -> Tensor { Tensor(ct_detach(handle)) }

  /// A view of the same elements as a variable to differentiate by.
  public func asVariable() -> Tensor {
    let variable = detached()
    return ct_require_gradient(variable.handle).map { Tensor($0) } ?? variable
  }
}
