import NN
import Settings
import Torch

/// Dense layers from a vector to logits: [..., N, inputs] -> [..., N, outputs], with f(x) the last hidden layer before
/// its noise.
///
/// The published MNIST discriminator is one: widths 1000, 500, 250, 250, 250, ReLU, weight norm, Gaussian noise 0.3
/// on the input and 0.5 on every hidden layer.
public struct DenseDiscriminator: Discriminator {
  /// What layers are normalised by.
  public enum Normalization: String, Codable, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// Weight norm with data-dependent initialisation; the gain is trained in the last layer only.
    case weight
  }

  /// On the vector, while training.
  public let inputNoise: GaussianNoise
  /// In the order that the vector passes them; with weight norm, where that was asked for.
  public let hidden: [any Layer]
  /// On the output of every hidden layer, while training.
  public let hiddenNoise: GaussianNoise
  /// After the last hidden layer.
  public let minibatch: MinibatchDiscrimination?
  /// From the last hidden layer, and the minibatch features where there are any, to the logits.
  public let output: any Layer
  /// Of the hidden layers.
  public let activation: Activation
  /// Of the logits; the identity, unless the objective takes others than logits.
  public let outputActivation: Activation

  /// - Parameters:
  ///   - hidden: widths of the hidden layers.
  ///   - inputNoise: standard deviation of the noise on the input, while training.
  ///   - hiddenNoise: the same for every hidden layer.
  ///   - minibatch: makes the minibatch layer for the given number of features.
  ///   - weights: the distribution of the weights; with weight norm, of their directions.
  public init(
    inputs: Int, hidden widths: [Int], outputs: Int = 1, activation: Activation,
    outputActivation: Activation = .identity, normalization: Normalization = .none, inputNoise: Double = 0,
    hiddenNoise: Double = 0, minibatch: ((_ features: Int) -> MinibatchDiscrimination)? = nil,
    weights: Initializer = .glorotUniform
  ) {
    func dense(_ inputs: Int, _ outputs: Int, isLast: Bool) -> any Layer {
      switch normalization {
      case .none: Linear(inputs, outputs, weight: weights)
      case .weight: WeightNormLinear(inputs, outputs, direction: weights, trainsGain: isLast)
      }
    }
    let sizes = [inputs] + widths
    hidden = zip(sizes, sizes.dropFirst()).map { dense($0, $1, isLast: false) }
    self.minibatch = minibatch?(sizes.last!)
    output = dense(sizes.last! + (self.minibatch?.kernels ?? 0), outputs, isLast: true)
    self.inputNoise = GaussianNoise(inputNoise)
    self.hiddenNoise = GaussianNoise(hiddenNoise)
    self.activation = activation
    self.outputActivation = outputActivation
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
    var noisy = inputNoise(x, context)
    if let plain { return judged(noisy, plain, context) }
    var features = x
    for layer in hidden {
      features = activation(layer(noisy, context))
      noisy = hiddenNoise(features, context)
    }
    let last = minibatch?(noisy, context) ?? noisy
    return Judgement(logits: outputActivation(output(last, context)), features: features)
  }

  /// The hidden layers, where nothing happens between them.
  private var plain: [Linear]? {
    hidden.isEmpty || hiddenNoise.standardDeviation > 0 ? nil : hidden as? [Linear]
  }

  /// The same as layer by layer, in one operation or two.
  private func judged(_ x: Tensor, _ hidden: [Linear], _ context: Context) -> Judgement {
    let activations = hidden.map { _ in activation }
    if let output = output as? Linear, minibatch == nil {
      let (logits, features) = denseChain(x, hidden + [output], activations + [outputActivation])
      return Judgement(logits: logits, features: features)
    }
    let features = denseChainOutput(x, hidden, activations)
    return Judgement(
      logits: outputActivation(output(minibatch?(features, context) ?? features, context)), features: features)
  }
}

extension DenseDiscriminator {
  /// What a recipe says of it, as `discriminator.network: dense`.
  public struct Settings: DiscriminatorSettings {
    public static let kind = "dense"
    public static let keys: [SettingsKey] = [
      .hidden,
      .activation,
      .normalization(Normalization.self),
      .inputNoise,
      SettingsKey("hiddenNoise", "standard deviation of the noise on D's hidden layers while it trains"),
    ]
    public static let layout = ExampleLayout.rows

    /// Widths of the hidden layers.
    public var hidden: [Int]
    /// Of the hidden layers.
    public var activation: Activation
    /// What layers are normalised by.
    public var normalization: Normalization
    /// Standard deviations of the noise while training.
    public var inputNoise: Double
    /// On the output of every hidden layer.
    public var hiddenNoise: Double

    public init() { self.init(hidden: [128, 128]) }

    /// - Parameters:
    ///   - hidden: widths of the hidden layers.
    ///   - inputNoise: standard deviation on the vector, while training.
    ///   - hiddenNoise: the same for every hidden layer.
    public init(
      hidden: [Int], activation: Activation = .leakyReLU, normalization: Normalization = .none, inputNoise: Double = 0,
      hiddenNoise: Double = 0
    ) {
      self.hidden = hidden
      self.activation = activation
      self.normalization = normalization
      self.inputNoise = inputNoise
      self.hiddenNoise = hiddenNoise
    }

    public var takesFirstValuesFromData: Bool { normalization == .weight }
    public var summary: String { "dense, \(hidden.map(String.init).joined(separator: ", "))" }

    private var isNoisy: Bool { inputNoise > 0 || hiddenNoise > 0 }

    public var noiseSummary: String? {
      isNoisy ? "\(inputNoise) on the input, \(hiddenNoise) after hidden layers" : nil
    }

    public var assignmentForNoise: String? { isNoisy ? nil : "inputNoise=0.3" }

    public func validate(_ check: SettingsCheck) throws {
      try check.widths("hidden", hidden)
      try check.number("inputNoise", inputNoise, atLeast: 0)
      try check.number("hiddenNoise", hiddenNoise, atLeast: 0)
    }

    public func make(_ task: DiscriminatorTask) -> any Discriminator {
      DenseDiscriminator(
        inputs: task.example.count, hidden: hidden, outputs: task.outputs, activation: activation,
        normalization: normalization, inputNoise: inputNoise, hiddenNoise: hiddenNoise, minibatch: task.minibatch,
        weights: normalization == .weight ? .normal(standardDeviation: 0.1) : .glorotUniform)
    }
  }
}

extension Chosen where Family == DiscriminatorFamily {
  /// Dense layers: see `DenseDiscriminator`.
  public static func dense(
    hidden: [Int], activation: Activation = .leakyReLU, normalization: DenseDiscriminator.Normalization = .none,
    inputNoise: Double = 0, hiddenNoise: Double = 0
  ) -> Chosen {
    Chosen(
      DenseDiscriminator.Settings(
        hidden: hidden, activation: activation, normalization: normalization, inputNoise: inputNoise,
        hiddenNoise: hiddenNoise))
  }
}
