import NN
import Torch

/// Transposed convolutions from noise to images: [N, latent] -> [N, channels, H, W].
///
/// A dense layer makes `widths[0]` channels of `side` x `side` pixels; every layer after it, 5 x 5 with stride 2, doubles the
/// sides, to side 2^widths.count in the end. Each layer but the last is normalised, channel by channel, and
/// followed by ReLU (Radford et al. 2016).
///
/// The published CIFAR-10 generator is one: 100 -> 512 at 4 x 4 -> 256 -> 128 -> 3 at 32 x 32, tanh, weight norm on the last
/// layer. Convolutions do not take a dimension over seeds.
public struct ConvGenerator: Generator {
  public typealias Normalization = DenseGenerator.Normalization

  /// With virtual batch norm: rows of noise that go through the network before those of every batch.
  public let reference: ReferenceBatch?
  public let input: Linear
  public let hidden: [ConvTranspose2d]
  /// One for `input` and for each of `hidden`; empty without normalisation.
  public let normalizations: [any Layer]
  public let output: any Layer
  public let outputActivation: Activation
  private let firstShape: [Int]

  /// - Parameters:
  ///   - latent: dimensions of z.
  ///   - side: of the first image.
  ///   - widths: channels of the dense layer and of the transposed convolutions after it but the last; at least one.
  ///   - channels: of the images.
  ///   - normalizesWeights: whether the last layer is a `WeightNormConvTranspose2d`.
  ///   - reference: of noise; needed with virtual batch norm, and with nothing else.
  public init(
    latent: Int, side: Int = 4, widths: [Int] = [512, 256, 128], channels: Int, normalization: Normalization = .batch,
    outputActivation: Activation = .tanh, normalizesWeights: Bool = false, reference: ReferenceBatch? = nil,
    weights: Initializer = .normal(standardDeviation: 0.02)
  ) {
    precondition((normalization == .virtualBatch) == (reference != nil), "virtual batch norm needs a reference batch")
    self.reference = reference
    let bias = normalization == .none
    input = Linear(latent, widths[0] * side * side, weight: weights, bias: bias)
    hidden = zip(widths, widths.dropFirst()).map {
      ConvTranspose2d($0, $1, kernel: 5, stride: 2, padding: 2, outputPadding: 1, weight: weights, bias: bias)
    }
    normalizations =
      switch normalization {
      case .none: []
      case .batch: widths.map { BatchNorm2d($0) }
      case .virtualBatch: widths.map { VirtualBatchNorm($0) }
      }
    let last = widths.last!
    output =
      normalizesWeights
      ? WeightNormConvTranspose2d(
        last, channels, kernel: 5, stride: 2, padding: 2, outputPadding: 1, direction: weights)
      : ConvTranspose2d(last, channels, kernel: 5, stride: 2, padding: 2, outputPadding: 1, weight: weights)
    self.outputActivation = outputActivation
    firstShape = [widths[0], side, side]
  }

  public func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    let (rows, context) = reference?.joined(to: z, context) ?? (z, context)
    var h = rectified(input(rows).reshaped([-1] + firstShape), 0, context)
    for (index, layer) in hidden.enumerated() { h = rectified(layer(h), index + 1, context) }
    // The last layer normalises nothing: the reference need not go through it.
    return outputActivation(output(context.withoutReference(h), context))
  }

  private func rectified(_ x: Tensor, _ index: Int, _ context: Context) -> Tensor {
    relu(normalizations.isEmpty ? x : normalizations[index](x, context))
  }
}
