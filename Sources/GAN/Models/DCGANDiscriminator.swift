import NN
import Settings
import Torch

/// The discriminator of DCGAN (Radford et al. 2016): [N, channels, size, size] -> logits [N, outputs], as PyTorch's
/// example has it.
///
/// 4 x 4 convolutions of stride 2 halve the sides down to 4, each followed by leaky ReLU of slope 0.2, and each but the
/// first normalised; a 4 x 4 convolution that sees all that is left, and so is a dense layer, makes the logits. f(x)
/// are its inputs, [N, C 4 4] in the order of [C, 4, 4]. At size 64 and width 64 the channels are 64, 128, 256, 512; no
/// stage has more than 8 `width`. Convolutions do not take a dimension over seeds.
public struct DCGANDiscriminator: Discriminator {
  /// What layers are normalised by.
  public enum Normalization: String, Codable, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// Batch norm after each convolution but the first, with the batch's own statistics in every mode.
    case batch
    /// Spectral normalisation of every layer's weights (Miyato et al. 2018).
    case spectral
  }

  /// The convolutions that halve the sides, in the order that the image passes them.
  public let layers: [any Layer]
  /// With batch norm, one for each of `layers` but the first; else empty.
  public let normalizations: [BatchNorm2d]
  /// After f(x).
  public let minibatch: MinibatchDiscrimination?
  /// From f(x), and the minibatch features where there are any, to the logits.
  public let output: any Layer
  /// Of a network that is told the classes.
  public let projection: ProjectionHead?
  private let misfit: Parameter?

  /// Whether there is a network for pictures of `size` x `size` pixels: a power of two, at least 8.
  public static func allows(size: Int) -> Bool { DCGANSizes.allows(size) }

  /// - Parameters:
  ///   - size: height and width of the images; a power of two, at least 8.
  ///   - outputs: logits of an example.
  ///   - width: channels after the first layer.
  ///   - normalization: with batch norm the layers have no bias.
  ///   - classes: how many the network is told of, by the context's labels, and judges each example as one of
  ///     (`ProjectionHead`). It then has one output.
  ///   - minibatch: makes the minibatch layer for the given number of features.
  public init(
    size: Int, channels: Int, outputs: Int = 1, width: Int = 64, normalization: Normalization = .batch,
    classes: Int? = nil, minibatch: ((_ features: Int) -> MinibatchDiscrimination)? = nil,
    weights: Initializer = .normal(standardDeviation: 0.02)
  ) {
    misfit =
      .unless(Self.allows(size: size), DCGANSizes.reason(size))
      ?? .unless(
        classes == nil || outputs == 1,
        "has \(outputs) outputs, and is told the classes: it judges an example as one of them, by one output")
    let widths = Array(DCGANSizes.widths(size, width).reversed())
    layers = zip([channels] + widths, widths).map { inputs, outputs -> any Layer in
      normalization == .spectral
        ? SpectralNormConv2d(inputs, outputs, kernel: 4, stride: 2, padding: 1, weight: weights)
        : Conv2d(
          inputs, outputs, kernel: 4, stride: 2, padding: 1, weight: weights, bias: normalization == .none)
    }
    normalizations =
      normalization == .batch
      ? widths.dropFirst().map { BatchNorm2d($0, gains: .normal(mean: 1, standardDeviation: 0.02)) } : []
    let features = widths.last! * 4 * 4
    self.minibatch = minibatch?(features)
    let inputs = features + (self.minibatch?.kernels ?? 0)
    output =
      normalization == .spectral
      ? SpectralNormLinear(inputs, outputs, weight: weights)
      : Linear(inputs, outputs, weight: weights, bias: normalization == .none)
    projection = classes.map {
      ProjectionHead($0, features: features, weight: weights, isSpectral: normalization == .spectral)
    }
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
    var h = x
    for (index, layer) in layers.enumerated() {
      h = layer(h, context)
      if !normalizations.isEmpty, index > 0 { h = normalizations[index - 1](h, context) }
      h = leakyReLU(h)
    }
    let features = h.reshaped([-1, h.size(1) * h.size(2) * h.size(3)])
    return judged(features, minibatch, output, context, projection: projection)
  }
}

extension DCGANDiscriminator {
  /// What a recipe says of it, as `discriminator.network: dcgan`.
  public struct Settings: DiscriminatorSettings {
    public static let kind = "dcgan"
    public static let keys: [SettingsKey] = [.width, .normalization(Normalization.self)]
    public static let layout = ExampleLayout.images
    public static let takesClasses = true

    /// Channels after the first layer.
    public var width: Int
    /// What layers are normalised by.
    public var normalization: Normalization

    public init() { self.init(width: 64) }

    /// - Parameter width: channels after the first layer.
    public init(width: Int, normalization: Normalization = .batch) {
      self.width = width
      self.normalization = normalization
    }

    public var looksAtBatch: Bool { normalization == .batch }
    public var summary: String { "DCGAN, width \(width)" }

    public func validate(_ check: SettingsCheck) throws { try check.size("width", width, atMost: 100_000) }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      _ = try check.powerOfTwo(example, from: 8, for: Self.kind)
    }

    public func make(_ task: DiscriminatorTask) -> any Discriminator {
      DCGANDiscriminator(
        size: task.example.dimensions[1], channels: task.example.dimensions[0], outputs: task.outputs, width: width,
        normalization: normalization, classes: task.classes, minibatch: task.minibatch)
    }
  }
}
