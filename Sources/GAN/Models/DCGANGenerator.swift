import NN
import Settings
import Torch

/// The generator of DCGAN (Radford et al. 2016): [N, latent] -> [N, channels, size, size], as PyTorch's example has it.
///
/// A 4 x 4 transposed convolution makes 4 x 4 pixels of z, others of stride 2 double the sides to `size`. Each but the
/// last is normalised and followed by ReLU; the last by tanh. At size 64 and width 64 the channels are 512, 256, 128,
/// 64, 3; a side twice as long has a stage more, and no stage has more than 8 `width`. Convolutions do not take a
/// dimension over seeds.
public struct DCGANGenerator: Generator {
  /// What each layer but the last is normalised by.
  public typealias Normalization = DenseGenerator.Normalization

  /// With virtual batch norm: rows of noise that go through the network before those of every batch.
  public let reference: ReferenceBatch?
  /// Of a network that is told the classes.
  public let conditioning: ClassConditioning?
  /// The transposed convolutions but the last, in the order that the image passes them.
  public let hidden: [ConvTranspose2d]
  /// One for each of `hidden`; empty without normalisation.
  public let normalizations: [any Layer]
  /// The last transposed convolution, to [N, channels, size, size].
  public let output: ConvTranspose2d
  /// Of the pixels; tanh, for instance, keeps them in -1 ... 1.
  public let outputActivation: Activation
  private let latent: Int
  private let misfit: Parameter?

  /// Whether there is a network for pictures of `size` x `size` pixels: a power of two, at least 8.
  public static func allows(size: Int) -> Bool { DCGANSizes.allows(size) }

  /// - Parameters:
  ///   - size: height and width of the images; a power of two, at least 8.
  ///   - latent: dimensions of z.
  ///   - width: channels before the last layer.
  ///   - normalization: with batch norm, and with the virtual one, convolutions have no bias.
  ///   - classes: how many the network is told of, by the context's labels.
  ///   - reference: of noise; needed with virtual batch norm, and with nothing else. Where there are classes, its rows
  ///     are of each in turn.
  public init(
    size: Int, channels: Int, latent: Int = 100, width: Int = 64, normalization: Normalization = .batch,
    outputActivation: Activation = .tanh, classes: Int? = nil, reference: ReferenceBatch? = nil,
    weights: Initializer = .normal(standardDeviation: 0.02)
  ) {
    misfit =
      .unless(Self.allows(size: size), DCGANSizes.reason(size))
      ?? .unless(
        (normalization == .virtualBatch) == (reference != nil),
        "has \(reference == nil ? "no" : "a") reference batch, which virtual batch norm needs and nothing else does")
    self.reference = reference
    self.latent = latent
    self.outputActivation = outputActivation
    conditioning = classes.map { ClassConditioning($0, latent: latent) }
    let widths = DCGANSizes.widths(size, width)
    let bias = normalization == .none
    hidden =
      [ConvTranspose2d(latent, widths[0], kernel: 4, weight: weights, bias: bias)]
      + zip(widths, widths.dropFirst()).map {
        ConvTranspose2d($0, $1, kernel: 4, stride: 2, padding: 1, weight: weights, bias: bias)
      }
    normalizations =
      switch normalization {
      case .none: []
      case .batch: widths.map { BatchNorm2d($0, gains: .normal(mean: 1, standardDeviation: 0.02)) }
      case .virtualBatch: widths.map { VirtualBatchNorm($0) }
      }
    output = ConvTranspose2d(
      widths.last!, channels, kernel: 4, stride: 2, padding: 1, weight: weights, bias: bias)
  }

  public func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    let (rows, context) = conditioning.input(z, reference, context)
    var h = rows.reshaped([-1, latent, 1, 1])
    for (index, layer) in hidden.enumerated() {
      h = layer(h)
      h = relu(normalizations.isEmpty ? h : normalizations[index](h, context))
    }
    // The last layer normalises nothing: the reference need not go through it.
    return outputActivation(output(context.withoutReference(h)))
  }
}

extension DCGANGenerator {
  /// What a recipe says of it, as `generator.network: dcgan`.
  public struct Settings: GeneratorSettings {
    public static let kind = "dcgan"
    public static let keys: [SettingsKey] = [.width, .normalization(Normalization.self), .outputActivation]
    public static let layout = ExampleLayout.images
    public static let takesClasses = true

    /// Channels before the last layer.
    public var width: Int
    /// What each layer but the last is normalised by.
    public var normalization: Normalization
    /// Of the output.
    public var outputActivation: Activation

    public init() { self.init(width: 64) }

    /// - Parameter width: channels before the last layer.
    public init(width: Int, normalization: Normalization = .batch, outputActivation: Activation = .tanh) {
      self.width = width
      self.normalization = normalization
      self.outputActivation = outputActivation
    }

    public var summary: String { "DCGAN, width \(width)" }

    public var looksAtBatch: Bool { normalization != .none }

    public var outputRange: ClosedRange<Double>? { outputActivation.range }

    public func withVirtualBatchNorm() -> Settings? {
      var settings = self
      settings.normalization = .virtualBatch
      return settings
    }

    public func validate(_ check: SettingsCheck) throws { try check.size("width", width, atMost: 100_000) }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      _ = try check.powerOfTwo(example, from: 8, for: Self.kind)
    }

    public func make(_ task: GeneratorTask) -> any Generator {
      DCGANGenerator(
        size: task.example.dimensions[1], channels: task.example.dimensions[0], latent: task.latent, width: width,
        normalization: normalization, outputActivation: outputActivation, classes: task.classes,
        reference: normalization == .virtualBatch ? task.reference : nil)
    }
  }
}
