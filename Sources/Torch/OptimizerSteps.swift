import CTorch

// In place, without gradient; every tensor has the parameters' shape. A step that throws has changed nothing, and is
// not to be counted by whoever counts steps.

/// velocity := momentum velocity + gradient; parameters := parameters - rate velocity
///
/// - Throws: `TensorError` where the shapes differ or a tensor is poisoned.
public func momentumStep(
  _ parameters: Tensor, gradient: Tensor, velocity: Tensor, rate: Double, momentum: Double
) throws {
  try check(ct_momentum_step(parameters.handle, gradient.handle, velocity.handle, rate, momentum))
}

/// Adam's step number `step`, counted from 1, with bias-corrected moments.
///
/// - Returns: whether all second moments are finite after it.
/// - Throws: `TensorError` where the shapes differ or a tensor is poisoned.
@discardableResult
public func adamStep(
  _ parameters: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, step: Int, rate: Double,
  beta1: Double, beta2: Double, epsilon: Double, epsilonInsideRoot: Bool
) throws -> Bool {
  var overflowed = false
  try check(
    ct_adam_step(
      parameters.handle, gradient.handle, firstMoment.handle, secondMoment.handle, Int64(step), rate, beta1, beta2,
      epsilon, epsilonInsideRoot, &overflowed))
  return !overflowed
}

/// average := average + rate (x - average)
///
/// - Throws: `TensorError` where the shapes differ or a tensor is poisoned.
public func averageStep(_ average: Tensor, toward x: Tensor, rate: Double) throws {
  try check(ct_average_step(average.handle, x.handle, rate))
}

/// average := average + (parameters - average) / count, then gradient := gradient + 2 weight (parameters - average), in
/// one pass over all three.
///
/// - Throws: `TensorError` where the shapes differ, a tensor is poisoned or `count` is below 1.
public func historicalAverageStep(
  _ average: Tensor, of parameters: Tensor, gradient: Tensor, count: Int, weight: Double
) throws {
  try check(
    ct_historical_average_step(average.handle, parameters.handle, gradient.handle, Int64(count), weight))
}

extension Tensor {
  /// 0 everywhere, of the shape and kind of `x` and where it is; `x` itself where it is poisoned.
  public static func zeros(like x: Tensor) -> Tensor {
    // Not a scalar, whose shape would then be remembered.
    x.isPoisoned ? x : .zeros(x.shape, dtype: x.dtype, device: x.device)
  }
}
