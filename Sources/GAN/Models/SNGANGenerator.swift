import NN
import Settings
import Torch

/// The standard CNN generator of SNGAN (Miyato et al. 2018, table 3): [N, latent] -> [N, channels, size, size].
///
/// A dense layer makes size/8 x size/8 pixels of 8 `width` channels of z; three 4 x 4 transposed convolutions of stride
/// 2 double the sides and halve the channels, each normalised and followed by ReLU; a 3 x 3 convolution and tanh make
/// the pixels. As published: width 64, latent 128, size 32 (CIFAR-10) or 48 (STL-10). Convolutions do not take a
/// dimension over seeds.
///
/// The table normalises nothing after the dense layer, and has no ReLU there. Biases of what is normalised are left
/// out; first weights are N(0, 0.02) as in the authors' code.
public struct SNGANGenerator: Generator {
  /// What each transposed convolution is normalised by.
  public typealias Normalization = DenseGenerator.Normalization

  /// With virtual batch norm: rows of noise that go through the network before those of every batch.
  public let reference: ReferenceBatch?
  /// Of a network that is told the classes.
  public let conditioning: ClassConditioning?
  /// [N, latent] -> [N, 8 width (size/8)^2]
  public let input: Linear
  /// The three transposed convolutions, in the order that the image passes them.
  public let hidden: [ConvTranspose2d]
  /// One for each of `hidden`; empty without normalisation.
  public let normalizations: [any Layer]
  /// 3 x 3, to [N, channels, size, size].
  public let output: Conv2d
  /// Of the pixels; tanh, for instance, keeps them in -1 ... 1.
  public let outputActivation: Activation
  private let width: Int
  private let side: Int
  private let misfit: Parameter?

  /// - Parameters:
  ///   - size: height and width of the images; a multiple of 8.
  ///   - latent: dimensions of z.
  ///   - width: channels before the last layer.
  ///   - normalization: with batch norm, and with the virtual one, transposed convolutions have no bias.
  ///   - classes: how many the network is told of, by the context's labels.
  ///   - reference: of noise; needed with virtual batch norm, and with nothing else. Where there are classes, its rows
  ///     are of each in turn.
  public init(
    size: Int, channels: Int, latent: Int = 128, width: Int = 64, normalization: Normalization = .batch,
    outputActivation: Activation = .tanh, classes: Int? = nil, reference: ReferenceBatch? = nil,
    weights: Initializer = .normal(standardDeviation: 0.02)
  ) {
    misfit =
      .unless(SNGANSizes.allows(size), SNGANSizes.reason(size))
      ?? .unless(
        (normalization == .virtualBatch) == (reference != nil),
        "has \(reference == nil ? "no" : "a") reference batch, which virtual batch norm needs and nothing else does")
    self.reference = reference
    self.width = width
    self.outputActivation = outputActivation
    // For a size that is none, the smallest: the module that has it is in no network.
    side = SNGANSizes.allows(size) ? size / 8 : 1
    conditioning = classes.map { ClassConditioning($0, latent: latent) }
    input = Linear(latent, 8 * width * side * side, weight: weights)
    hidden = [8, 4, 2].map { times in
      ConvTranspose2d(
        times * width, times / 2 * width, kernel: 4, stride: 2, padding: 1, weight: weights,
        bias: normalization == .none)
    }
    let widths = [4 * width, 2 * width, width]
    normalizations =
      switch normalization {
      case .none: []
      case .batch: widths.map { BatchNorm2d($0) }
      case .virtualBatch: widths.map { VirtualBatchNorm($0) }
      }
    output = Conv2d(width, channels, kernel: 3, padding: 1, weight: weights)
  }

  public func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    let (rows, context) = conditioning.input(z, reference, context)
    var h = input(rows).reshaped([-1, 8 * width, side, side])
    for (index, layer) in hidden.enumerated() {
      h = layer(h)
      h = relu(normalizations.isEmpty ? h : normalizations[index](h, context))
    }
    // The last layer normalises nothing: the reference need not go through it.
    return outputActivation(output(context.withoutReference(h)))
  }
}

/// The sizes of images that SNGAN's standard CNNs are for: their sides are halved, or doubled, three times.
enum SNGANSizes {
  static func allows(_ size: Int) -> Bool { size >= 8 && size % 8 == 0 }

  static func reason(_ size: Int) -> String { "has the size \(size), which is no multiple of 8" }

  /// Whether a network of this kind goes with such images.
  static func validate(_ check: SettingsCheck, for example: ExampleShape) throws(SettingsError) {
    let size = try check.squareSide(example, for: SNGANGenerator.Settings.kind)
    guard allows(size) else {
      try check.fail(
        "network",
        "\(SNGANGenerator.Settings.kind) is for images whose side is a multiple of 8; these have \(size) x \(size) "
          + "pixels")
    }
  }
}

extension SNGANGenerator {
  /// What a recipe says of it, as `generator.network: sngan`.
  public struct Settings: GeneratorSettings {
    public static let kind = "sngan"
    public static let keys: [SettingsKey] = [.width, .normalization(Normalization.self), .outputActivation]
    public static let layout = ExampleLayout.images
    public static let takesClasses = true

    /// Channels before the last layer.
    public var width: Int
    /// What each transposed convolution is normalised by.
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

    public var summary: String { "SNGAN, width \(width)" }

    public var looksAtBatch: Bool { normalization != .none }

    public var outputRange: ClosedRange<Double>? { outputActivation.range }

    public func withVirtualBatchNorm() -> Settings? {
      var settings = self
      settings.normalization = .virtualBatch
      return settings
    }

    public func validate(_ check: SettingsCheck) throws { try check.size("width", width, atMost: 100_000) }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      try SNGANSizes.validate(check, for: example)
    }

    public func make(_ task: GeneratorTask) -> any Generator {
      SNGANGenerator(
        size: task.example.dimensions[1], channels: task.example.dimensions[0], latent: task.latent, width: width,
        normalization: normalization, outputActivation: outputActivation, classes: task.classes,
        reference: normalization == .virtualBatch ? task.reference : nil)
    }
  }
}
