import NN
import Settings
import Torch

/// Dense layers from noise to a vector: [..., N, latent] -> [..., N, outputs].
///
/// The published MNIST generator is one: 100 -> 500 -> 500 -> 784, softplus, batch norm without gain before each
/// nonlinearity, weight norm on the last layer, sigmoid.
public struct DenseGenerator: Generator {
  /// What each hidden layer is normalised by.
  public enum Normalization: String, Codable, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// Batch norm without gain before the nonlinearity, epsilon 1e-6.
    case batch
    /// Virtual batch norm before the nonlinearity.
    case virtualBatch = "virtual-batch"
  }

  /// With virtual batch norm: rows of noise that go through the network before those of every batch.
  public let reference: ReferenceBatch?
  /// In the order that the noise passes them; without bias where they are normalised.
  public let hidden: [Linear]
  /// One for each of `hidden`; empty without normalisation.
  public let normalizations: [any Layer]
  /// From the last hidden layer to the vector; with weight norm, where that was asked for.
  public let output: any Layer
  /// Of the hidden layers.
  public let activation: Activation
  /// Of the output, before ``scale``.
  public let outputActivation: Activation
  /// What the output is multiplied by.
  public let scale: Double
  private let misfit: Parameter?

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
    misfit = .unless(
      (normalization == .virtualBatch) == (reference != nil),
      "has \(reference == nil ? "no" : "a") reference batch, which virtual batch norm needs and nothing else does")
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

extension DenseGenerator {
  /// What a recipe says of it, as `generator.network: dense`.
  public struct Settings: GeneratorSettings {
    public static let kind = "dense"
    public static let keys: [SettingsKey] = [
      .hidden,
      .activation,
      .normalization(Normalization.self),
      .outputActivation,
      .outputWeightNorm,
      SettingsKey("outputScale", "what the output is multiplied by"),
    ]
    public static let layout = ExampleLayout.rows

    /// Widths of the hidden layers.
    public var hidden: [Int]
    /// Of the hidden layers.
    public var activation: Activation
    /// What each hidden layer is normalised by.
    public var normalization: Normalization
    /// Of the output.
    public var outputActivation: Activation
    /// Whether the last layer has weight norm, and takes its first values from a batch of noise.
    public var outputWeightNorm: Bool
    /// What the output is multiplied by.
    public var outputScale: Double

    public init() { self.init(hidden: [128, 128]) }

    /// - Parameters:
    ///   - hidden: widths of the hidden layers.
    ///   - outputScale: what the output is multiplied by.
    public init(
      hidden: [Int], activation: Activation = .relu, normalization: Normalization = .none,
      outputActivation: Activation = .identity, outputWeightNorm: Bool = false, outputScale: Double = 1
    ) {
      self.hidden = hidden
      self.activation = activation
      self.normalization = normalization
      self.outputActivation = outputActivation
      self.outputWeightNorm = outputWeightNorm
      self.outputScale = outputScale
    }

    public var summary: String { "dense, \(hidden.map(String.init).joined(separator: ", "))" }

    public var looksAtBatch: Bool { normalization != .none }

    public var outputRange: ClosedRange<Double>? {
      switch outputActivation {
      case .sigmoid: 0...outputScale
      case .tanh: -outputScale...outputScale
      case .relu, .softplus: 0 ... .infinity
      case .identity, .leakyReLU: nil
      }
    }

    public func withVirtualBatchNorm() -> Settings? {
      var settings = self
      settings.normalization = .virtualBatch
      return settings
    }

    public func validate(_ check: SettingsCheck) throws {
      try check.widths("hidden", hidden)
      try check.number("outputScale", outputScale, above: 0)
    }

    public func make(_ task: GeneratorTask) -> any Generator {
      DenseGenerator(
        latent: task.latent, hidden: hidden, outputs: task.example.count, activation: activation,
        outputActivation: outputActivation, normalization: normalization, normalizesWeights: outputWeightNorm,
        scale: outputScale, reference: normalization == .virtualBatch ? task.reference : nil)
    }
  }
}

extension Chosen where Family == GeneratorFamily {
  /// Dense layers: see `DenseGenerator`.
  public static func dense(
    hidden: [Int], activation: Activation = .relu, normalization: DenseGenerator.Normalization = .none,
    outputActivation: Activation = .identity, outputWeightNorm: Bool = false, outputScale: Double = 1
  ) -> Chosen {
    Chosen(
      DenseGenerator.Settings(
        hidden: hidden, activation: activation, normalization: normalization, outputActivation: outputActivation,
        outputWeightNorm: outputWeightNorm, outputScale: outputScale))
  }
}
