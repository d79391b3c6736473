import Torch

/// A dense layer whose weights have a length of their own, g, apart from their direction v:
/// y = x W^T + b with W = g v / sqrt(|v|^2 + 1e-6) for each output: [..., N, in] -> [..., N, out].
///
/// Salimans and Kingma, *Weight Normalization*, 2016. In the mode ``Context/Mode/initialization`` the layer sets g and
/// b from the batch so that every output has mean 0 and standard deviation 1 over it: b := -m / s, g := g / s, where m
/// and s are those of the outputs before the bias, s^2 with 1e-6 added; both times `initialDeviation`, where another
/// one is wanted.
public struct WeightNormLinear: Layer {
  /// v, [out, in]
  public let direction: Parameter
  /// g, [out]
  public let gain: Parameter
  /// b, [out]
  public let bias: Parameter

  private let initialDeviation: Double

  private static let epsilon = 1e-6

  /// - Parameters:
  ///   - trainsGain: whether the optimiser changes g, or only the initialisation does.
  ///   - initialDeviation: the standard deviation of every output over the batch after the initialisation.
  public init(
    _ inputs: Int, _ outputs: Int, direction: Initializer = .normal(standardDeviation: 0.1), trainsGain: Bool = true,
    initialDeviation: Double = 1
  ) {
    self.direction = Parameter([outputs, inputs], direction)
    gain = Parameter([outputs], .constant(1), role: trainsGain ? .trained : .fixed)
    bias = Parameter([outputs], .constant(0))
    self.initialDeviation = initialDeviation
  }

  /// W, [out, in]
  public var weight: Tensor {
    let v = direction.value
    return v * (gain.value / sqrt(square(v).sum(-1) + Self.epsilon)).unsqueezed(-1)
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    if context.mode == .initialization, let failed = withoutGradient({ initialize(x) }) { return failed }
    return weightNormLinear(
      x, direction: direction.value, gain: gain.value, bias: bias.value, epsilon: Self.epsilon)
  }

  /// - Returns: what failed, where something did.
  private func initialize(_ x: Tensor) -> Tensor? {
    let y = linear(x, weight: weight)
    let scale = initialDeviation / sqrt(y.variance(-2) + Self.epsilon)
    return [bias.value.assigned(-y.mean(-2) * scale), gain.value.assigned(gain.value * scale)].first(
      where: \.isPoisoned)
  }
}
