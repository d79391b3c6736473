import NN
import Torch

/// The residual block of R3GAN (Huang et al. 2024), without normalisation: [N, C, H, W] -> the same.
///
/// y = x + W3 s(W2 s(W1 x + b1) + b2): 1 x 1 to more channels, 3 x 3 in groups, 1 x 1 back, with s leaky ReLU of slope
/// 0.2. The last begins at 0, so that the block begins as the identity; the others are N(0, a^2 / inputs) with a =
/// sqrt(2 / (1 + 0.2^2)) L^(-1/4) for a network of L blocks (Zhang et al. 2019, Fixup, of three layers): both together
/// make the branch smaller by the root of L.
public struct ResidualBottleneck: Layer {
  /// W1, 1 x 1, to `expansion` times as many channels.
  public let expand: Conv2d
  /// W2, 3 x 3 in groups, the channels as they are.
  public let grouped: Conv2d
  /// W3, 1 x 1, back to the block's channels; without bias.
  public let reduce: Conv2d
  private let misfit: Parameter?

  /// - Parameters:
  ///   - expansion: how many times as many channels there are between the 1 x 1 convolutions.
  ///   - groupWidth: channels of a group, which divides them.
  ///   - blocks: L, of the whole network.
  public init(_ channels: Int, expansion: Int, groupWidth: Int, blocks: Int) {
    let inner = channels * expansion
    misfit = .unless(
      groupWidth > 0 && inner.isMultiple(of: groupWidth),
      "has \(inner) channels inside, which groups of \(groupWidth) do not divide")
    let gain = (2 / (1 + 0.2 * 0.2)).squareRoot() / Double(blocks).squareRoot().squareRoot()
    func weights(_ inputs: Int) -> Initializer { .normal(standardDeviation: gain / Double(inputs).squareRoot()) }
    expand = Conv2d(channels, inner, kernel: 1, weight: weights(channels))
    grouped = Conv2d(
      inner, inner, kernel: 3, padding: 1, groups: inner / max(1, groupWidth), weight: weights(groupWidth * 3 * 3))
    reduce = Conv2d(inner, channels, kernel: 1, weight: .constant(0), bias: false)
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    x + reduce(leakyReLU(grouped(leakyReLU(expand(x)))))
  }
}
