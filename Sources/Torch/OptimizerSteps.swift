import CTorch

// In place, without gradient; every tensor has the parameters' shape.

/// velocity := momentum velocity + gradient; parameters := parameters - rate velocity
public func momentumStep(_ parameters: Tensor, gradient: Tensor, velocity: Tensor, rate: Double, momentum: Double) {
  _ = ct_momentum_step(parameters.handle, gradient.handle, velocity.handle, rate, momentum)
}

/// Adam's step number `step`, counted from 1, with bias-corrected moments.
public func adamStep(
  _ parameters: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, step: Int, rate: Double,
  beta1: Double, beta2: Double, epsilon: Double, epsilonInsideRoot: Bool
) {
  _ = ct_adam_step(
    parameters.handle, gradient.handle, firstMoment.handle, secondMoment.handle, Int64(step), rate, beta1, beta2,
    epsilon, epsilonInsideRoot)
}

/// average := average + rate (x - average)
public func averageStep(_ average: Tensor, toward x: Tensor, rate: Double) {
  _ = ct_average_step(average.handle, x.handle, rate)
}

/// average := average + (parameters - average) / count, then gradient := gradient + 2 weight (parameters - average), in
/// one pass over all three.
public func historicalAverageStep(
  _ average: Tensor, of parameters: Tensor, gradient: Tensor, count: Int, weight: Double
) {
  _ = ct_historical_average_step(average.handle, parameters.handle, gradient.handle, Int64(count), weight)
}

extension Tensor {
  public static func zeros(like x: Tensor) -> Tensor { .zeros(x.shape, dtype: x.dtype, device: x.device) }
}
