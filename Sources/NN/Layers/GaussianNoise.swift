import Torch

/// y = x + n with n ~ N(0, standardDeviation) drawn anew in every pass, while training; y = x in evaluation. The
/// context's ``Context/noiseScale`` multiplies the standard deviation.
public struct GaussianNoise: Layer {
  /// In the units of x; 0 for no noise.
  public let standardDeviation: Double
  /// - Parameter standardDeviation: in the units of x; 0 for no noise.
  public init(_ standardDeviation: Double) { self.standardDeviation = standardDeviation }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    let deviation = standardDeviation * context.noiseScale
    guard context.mode != .evaluation, deviation > 0 else { return x }
    return context.nextStream().addingNormal(to: x, deviation: deviation)
  }
}
