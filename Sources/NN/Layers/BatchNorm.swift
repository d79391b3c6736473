import Torch

/// y = g (x - m) / sqrt(v + epsilon) + b with the mean m and the variance v (divided by N) of each feature over
/// the batch: [..., N, F] -> [..., N, F].
///
/// Ioffe and Szegedy 2015, with the batch's own statistics in every mode, as the published GAN experiments use it in
/// generators, unless the context has standing ones. Each group of the context is normalised by itself. Where several
/// processes share the batch, its moments are those of all rows.
public struct BatchNorm: Layer {
  /// g, [F]; without it g is 1.
  public let gain: Parameter?
  /// b, [F]
  public let bias: Parameter
  private let epsilon: Double

  /// - Parameters:
  ///   - gain: whether there is a gain; one is superfluous before a layer that can scale its input.
  ///   - gains: the distribution of its first values.
  public init(
    _ features: Int, gain: Bool = true, epsilon: Double = 1e-5, gains: Initializer = .constant(1)
  ) {
    self.gain = gain ? Parameter([features], gains) : nil
    bias = Parameter([features], .constant(0))
    self.epsilon = epsilon
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    if let standing = context.standing {
      let (mean, variance) = standing.take(bias, epsilon) {
        let mean = x.mean(-2)
        let centred = x - mean.unsqueezed(-2)
        return (mean, (centred * centred).mean(-2))
      }
      let scale = gain.map { $0.value / sqrt(variance + epsilon) } ?? (1 / sqrt(variance + epsilon))
      return (x - mean.unsqueezed(-2)) * scale.unsqueezed(-2) + bias.value.unsqueezed(-2)
    }
    if x.rank == 2, context.groups == 1, context.referenceCount == 0, context.whole.rows == nil {
      return batchNorm2d(x, gain: gain?.value, bias: bias.value, epsilon: epsilon)
    }
    let batches = context.grouped(x)
    let (mean, variance) = context.whole.moments(
      mean: batches.mean(-2, keep: true), variance: batches.variance(-2, keep: true))
    let scale = 1 / sqrt(variance + epsilon)
    let normalized = context.ungrouped((batches - mean) * scale)
    let scaled = gain.map { normalized * $0.value.unsqueezed(-2) } ?? normalized
    return scaled + bias.value.unsqueezed(-2)
  }
}
