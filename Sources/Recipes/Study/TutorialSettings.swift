import Datasets
import GAN
import NN
import Torch

/// The techniques that the demonstration sets side by side.
public enum TutorialTechnique: String, CaseIterable, Sendable, Codable {
  case plain
  case featureMatching = "feature-matching"
  case minibatchDiscrimination = "minibatch-discrimination"
  case both

  public var title: String {
    switch self {
    case .plain: "Plain"
    case .featureMatching: "Feature matching"
    case .minibatchDiscrimination: "Minibatch discrimination"
    case .both: "Both"
    }
  }
  public var matchesFeatures: Bool { self == .featureMatching || self == .both }
  public var discriminatesMinibatches: Bool { self == .minibatchDiscrimination || self == .both }
}

/// Whose settings the demonstration plays by.
public enum TutorialPreset: String, CaseIterable, Sendable, Codable {
  /// The tutorial's networks and data with what holds up: logits, Adam, techniques as the paper and its authors' code have
  /// them, and the same two players under every technique.
  case sound
  /// The tutorial's own choices: a tanh output clamped as if it were a probability, momentum 0.6, its readings of both
  /// techniques, other widths with the minibatch layer, and with feature matching an optimiser of G that moves D too.
  case asPublished = "as-published"
}

/// The densities that the game can be played on.
public enum TutorialDensity: String, CaseIterable, Sendable, Codable {
  /// N(0, 1)
  case normal
  /// Half N(-2, 0.5), half N(2, 0.5)
  case twoHumped = "two-humped"
  /// N(4, 0.5)
  case farNormal = "far-normal"

  /// The same as a recipe's data.
  public var source: any PointSource {
    switch self {
    case .normal: NormalSource()
    case .twoHumped: TwoHumpedSource()
    case .farNormal: FarNormalSource()
    }
  }

  public var density: Density { source.density! }
  public var title: String { source.title }
}

/// Where the game's noise z on [-3, 3] comes from.
public enum TutorialNoise: String, CaseIterable, Sendable, Codable {
  /// Independent points: the sound preset's choice.
  case uniform
  /// Evenly spaced points, each moved by U[0, 0.01): the tutorial's choice.
  case stratified

  var noise: Noise {
    switch self {
    case .uniform: .uniform(-3, 3, dimensions: 1)
    case .stratified: .stratified(-3, 3, jitter: 0.01)
    }
  }
}

/// Everything that decides how the one-dimensional game is played.
public struct TutorialSettings: Sendable {
  public var technique: TutorialTechnique
  public var preset: TutorialPreset
  public var data: TutorialDensity
  public var steps = 10_000
  public var batchSize = 200
  public var pretrainingSteps = 1_000
  var discriminatorWidth = 10
  var generatorWidths = [10, 10]
  var generatorHidden = Activation.tanh
  var generatorOutput = Activation.identity
  var discriminatorOutput = Activation.identity
  var weights = Initializer.glorotUniform
  var minibatchWeights: Initializer?
  var featureMatching: FeatureMatching.Reading?
  var minibatch: MinibatchDiscrimination.Reading?
  public var noise = TutorialNoise.uniform
  var learningRate = 0.001
  var adam = true
  var generatorStepMovesDiscriminator = false

  public init(_ technique: TutorialTechnique, preset: TutorialPreset = .sound, data: TutorialDensity = .normal) {
    self.technique = technique
    self.preset = preset
    self.data = data
    switch preset {
    case .sound:
      featureMatching = technique.matchesFeatures ? .paper : nil
      minibatch = technique.discriminatesMinibatches ? .release : nil
    case .asPublished:
      weights = .normal(standardDeviation: 1)
      featureMatching = technique.matchesFeatures ? .tutorial : nil
      minibatch = technique.discriminatesMinibatches ? .tutorial : nil
      adam = false
      noise = .stratified
      discriminatorOutput = .tanh
      generatorOutput = .tanh
      generatorStepMovesDiscriminator = technique.matchesFeatures
      if technique.discriminatesMinibatches {
        discriminatorWidth = 20
        (generatorWidths, generatorHidden, generatorOutput) = ([10], .softplus, .identity)
      }
    }
  }

  var density: Density { data.density }

  var objective: any Objective {
    switch preset {
    case .sound: Logistic()
    case .asPublished: ClampedProbability()
    }
  }

  /// A player's optimiser with nothing remembered yet. The rate falls by 5 % after each quarter of the run.
  func training() -> Training {
    Training(
      adam ? Adam(beta1: 0.5) : Momentum(0.6),
      learningRate: LearningRate(learningRate, factor: 0.95, every: (steps + 3) / 4))
  }

  /// The settings in words, for a report.
  public var description: [(String, String)] {
    let published = preset == .asPublished
    return [
      (
        "Players",
        published
          ? """
          D 1-10-10-1, tanh throughout, its output clamped to 0.01 … 0.99 as if it were a probability; G 1-10-10-1, tanh \
          throughout, times 5. With minibatch discrimination D 1-20-20-1 and G 1-10-1 with softplus. Weights N(0, 1).
          """
          : """
          D 1-10-10-1 with tanh between and a logit at the end; G the same, times 5. Glorot's uniform weights.
          """
      ),
      (
        "Noise",
        noise == .stratified
          ? "\(batchSize) evenly spaced points on [−3, 3], each moved by U[0, 0.01)"
          : "\(batchSize) points uniform on [−3, 3]"
      ),
      (
        "Objective",
        published
          ? "mean log D(x) + mean log(1 − D(G(z))) for D, mean log D(G(z)) for G, both ascended"
          : "logistic on logits, G non-saturating"
      ),
      (
        "Feature matching",
        published
          ? "the root of the summed squared differences of paired rows; the optimiser of G also moves D"
          : "squared distance of the batch means of D's second hidden layer, summed over its units as the paper writes it; the "
            + "recipes, and gan compare with them, take the mean, as the released code does"
      ),
      (
        "Minibatch discrimination",
        published
          ? "5 kernels of 3 dimensions, e⁻¹ for a point's similarity with itself"
          : "5 kernels of 3 dimensions, a point's similarity with itself left out, scaled on the first batch"
      ),
      (
        "Training",
        "\(published ? "momentum 0.6" : "Adam, β₁ = 0.5"), rate \(learningRate), 5 % less after each quarter; batches of \(batchSize), sorted"
      ),
      ("Pretraining", "\(pretrainingSteps) steps of D on the density, mean squared error, x uniform over its support"),
    ]
  }
}
