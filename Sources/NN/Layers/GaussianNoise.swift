import Torch

/// y = x + n with n ~ N(0, standardDeviation) drawn anew in every pass, while training; y = x in evaluation.
public struct GaussianNoise: Layer {
  public let standardDeviation: Double
  public init(_ standardDeviation: Double) { self.standardDeviation = standardDeviation }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    guard context.mode != .evaluation, standardDeviation > 0 else { return x }
    return x + context.nextStream().normal(like: x) * standardDeviation
  }
}
