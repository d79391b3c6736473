import CTorch

// In place, without gradient; every tensor has the parameters' shape.

/// How a step of an optimiser ended.
public enum StepOutcome: Sendable {
  case done
  /// Done, but what the optimiser keeps is no longer finite.
  case overflowed
  /// The operation failed, or one of its tensors is poisoned: whoever counts steps must not count this one.
  case failed
}

/// velocity := momentum velocity + gradient; parameters := parameters - rate velocity
@discardableResult
public func momentumStep(
  _ parameters: Tensor, gradient: Tensor, velocity: Tensor, rate: Double, momentum: Double
) -> StepOutcome {
  ct_momentum_step(parameters.handle, gradient.handle, velocity.handle, rate, momentum) ? .done : .failed
}

/// Adam's step number `step`, counted from 1, with bias-corrected moments; overflowed where a second moment is not finite after it.
@discardableResult
public func adamStep(
  _ parameters: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, step: Int, rate: Double,
  beta1: Double, beta2: Double, epsilon: Double, epsilonInsideRoot: Bool
) -> StepOutcome {
  var overflowed = false
  guard
    ct_adam_step(
      parameters.handle, gradient.handle, firstMoment.handle, secondMoment.handle, Int64(step), rate, beta1, beta2,
      epsilon, epsilonInsideRoot, &overflowed)
  else { return .failed }
  return overflowed ? .overflowed : .done
}

/// average := average + rate (x - average)
@discardableResult
public func averageStep(_ average: Tensor, toward x: Tensor, rate: Double) -> StepOutcome {
  ct_average_step(average.handle, x.handle, rate) ? .done : .failed
}

/// average := average + (parameters - average) / count, then gradient := gradient + 2 weight (parameters - average), in
/// one pass over all three.
@discardableResult
public func historicalAverageStep(
  _ average: Tensor, of parameters: Tensor, gradient: Tensor, count: Int, weight: Double
) -> StepOutcome {
  ct_historical_average_step(average.handle, parameters.handle, gradient.handle, Int64(count), weight)
    ? .done : .failed
}

extension Tensor {
  public static func zeros(like x: Tensor) -> Tensor {
    // Not a scalar, whose shape would then be remembered.
    x.isPoisoned ? x : .zeros(x.shape, dtype: x.dtype, device: x.device)
  }
}
