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
    /// Virtual batch norm before the nonlinearity.
    case virtualBatch = "virtual-batch"
  }

  /// With virtual batch norm: rows of noise that go through the network before those of every batch.
  public let reference: ReferenceBatch?
  public let hidden: [Linear]
  public let normalizations: [any Layer]
  public let output: any Layer
  public let activation: Activation
  public let outputActivation: Activation
  public let scale: Double

  /// - Parameters:
  ///   - latent: dimensions of z.
  ///   - hidden: widths of the hidden layers.
  ///   - normalizesWeights: whether the last layer is a `WeightNormLinear`.
  ///   - scale: what the output is multiplied by.
  ///   - reference: of noise; needed with virtual batch norm, and with nothing else.
  public init(
    latent: Int, hidden widths: [Int], outputs: Int, activation: Activation, outputActivation: Activation,
    normalization: Normalization = .none, normalizesWeights: Bool = false, scale: Double = 1,
    weights: Initializer = .glorotUniform, reference: ReferenceBatch? = nil
  ) {
    precondition((normalization == .virtualBatch) == (reference != nil), "virtual batch norm needs a reference batch")
    self.reference = reference
    let sizes = [latent] + widths
    hidden = zip(sizes, sizes.dropFirst()).map {
      Linear($0, $1, weight: weights, bias: normalization == .none)
    }
    normalizations =
      switch normalization {
      case .none: []
      case .batch: widths.map { BatchNorm($0, gain: false, epsilon: 1e-6) }
      case .virtualBatch: widths.map { VirtualBatchNorm($0) }
      }
    output =
      normalizesWeights
      ? WeightNormLinear(sizes.last!, outputs, direction: weights) : Linear(sizes.last!, outputs, weight: weights)
    self.activation = activation
    self.outputActivation = outputActivation
    self.scale = scale
  }

  public func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    if normalizations.isEmpty, let output = output as? Linear {
      return scaled(
        denseChainOutput(z, hidden + [output], hidden.map { _ in activation } + [outputActivation]))
    }
    var (h, context) = reference?.joined(to: z, context) ?? (z, context)
    for (index, layer) in hidden.enumerated() {
      h = layer(h)
      if !normalizations.isEmpty { h = normalizations[index](h, context) }
      h = activation(h)
    }
    return scaled(outputActivation(output(context.withoutReference(h), context)))
  }

  private func scaled(_ x: Tensor) -> Tensor { scale == 1 ? x : x * scale }
}
