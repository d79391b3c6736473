import Torch

/// ``Conv2d`` with the weights of ``WeightNormLinear``: W = g v / sqrt(|v|^2 + 1e-6) for each output channel, |v| over
/// inputs and window. In the mode ``Context/Mode/initialization`` g and b are set from the batch in the same way, the
/// mean and the standard deviation of an output channel being those over examples and pixels.
public struct WeightNormConv2d: Layer {
  /// v, [out, in, kernel, kernel]
  public let direction: Parameter
  /// g, [out]
  public let gain: Parameter
  /// b, [out]
  public let bias: Parameter
  /// Pixels from one place of the kernel to the next, down and to the right.
  public let stride: Int
  /// Rows and columns of zeros on each side.
  public let padding: Int
  /// Of the leaky ReLU of the outputs; nil for none.
  public let leakySlope: Double?
  private let initialDeviation: Double

  private static let epsilon = 1e-6

  /// - Parameters:
  ///   - trainsGain: whether the optimiser changes g, or only the initialisation does.
  ///   - initialDeviation: the standard deviation of every output over the batch after the initialisation, before the
  ///     leaky ReLU.
  ///   - leakySlope: of a leaky ReLU of the outputs, made in the same pass; nil for none.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    direction: Initializer = .normal(standardDeviation: 0.1), trainsGain: Bool = true, initialDeviation: Double = 1,
    leakySlope: Double? = nil
  ) {
    self.direction = Parameter([outputs, inputs, kernel, kernel], direction)
    gain = Parameter([outputs], .constant(1), role: trainsGain ? .trained : .fixed)
    bias = Parameter([outputs], .constant(0))
    self.initialDeviation = initialDeviation
    self.stride = stride
    self.padding = padding
    self.leakySlope = leakySlope
  }

  /// W, [out, in, kernel, kernel]
  public var weight: Tensor {
    let v = direction.value
    return v * (gain.value / sqrt(square(v).sum(1, 2, 3) + Self.epsilon)).reshaped([-1, 1, 1, 1])
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    if context.mode == .initialization, let failed = withoutGradient({ initialize(x) }) { return failed }
    return conv2d(
      x, weight: weight, bias: bias.value, stride: stride, padding: padding, leakySlope: leakySlope)
  }

  /// - Returns: what failed, where something did.
  private func initialize(_ x: Tensor) -> Tensor? {
    let y = conv2d(x, weight: weight, stride: stride, padding: padding)
    let scale = initialDeviation / sqrt(y.variance(0, 2, 3) + Self.epsilon)
    return [bias.value.assigned(-y.mean(0, 2, 3) * scale), gain.value.assigned(gain.value * scale)].first(
      where: \.isPoisoned)
  }
}
