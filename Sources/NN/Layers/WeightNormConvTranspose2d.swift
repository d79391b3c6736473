import Torch

/// ``ConvTranspose2d`` with the weights of ``WeightNormLinear``: W = g v / sqrt(|v|^2 + 1e-6) for each output channel,
/// |v| over inputs and window. In the mode ``Context/Mode/initialization`` g and b are set from the batch in the same
/// way, the mean and the standard deviation of an output channel being those over examples and pixels.
public struct WeightNormConvTranspose2d: Layer {
  /// v, [in, out, kernel, kernel]
  public let direction: Parameter
  /// g, [out]
  public let gain: Parameter
  /// b, [out]
  public let bias: Parameter
  /// Pixels of the output from where one pixel of the input goes to where the next one goes.
  public let stride: Int
  /// Rows and columns that are cut from each side of the output.
  public let padding: Int
  /// Rows and columns more at the bottom and on the right.
  public let outputPadding: Int

  private let initialDeviation: Double

  private static let epsilon = 1e-6

  /// - Parameters:
  ///   - trainsGain: whether the optimiser changes g, or only the initialisation does.
  ///   - initialDeviation: the standard deviation of every output over the batch after the initialisation.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
    direction: Initializer = .normal(standardDeviation: 0.1), trainsGain: Bool = true, initialDeviation: Double = 1
  ) {
    self.direction = Parameter([inputs, outputs, kernel, kernel], direction)
    gain = Parameter([outputs], .constant(1), role: trainsGain ? .trained : .fixed)
    bias = Parameter([outputs], .constant(0))
    self.initialDeviation = initialDeviation
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
  }

  /// W, [in, out, kernel, kernel]
  public var weight: Tensor {
    let v = direction.value
    return v * (gain.value / sqrt(square(v).sum(0, 2, 3) + Self.epsilon)).reshaped([-1, 1, 1])
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    if context.mode == .initialization, let failed = withoutGradient({ initialize(x) }) { return failed }
    return transposed(x, bias: bias.value)
  }

  private func transposed(_ x: Tensor, bias: Tensor?) -> Tensor {
    convTranspose2d(x, weight: weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding)
  }

  /// - Returns: what failed, where something did.
  private func initialize(_ x: Tensor) -> Tensor? {
    let y = transposed(x, bias: nil)
    let scale = initialDeviation / sqrt(y.variance(0, 2, 3) + Self.epsilon)
    return [bias.value.assigned(-y.mean(0, 2, 3) * scale), gain.value.assigned(gain.value * scale)].first(
      where: \.isPoisoned)
  }
}
