import Datasets
import GAN
import NN

/// Everything that decides a training run but the data files: a value that can be written down, compared and run again.
///
/// On disk it is YAML with exactly these keys (see ``RecipeFile``).
public struct Recipe: Codable, Sendable, Hashable {
  /// Of the folder as well that a run of it gets: 1 ... 100 bytes of UTF-8, without `/` and control characters, and not
  /// beginning with a dot.
  public var name: String
  /// What it is, in one line.
  public var summary: String
  public var data: Data
  public var noise: Noise
  public var generator: Generator
  public var discriminator: Discriminator
  public var objective: Objective
  public var labels: Labels
  public var consistency: Consistency
  public var marginalEntropy: MarginalEntropy
  public var featureMatching: FeatureMatching
  public var minibatchDiscrimination: MinibatchDiscrimination
  public var historicalAveraging: HistoricalAveraging
  /// When the players move within a step.
  public var updates: Updates
  /// What training makes matrix products in.
  public var products: Products
  public var duration: Duration
  public var batchSize: Int
  public var seed: UInt64
  public var output: Output

  public enum Products: String, Codable, Sendable, CaseIterable {
    case float32
    /// Half the time of large products where the processor has instructions for it, eight bits of precision in their operands;
    /// parameters and all else stay float32.
    case bfloat16
  }

  /// Whether feature matching compares the two batches row by row, which must both be sorted then.
  var pairsRows: Bool { featureMatching.role != .none && featureMatching.reading == .tutorial }

  /// Where real examples come from.
  public struct Data: Codable, Sendable, Hashable {
    public enum Source: String, Codable, Sendable, CaseIterable {
      /// Images in IDX files, read from a folder; pixels in 0 ... 1.
      case mnist
      case normal
      case twoHumped = "two-humped"
      case farNormal = "far-normal"
      /// Eight narrow Gaussians on a circle.
      case ring
      /// 5 x 5 narrow Gaussians.
      case grid

      /// The density, for the sources that are one on a line.
      public var density: TutorialDensity? {
        switch self {
        case .mnist, .ring, .grid: nil
        case .normal: .normal
        case .twoHumped: .twoHumped
        case .farNormal: .farNormal
        }
      }

      /// The mixture, for the sources that are one in the plane.
      public var mixture: GaussianMixture? {
        switch self {
        case .ring: .ring()
        case .grid: .grid()
        case .mnist, .normal, .twoHumped, .farNormal: nil
        }
      }

      /// Whether examples are drawn without end, rather than read from files.
      public var isEndless: Bool { self != .mnist }
    }
    public var source: Source
  }

  /// z
  public struct Noise: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable { case uniform, normal, stratified }
    public var kind: Kind
    /// The stratified kind has one.
    public var dimensions: Int
    /// Bounds of the uniform and the stratified kind.
    public var low: Double
    public var high: Double
    /// Of the stratified kind.
    public var jitter: Double
  }

  public struct Generator: Codable, Sendable, Hashable {
    /// Widths of the hidden layers.
    public var hidden: [Int]
    public var activation: Activation
    public var normalization: DenseGenerator.Normalization
    /// Of the output.
    public var outputActivation: Activation
    public var outputWeightNorm: Bool
    /// What the output is multiplied by.
    public var outputScale: Double
    /// Samples are drawn from an average of the weights that moves by this share of the way in every step; 0 for the
    /// weights themselves.
    public var averagingRate: Double
    public var averagingStart: AverageStart
    public var training: Training
  }

  public struct Discriminator: Codable, Sendable, Hashable {
    /// Widths of the hidden layers.
    public var hidden: [Int]
    public var activation: Activation
    public var normalization: DenseDiscriminator.Normalization
    /// Standard deviations of the noise while training.
    public var inputNoise: Double
    public var hiddenNoise: Double
    /// The share of the run after which both fall in a line; 1 for never.
    public var noiseDeclineFrom: Double
    /// What is left of them in the end, as a share.
    public var noiseEnd: Double
    /// Real examples from which layers with data-dependent initialisation take their first values.
    public var initializationExamples: Int
    /// Before the game D is fitted to the data's density for so many steps, as the one-dimensional tutorials do; 0 where the
    /// data are no density.
    public var pretrainingSteps: Int
    /// Classes are told by an average of the weights, as G's samples are drawn; 0 for the weights themselves.
    public var averagingRate: Double
    public var averagingStart: AverageStart
    public var training: Training
  }

  public struct Training: Codable, Sendable, Hashable {
    public enum Rule: String, Codable, Sendable, CaseIterable { case adam, momentum }
    public var rule: Rule
    public var learningRate: Double
    /// The rate is multiplied by this after each quarter of the run.
    public var quarterlyDecay: Double
    /// The share of the run after which the rate falls in a line to 0; 1 for never.
    public var declineFrom: Double
    /// Of the momentum rule.
    public var momentum: Double
    /// Of Adam.
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    public var epsilonPlace: Adam.EpsilonPlace
  }

  public struct Objective: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
      /// Real or generated: D has one logit.
      case logistic
      /// Which class, or generated: D has a logit for each class.
      case semiSupervised = "semi-supervised"
    }
    public var kind: Kind
    /// alpha, D's target for real examples: below 1 it is one-sided label smoothing.
    public var realTarget: Double
    public var generatorLoss: Logistic.GeneratorLoss
  }

  /// Examples whose classes D may see, with the semi-supervised objective.
  public struct Labels: Codable, Sendable, Hashable {
    /// In all, the same number of each class.
    public var count: Int
    /// Of the draw.
    public var seed: UInt64
    /// Of the labelled examples in a step; the draw is gone through again and again.
    public var batchSize: Int
  }

  /// D's classes of real examples with its noise and without are to agree, with the semi-supervised objective.
  public struct Consistency: Codable, Sendable, Hashable {
    /// 0 for none.
    public var weight: Double
  }

  /// D is to use all classes equally, with the semi-supervised objective.
  public struct MarginalEntropy: Codable, Sendable, Hashable {
    /// 0 for none.
    public var weight: Double
  }

  public struct FeatureMatching: Codable, Sendable, Hashable {
    public enum Role: String, Codable, Sendable, CaseIterable {
      case none
      /// In the place of the objective's loss of G.
      case replaces
      /// Beside it.
      case joins
    }
    public var role: Role
    public var reading: GAN.FeatureMatching.Reading
    public var weight: Double
  }

  public struct MinibatchDiscrimination: Codable, Sendable, Hashable {
    /// Whether D has the layer.
    public var enabled: Bool
    public var reading: GAN.MinibatchDiscrimination.Reading
    /// B
    public var kernels: Int
    /// C
    public var dimensions: Int
  }

  /// Weights of the penalty on each player's distance from its own past; 0 for none.
  public struct HistoricalAveraging: Codable, Sendable, Hashable {
    public var generator: Double
    public var discriminator: Double
  }

  public struct Duration: Codable, Sendable, Hashable {
    public enum Unit: String, Codable, Sendable, CaseIterable {
      case steps
      /// Passes through the real examples; only where these are counted.
      case epochs
    }
    public var count: Int
    public var unit: Unit
  }

  public struct Output: Codable, Sendable, Hashable {
    /// Steps between two lines of measurements.
    public var measurementInterval: Int
    /// Steps between two pictures of samples.
    public var sampleInterval: Int
    /// Steps between two tests of a classifier.
    public var evaluationInterval: Int
    /// Steps between two checkpoints.
    public var checkpointInterval: Int
  }
}

/// A recipe that cannot be run: which key, and why.
public struct RecipeError: Error, CustomStringConvertible, Sendable, Equatable {
  /// Dotted path, such as `generator.training.learningRate`; empty where the whole text is at fault.
  public let key: String
  public let reason: String
  /// The line of the text it is in, from 1; nil where that is not known.
  let line: Int?

  init(key: String, reason: String, line: Int? = nil) {
    self.key = key
    self.reason = reason
    self.line = line
  }

  public var description: String { key.isEmpty ? reason : "recipe key '\(key)': \(reason)" }
}

extension Recipe {
  /// Checks every value that has a range.
  ///
  /// - Throws: ``RecipeError`` naming the first key whose value is impossible.
  public func validate() throws {
    func require(
      _ key: String, _ value: Double, atLeast low: Double = -.infinity, above: Double = -.infinity,
      atMost high: Double = .infinity
    ) throws {
      var reason: String?
      if !value.isFinite {
        reason = "must be a finite number"
      } else if value < low {
        reason = "must be at least \(short(low))"
      } else if value <= above {
        reason = "must be above \(short(above))"
      } else if value > high {
        reason = "must be at most \(short(high))"
      }
      if let reason { throw RecipeError(key: key, reason: "\(reason), is \(short(value))") }
    }
    func count(_ key: String, _ value: Int, atLeast low: Int = 1) throws {
      try require(key, Double(value), atLeast: Double(low), atMost: 1e12)
    }
    // Sizes are multiplied with each other: what is far beyond any memory must not overflow on the way.
    func size(_ key: String, _ value: Int) throws { try require(key, Double(value), atLeast: 1, atMost: 1e6) }
    func widths(_ key: String, _ values: [Int]) throws {
      for (index, width) in values.enumerated() { try size("\(key).\(index)", width) }
      guard (1...1000).contains(values.count) else {
        throw RecipeError(key: key, reason: "must have 1 to 1000 layers, has \(values.count)")
      }
    }
    func training(_ key: String, _ training: Training) throws {
      try require("\(key).learningRate", training.learningRate, above: 0)
      try require("\(key).quarterlyDecay", training.quarterlyDecay, above: 0, atMost: 1)
      try require("\(key).declineFrom", training.declineFrom, atLeast: 0, atMost: 1)
      for (name, value) in [("momentum", training.momentum), ("beta1", training.beta1), ("beta2", training.beta2)] {
        try require("\(key).\(name)", value, atLeast: 0)
        guard value < 1 else { throw RecipeError(key: "\(key).\(name)", reason: "must be below 1, is \(short(value))") }
      }
      try require("\(key).epsilon", training.epsilon, above: 0)
    }
    try validateName()
    try size("batchSize", batchSize)
    try count("duration.count", duration.count)
    try size("noise.dimensions", noise.dimensions)
    try require("noise.low", noise.low)
    try require("noise.high", noise.high, above: noise.low)
    try require("noise.jitter", noise.jitter, atLeast: 0)
    if noise.kind == .stratified, noise.dimensions != 1 {
      throw RecipeError(key: "noise.dimensions", reason: "must be 1 for stratified noise, is \(noise.dimensions)")
    }
    try widths("generator.hidden", generator.hidden)
    try require("generator.outputScale", generator.outputScale, above: 0)
    try require("generator.averagingRate", generator.averagingRate, atLeast: 0, atMost: 1)
    try training("generator.training", generator.training)
    try widths("discriminator.hidden", discriminator.hidden)
    try require("discriminator.inputNoise", discriminator.inputNoise, atLeast: 0)
    try require("discriminator.hiddenNoise", discriminator.hiddenNoise, atLeast: 0)
    try require("discriminator.noiseDeclineFrom", discriminator.noiseDeclineFrom, atLeast: 0, atMost: 1)
    try require("discriminator.noiseEnd", discriminator.noiseEnd, atLeast: 0, atMost: 1)
    try count("discriminator.initializationExamples", discriminator.initializationExamples, atLeast: 2)
    try count("discriminator.pretrainingSteps", discriminator.pretrainingSteps, atLeast: 0)
    if discriminator.pretrainingSteps > 0, data.source.density == nil {
      throw RecipeError(
        key: "discriminator.pretrainingSteps", reason: "must be 0: '\(data.source.rawValue)' is no density on a line")
    }
    try require("discriminator.averagingRate", discriminator.averagingRate, atLeast: 0, atMost: 1)
    try training("discriminator.training", discriminator.training)
    try count("labels.count", labels.count)
    try size("labels.batchSize", labels.batchSize)
    try require("objective.realTarget", objective.realTarget, above: 0, atMost: 1)
    for (key, weight) in [
      ("consistency.weight", consistency.weight), ("marginalEntropy.weight", marginalEntropy.weight),
    ] {
      try require(key, weight, atLeast: 0)
      if weight > 0, objective.kind != .semiSupervised {
        throw RecipeError(
          key: key, reason: "must be 0 where D tells no classes: objective.kind is not semi-supervised")
      }
    }
    try require("featureMatching.weight", featureMatching.weight, above: 0)
    if pairsRows, data.source.density == nil || noise.kind != .stratified {
      throw RecipeError(
        key: "featureMatching.reading",
        reason: "tutorial pairs the rows of two sorted batches: it needs a density on a line and noise.kind stratified")
    }
    try size("minibatchDiscrimination.kernels", minibatchDiscrimination.kernels)
    try size("minibatchDiscrimination.dimensions", minibatchDiscrimination.dimensions)
    try require("historicalAveraging.generator", historicalAveraging.generator, atLeast: 0)
    try require("historicalAveraging.discriminator", historicalAveraging.discriminator, atLeast: 0)
    try count("output.measurementInterval", output.measurementInterval)
    try count("output.sampleInterval", output.sampleInterval)
    try count("output.evaluationInterval", output.evaluationInterval)
    try count("output.checkpointInterval", output.checkpointInterval)
    if batchSize < 2, generator.normalization != .none || minibatchDiscrimination.enabled {
      throw RecipeError(
        key: "batchSize", reason: "must be at least 2 with batch norm or minibatch discrimination, is \(batchSize)")
    }
    if objective.kind == .semiSupervised {
      if data.source.isEndless {
        throw RecipeError(
          key: "objective.kind", reason: "semi-supervised needs examples with classes; a density has none")
      }
      if minibatchDiscrimination.enabled, labels.batchSize != batchSize {
        throw RecipeError(
          key: "labels.batchSize",
          reason: "must be batchSize, \(batchSize), with minibatch discrimination, is \(labels.batchSize)")
      }
    }
    if duration.unit == .epochs, data.source.isEndless {
      throw RecipeError(
        key: "duration.unit", reason: "must be steps: the density '\(data.source.rawValue)' has no epochs")
    }
  }
}

extension Recipe {
  /// A name becomes a folder's: it must not lead out of the folder for runs, hide there, or break a line.
  private func validateName() throws {
    let isControl = { (scalar: Unicode.Scalar) in
      [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }
    var reason: String?
    if name.isEmpty {
      reason = "must not be empty"
    } else if name.utf8.count > 100 {
      reason = "must have 100 bytes at most, has \(name.utf8.count)"
    } else if name.utf8.contains(UInt8(ascii: "/")) {
      reason = "must not contain '/'"
    } else if name.hasPrefix(".") {
      reason = "must not begin with a dot"
    } else if name.unicodeScalars.contains(where: isControl) {
      reason = "must not contain line ends or other control characters"
    }
    if let reason { throw RecipeError(key: "name", reason: "\(reason): a run's folder gets it") }
  }
}

/// Without the ".0" of a whole number.
private func short(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
}
