import NN
import Settings
import Torch

/// Transposed convolutions from noise to images: [N, latent] -> [N, channels, H, W].
///
/// A dense layer makes `widths[0]` channels of `side` x `side` pixels; every layer after it, 5 x 5 with stride 2,
/// doubles the sides, to side 2^widths.count in the end; with an output of stride 1 the last does not. Each layer but
/// the last is normalised, channel by channel, and followed by ReLU (Radford et al. 2016).
///
/// The generators of *Improved Techniques for Training GANs* are such:
/// ``published(channels:latent:widths:normalization:reference:)`` for CIFAR-10 and SVHN,
/// ``imageNet(channels:latent:width:normalization:reference:)``. Convolutions do not take a dimension over seeds.
public struct ConvGenerator: Generator {
  /// What each layer but the last is normalised by.
  public typealias Normalization = DenseGenerator.Normalization

  /// With virtual batch norm: rows of noise that go through the network before those of every batch.
  public let reference: ReferenceBatch?
  /// From z to the first image, [N, latent] -> [N, widths[0] side side].
  public let input: Linear
  /// The transposed convolutions but the last, in the order that the image passes them.
  public let hidden: [ConvTranspose2d]
  /// One for `input` and for each of `hidden`; empty without normalisation.
  public let normalizations: [any Layer]
  /// The last transposed convolution, to [N, channels, H, W]; with weight norm, where that was asked for.
  public let output: any Layer
  /// Of the pixels; tanh, for instance, keeps them in -1 ... 1.
  public let outputActivation: Activation
  private let firstShape: [Int]
  private let normalizesUnits: Bool
  private let misfit: Parameter?

  /// - Parameters:
  ///   - latent: dimensions of z.
  ///   - side: of the first image.
  ///   - widths: channels of the dense layer and of the transposed convolutions after it but the last; at least one.
  ///   - channels: of the images.
  ///   - normalizesWeights: whether the last layer is a `WeightNormConvTranspose2d`.
  ///   - normalizesUnits: as in the code released with *Improved Techniques for Training GANs*: the dense layer is
  ///     normalised unit by unit, not channel by channel, and batch norm has no gain and an epsilon of 1e-6.
  ///   - outputStride: of the last layer, 2 or 1.
  ///   - outputDeviation: with weight norm, the standard deviation of the last layer's output after
  ///     `Context/Mode/initialization`.
  ///   - reference: of noise; needed with virtual batch norm, and with nothing else.
  public init(
    latent: Int, side: Int = 4, widths: [Int] = [512, 256, 128], channels: Int, normalization: Normalization = .batch,
    outputActivation: Activation = .tanh, normalizesWeights: Bool = false, normalizesUnits: Bool = false,
    outputStride: Int = 2, outputDeviation: Double = 1, reference: ReferenceBatch? = nil,
    weights: Initializer = .normal(standardDeviation: 0.02)
  ) {
    let hasWidths = !widths.isEmpty
    let widths = hasWidths ? widths : [1]
    misfit =
      .unless(hasWidths, "has no widths, of which there must be one at least")
      ?? .unless(
        (normalization == .virtualBatch) == (reference != nil),
        "has \(reference == nil ? "no" : "a") reference batch, which virtual batch norm needs and nothing else does")
    self.reference = reference
    let bias = normalization == .none
    input = Linear(latent, widths[0] * side * side, weight: weights, bias: bias)
    hidden = zip(widths, widths.dropFirst()).map {
      ConvTranspose2d($0, $1, kernel: 5, stride: 2, padding: 2, outputPadding: 1, weight: weights, bias: bias)
    }
    normalizations =
      switch normalization {
      case .none: []
      case .batch where normalizesUnits:
        [BatchNorm(widths[0] * side * side, gain: false, epsilon: 1e-6)]
          + widths.dropFirst().map { BatchNorm2d($0, gain: false, epsilon: 1e-6) }
      case .batch: widths.map { BatchNorm2d($0) }
      case .virtualBatch:
        ([widths[0] * (normalizesUnits ? side * side : 1)] + widths.dropFirst()).map { VirtualBatchNorm($0) }
      }
    let last = widths.last!
    output =
      normalizesWeights
      ? WeightNormConvTranspose2d(
        last, channels, kernel: 5, stride: outputStride, padding: 2, outputPadding: outputStride - 1,
        direction: weights, initialDeviation: outputDeviation)
      : ConvTranspose2d(
        last, channels, kernel: 5, stride: outputStride, padding: 2, outputPadding: outputStride - 1, weight: weights)
    self.outputActivation = outputActivation
    firstShape = [widths[0], side, side]
    self.normalizesUnits = normalizesUnits
  }

  /// The generator published for CIFAR-10 and SVHN: 100 -> 512 at 4 x 4 -> 256 -> 128 -> 3 at 32 x 32, tanh; weight
  /// norm on the last layer, whose output first has a deviation of 0.1; weights N(0, 0.05).
  public static func published(
    channels: Int = 3, latent: Int = 100, widths: [Int] = [512, 256, 128], normalization: Normalization = .batch,
    reference: ReferenceBatch? = nil
  ) -> ConvGenerator {
    ConvGenerator(
      latent: latent, widths: widths, channels: channels, normalization: normalization, normalizesWeights: true,
      normalizesUnits: true, outputDeviation: 0.1, reference: reference, weights: .normal(standardDeviation: 0.05))
  }

  /// The generator published for ImageNet, of 128 x 128 pixels: 8 w at 4 x 4 -> 4 w -> 2 w -> w -> w -> w at 128 x 128
  /// with w = 64, then the image by a last layer of stride 1, tanh; virtual batch norm; weights N(0, 0.02). The
  /// released code also adds maps of noise at each size; here all noise is in z.
  public static func imageNet(
    channels: Int = 3, latent: Int = 8192, width: Int = 64, normalization: Normalization = .virtualBatch,
    reference: ReferenceBatch?
  ) -> ConvGenerator {
    ConvGenerator(
      latent: latent, widths: [8, 4, 2, 1, 1, 1].map { $0 * width }, channels: channels, normalization: normalization,
      outputStride: 1, reference: reference)
  }

  public func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    let (rows, context) = reference?.joined(to: z, context) ?? (z, context)
    let first = input(rows)
    var h =
      normalizesUnits
      ? rectified(first, 0, context).reshaped([-1] + firstShape)
      : rectified(first.reshaped([-1] + firstShape), 0, context)
    for (index, layer) in hidden.enumerated() { h = rectified(layer(h), index + 1, context) }
    // The last layer normalises nothing: the reference need not go through it.
    return outputActivation(output(context.withoutReference(h), context))
  }

  private func rectified(_ x: Tensor, _ index: Int, _ context: Context) -> Tensor {
    relu(normalizations.isEmpty ? x : normalizations[index](x, context))
  }
}

extension ConvGenerator {
  /// What a recipe says of it, as `generator.network: conv`. Without another word it is the one published for CIFAR-10.
  public struct Settings: GeneratorSettings {
    public static let kind = "conv"
    public static let keys: [SettingsKey] = [
      .widths,
      .normalization(Normalization.self),
      SettingsKey("normalizesUnits", "batch norm of the dense layer unit by unit, as in the released code"),
      .outputActivation,
      .outputWeightNorm,
      SettingsKey("outputStride", "of the last layer: 2 doubles the sides, 1 leaves them"),
      SettingsKey("weightDeviation", "standard deviation of the first weights"),
    ]
    public static let layout = ExampleLayout.images

    /// Channels of the dense layer and of the transposed convolutions but the last.
    public var widths: [Int]
    /// What each layer but the last is normalised by.
    public var normalization: Normalization
    /// As in the released code: units of the dense layer each by itself, no gain, epsilon 1e-6.
    public var normalizesUnits: Bool
    /// Of the output.
    public var outputActivation: Activation
    /// Whether the last layer has weight norm, and takes its first values from a batch of noise.
    public var outputWeightNorm: Bool
    /// Of the last layer: 2 doubles the sides, 1 leaves them.
    public var outputStride: Int
    /// Standard deviation of the first weights.
    public var weightDeviation: Double

    public init() { self.init(widths: [512, 256, 128]) }

    /// The defaults are those of the network published for CIFAR-10.
    ///
    /// - Parameter widths: channels of the dense layer and of the transposed convolutions but the last.
    public init(
      widths: [Int], normalization: Normalization = .batch, normalizesUnits: Bool = true,
      outputActivation: Activation = .tanh, outputWeightNorm: Bool = true, outputStride: Int = 2,
      weightDeviation: Double = 0.05
    ) {
      self.widths = widths
      self.normalization = normalization
      self.normalizesUnits = normalizesUnits
      self.outputActivation = outputActivation
      self.outputWeightNorm = outputWeightNorm
      self.outputStride = outputStride
      self.weightDeviation = weightDeviation
    }

    public var summary: String { "transposed convolutions, \(widths.map(String.init).joined(separator: ", "))" }

    public var looksAtBatch: Bool { normalization != .none }

    public var outputRange: ClosedRange<Double>? { outputActivation.range }

    public func withVirtualBatchNorm() -> Settings? {
      var settings = self
      settings.normalization = .virtualBatch
      return settings
    }

    /// How many times as long as the first image's the sides become.
    private var growth: Int { 1 << (widths.count - (outputStride == 1 ? 1 : 0)) }

    public func validate(_ check: SettingsCheck) throws {
      try check.widths("widths", widths)
      guard widths.count <= 16 else { try check.fail("widths", "must have 1 to 16 layers, has \(widths.count)") }
      guard outputStride == 1 || outputStride == 2 else {
        try check.fail("outputStride", "must be 1 or 2, is \(outputStride)")
      }
      try check.number("weightDeviation", weightDeviation, above: 0)
    }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      let size = try check.squareSide(example, for: Self.kind)
      guard size % growth == 0 else {
        try check.fail(
          "widths", "make sides of \(growth) times a whole number; these images have \(size) x \(size) pixels")
      }
    }

    // In the released code the data-dependent first values of both players are set at once.
    public var takesFirstValuesFromNoise: Bool { outputWeightNorm }

    public func make(_ task: GeneratorTask) -> any Generator {
      ConvGenerator(
        latent: task.latent, side: task.example.dimensions[1] / growth, widths: widths,
        channels: task.example.dimensions[0], normalization: normalization, outputActivation: outputActivation,
        normalizesWeights: outputWeightNorm, normalizesUnits: normalizesUnits, outputStride: outputStride,
        outputDeviation: 0.1, reference: normalization == .virtualBatch ? task.reference : nil,
        weights: .normal(standardDeviation: weightDeviation))
    }
  }
}
