import NN
import Settings
import Torch

/// The standard CNN discriminator of SNGAN (Miyato et al. 2018, table 3): [N, channels, size, size] -> logits
/// [N, outputs].
///
/// Seven convolutions, 3 x 3 of stride 1 and 4 x 4 of stride 2 in turn, with `width` 1, 1, 2, 2, 4, 4 and 8 channels,
/// each followed by leaky ReLU of slope 0.1; a dense layer makes the logits. f(x) are its inputs,
/// [N, 8 width (size/8)^2] in the order of [C, H, W]. As published: width 64, every layer's weights under spectral
/// normalisation. Convolutions do not take a dimension over seeds.
public struct SNGANDiscriminator: Discriminator {
  /// What layers are normalised by.
  public enum Normalization: String, Codable, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// Spectral normalisation of every layer's weights.
    case spectral
  }

  /// The seven convolutions, in the order that the image passes them.
  public let layers: [any Layer]
  /// After f(x).
  public let minibatch: MinibatchDiscrimination?
  /// From f(x), and the minibatch features where there are any, to the logits.
  public let output: any Layer
  /// Of a network that is told the classes.
  public let projection: ProjectionHead?
  private let misfit: Parameter?

  /// - Parameters:
  ///   - size: height and width of the images; a multiple of 8.
  ///   - outputs: logits of an example.
  ///   - width: channels after the first layer.
  ///   - classes: how many the network is told of, by the context's labels, and judges each example as one of
  ///     (`ProjectionHead`). It then has one output.
  ///   - minibatch: makes the minibatch layer for the given number of features.
  public init(
    size: Int, channels: Int, outputs: Int = 1, width: Int = 64, normalization: Normalization = .spectral,
    classes: Int? = nil, minibatch: ((_ features: Int) -> MinibatchDiscrimination)? = nil,
    weights: Initializer = .normal(standardDeviation: 0.02)
  ) {
    misfit =
      .unless(SNGANSizes.allows(size), SNGANSizes.reason(size))
      ?? .unless(
        classes == nil || outputs == 1,
        "has \(outputs) outputs, and is told the classes: it judges an example as one of them, by one output")
    let isSpectral = normalization == .spectral
    let widths = [1, 1, 2, 2, 4, 4, 8].map { $0 * width }
    layers = zip([channels] + widths, widths).enumerated().map { index, pair -> any Layer in
      let (kernel, stride) = index % 2 == 0 ? (3, 1) : (4, 2)
      return isSpectral
        ? SpectralNormConv2d(pair.0, pair.1, kernel: kernel, stride: stride, padding: 1, weight: weights)
        : Conv2d(pair.0, pair.1, kernel: kernel, stride: stride, padding: 1, weight: weights)
    }
    let side = SNGANSizes.allows(size) ? size / 8 : 1
    let features = 8 * width * side * side
    self.minibatch = minibatch?(features)
    let inputs = features + (self.minibatch?.kernels ?? 0)
    output =
      isSpectral ? SpectralNormLinear(inputs, outputs, weight: weights) : Linear(inputs, outputs, weight: weights)
    projection = classes.map { ProjectionHead($0, features: features, weight: weights, isSpectral: isSpectral) }
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
    let h = layers.reduce(x) { h, layer in leakyReLU(layer(h, context), slope: 0.1) }
    return judged(
      h.reshaped([-1, h.size(1) * h.size(2) * h.size(3)]), minibatch, output, context, projection: projection)
  }
}

extension SNGANDiscriminator {
  /// What a recipe says of it, as `discriminator.network: sngan`.
  public struct Settings: DiscriminatorSettings {
    public static let kind = "sngan"
    public static let keys: [SettingsKey] = [.width, .normalization(Normalization.self)]
    public static let layout = ExampleLayout.images
    public static let takesClasses = true

    /// Channels after the first layer.
    public var width: Int
    /// What layers are normalised by.
    public var normalization: Normalization

    public init() { self.init(width: 64) }

    /// - Parameter width: channels after the first layer.
    public init(width: Int, normalization: Normalization = .spectral) {
      self.width = width
      self.normalization = normalization
    }

    public var summary: String { "SNGAN, width \(width)" }

    public func validate(_ check: SettingsCheck) throws { try check.size("width", width, atMost: 100_000) }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      try SNGANSizes.validate(check, for: example)
    }

    public func make(_ task: DiscriminatorTask) -> any Discriminator {
      SNGANDiscriminator(
        size: task.example.dimensions[1], channels: task.example.dimensions[0], outputs: task.outputs, width: width,
        normalization: normalization, classes: task.classes, minibatch: task.minibatch)
    }
  }
}
