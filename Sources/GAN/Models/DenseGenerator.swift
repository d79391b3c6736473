import NN
import Torch

/// Dense layers from noise to a vector: [..., N, latent] -> [..., N, outputs].
///
/// The published MNIST generator is one: 100 -> 500 -> 500 -> 784, softplus, batch norm without gain before each nonlinearity,
/// weight norm on the last layer, sigmoid.
public struct DenseGenerator: Generator {
  public enum Normalization: String, Codable, Sendable, CaseIterable {
    case none
    /// Batch norm without gain before the nonlinearity, epsilon 1e-6.
    case batch
  }

  public let hidden: [Linear]
  public let normalizations: [BatchNorm]
  public let output: any Layer
  public let activation: Activation
  public let outputActivation: Activation
  public let scale: Double

  /// - Parameters:
  ///   - latent: dimensions of z.
  ///   - hidden: widths of the hidden layers.
  ///   - normalizesWeights: whether the last layer is a `WeightNormLinear`.
  ///   - scale: what the output is multiplied by.
  public init(
    latent: Int, hidden widths: [Int], outputs: Int, activation: Activation, outputActivation: Activation,
    normalization: Normalization = .none, normalizesWeights: Bool = false, scale: Double = 1,
    weights: Initializer = .glorotUniform
  ) {
    let sizes = [latent] + widths
    hidden = zip(sizes, sizes.dropFirst()).map {
      Linear($0, $1, weight: weights, bias: normalization == .none)
    }
    normalizations = normalization == .batch ? widths.map { BatchNorm($0, gain: false, epsilon: 1e-6) } : []
    output =
      normalizesWeights
      ? WeightNormLinear(sizes.last!, outputs, direction: weights) : Linear(sizes.last!, outputs, weight: weights)
    self.activation = activation
    self.outputActivation = outputActivation
    self.scale = scale
  }

  public func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    var h = z
    for (index, layer) in hidden.enumerated() {
      h = layer(h)
      if !normalizations.isEmpty { h = normalizations[index](h, context) }
      h = activation(h)
    }
    let x = outputActivation(output(h, context))
    return scale == 1 ? x : x * scale
  }
}
