import Torch

/// ``BatchNorm`` of images: y = g (x - m) / sqrt(v + epsilon) + b with the mean m and the variance v of each channel
/// over examples and pixels, [N, C, H, W]; the batch's own statistics in every mode, each group of the context by
/// itself, unless the context has standing ones.
public struct BatchNorm2d: Layer {
  /// g, [C]; without it g is 1.
  public let gain: Parameter?
  /// b, [C]
  public let bias: Parameter
  private let epsilon: Double

  /// - Parameters:
  ///   - gain: whether there is a gain; one is superfluous before a layer that can scale its input.
  ///   - gains: the distribution of its first values.
  public init(
    _ channels: Int, gain: Bool = true, epsilon: Double = 1e-5, gains: Initializer = .constant(1)
  ) {
    self.gain = gain ? Parameter([channels], gains) : nil
    bias = Parameter([channels], .constant(0))
    self.epsilon = epsilon
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    guard context.referenceCount == 0 else {
      return .failed("BatchNorm2d of \(x.shape): the first \(context.referenceCount) rows are a reference batch")
    }
    if let standing = context.standing {
      func perChannel(_ values: Tensor) -> Tensor { values.reshaped([1, -1, 1, 1]) }
      let (mean, variance) = standing.take(bias, epsilon) {
        let mean = x.mean(-1).mean(-1).mean(0)
        let centred = x - perChannel(mean)
        return (mean, (centred * centred).mean(-1).mean(-1).mean(0))
      }
      let scale = gain.map { $0.value / sqrt(variance + epsilon) } ?? (1 / sqrt(variance + epsilon))
      return (x - perChannel(mean)) * perChannel(scale) + perChannel(bias.value)
    }
    let groups = context.groups == 1 ? [x] : x.split(0, parts: context.groups)
    let normalized = groups.map { x in
      context.whole.rows == nil
        ? batchNorm2d(x, gain: gain?.value, bias: bias.value, epsilon: epsilon) : shared(x, context.whole)
    }
    return normalized.count == 1 ? normalized[0] : concatenated(normalized, 0)
  }

  /// Of this process's part of a batch, by the moments of all of it.
  private func shared(_ x: Tensor, _ whole: WholeBatch) -> Tensor {
    let (mean, variance) = whole.moments(mean: x.mean(0, 2, 3, keep: true), variance: x.variance(0, 2, 3, keep: true))
    // Few numbers first: pictures are gone through twice.
    let scale = 1 / sqrt(variance + epsilon)
    let slope = gain.map { scale * $0.value.reshaped([1, -1, 1, 1]) } ?? scale
    return x * slope + (bias.value.reshaped([1, -1, 1, 1]) - mean * slope)
  }
}
