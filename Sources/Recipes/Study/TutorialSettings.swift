import Datasets
import GAN
import NN
import Torch

/// The techniques that the demonstration sets side by side.
public enum TutorialTechnique: String, CaseIterable, Sendable, Codable {
  /// The game without a technique.
  case plain
  /// G minimises the distance of D's mean features.
  case featureMatching = "feature-matching"
  /// D compares the examples of a batch with each other.
  case minibatchDiscrimination = "minibatch-discrimination"
  /// Feature matching and minibatch discrimination.
  case both

  /// As tables have it.
  public var title: String {
    switch self {
    case .plain: "Plain"
    case .featureMatching: "Feature matching"
    case .minibatchDiscrimination: "Minibatch discrimination"
    case .both: "Both"
    }
  }
  /// Whether G matches features.
  public var matchesFeatures: Bool { self == .featureMatching || self == .both }
  /// Whether D has the minibatch layer.
  public var discriminatesMinibatches: Bool { self == .minibatchDiscrimination || self == .both }
}

/// Whose settings the demonstration plays by.
public enum TutorialPreset: String, CaseIterable, Sendable, Codable {
  /// The tutorial's data and two small players with what holds up: logits, Adam, techniques as the paper and its
  /// authors' code have them, and one set of settings under every technique, chosen by a search
  /// (``TutorialTuning/sound``).
  case sound
  /// The same before its settings were searched for: it shows what goes wrong (``TutorialTuning/unsettled``).
  case unsettled
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

  /// p(x), in closed form.
  public var density: Density { source.density! }
  /// As tables have it, such as "N(0, 1)".
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
  /// What is set against the game without it.
  public var technique: TutorialTechnique
  /// Whose settings the rest is.
  public var preset: TutorialPreset
  /// What the game is played on.
  public var data: TutorialDensity
  /// Of the game, after the pretraining.
  public var steps: Int
  /// Points of either side in a step.
  public var batchSize: Int
  /// Of D alone, which is fitted to the density before the game.
  public var pretrainingSteps = 1_000
  /// What the presets but as-published are made of.
  let tuning: TutorialTuning
  var discriminatorWidth: Int
  var generatorWidths: [Int]
  var discriminatorHidden: Activation
  var generatorHidden: Activation
  var generatorOutput = Activation.identity
  var discriminatorOutput = Activation.identity
  var outputScale: Double
  var weights = Initializer.glorotUniform
  var minibatchWeights: Initializer?
  var featureMatching: FeatureMatching.Reading?
  var minibatch: MinibatchDiscrimination.Reading?
  /// How z is drawn.
  public var noise = TutorialNoise.uniform
  var generatorStepMovesDiscriminator = false

  /// - Parameter tuning: in place of the preset's own; as-published has none.
  public init(
    _ technique: TutorialTechnique, preset: TutorialPreset = .sound, data: TutorialDensity = .normal,
    tuning: TutorialTuning? = nil
  ) {
    let tuning = preset == .asPublished ? .unsettled : tuning ?? (preset == .sound ? .sound : .unsettled)
    self.technique = technique
    self.preset = preset
    self.data = data
    self.tuning = tuning
    steps = tuning.steps
    batchSize = tuning.batchSize
    discriminatorWidth = tuning.discriminatorWidth
    generatorWidths = tuning.generatorWidths
    discriminatorHidden = tuning.discriminatorActivation
    generatorHidden = tuning.generatorActivation
    outputScale = tuning.outputScale
    switch preset {
    case .sound, .unsettled:
      featureMatching = technique.matchesFeatures ? .paper : nil
      minibatch = technique.discriminatesMinibatches ? tuning.minibatchReading : nil
    case .asPublished:
      weights = .normal(standardDeviation: 1)
      featureMatching = technique.matchesFeatures ? .tutorial : nil
      minibatch = technique.discriminatesMinibatches ? .tutorial : nil
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

  /// Where D is fitted to the density before the game.
  var pretrainingRange: ClosedRange<Double> {
    let support = density.support
    return tuning.pretrainingMeetsNoise ? min(support.lowerBound, -3)...max(support.upperBound, 3) : support
  }

  var objective: any Objective {
    switch preset {
    case .sound, .unsettled: Logistic()
    case .asPublished: ClampedProbability()
    }
  }

  /// Whether what the game shows is an average of G's weights.
  var averages: Bool { tuning.averagingRate < 1 }

  /// A new start of D's training.
  func discriminatorTraining() -> Training {
    training(
      tuning.discriminatorRate, noiseScale: tuning.inputNoise > 0 ? LinearDecline(over: 0..<steps, to: 0) : .none)
  }

  /// A new start of G's training.
  func generatorTraining() -> Training { training(tuning.generatorRate) }

  /// A player's optimiser with nothing remembered yet. Without a cosine the rate falls by 5 % after each quarter of the
  /// run.
  private func training(_ rate: Double, noiseScale: LinearDecline = .none) -> Training {
    let declineFrom = min(Int(Double(steps) * tuning.declineFrom), steps - 1)
    let falling = LearningRate(CosineSchedule(from: rate, to: rate * tuning.finalRate, over: declineFrom..<steps))
    let constant = LearningRate(rate, factor: 0.95, every: (steps + 3) / 4)
    let isFalling = tuning.finalRate < 1
    let adam = Adam(
      beta1: tuning.beta1, beta2: tuning.beta2, epsilonPlace: preset == .sound ? .insideRoot : .outsideRoot)
    return Training(
      preset == .asPublished ? Momentum(0.6) : adam, learningRate: isFalling ? falling : constant,
      noiseScale: noiseScale)
  }

  /// The settings in words, for a report.
  public var description: [(String, String)] {
    preset == .asPublished ? publishedDescription : tunedDescription
  }

  private var publishedDescription: [(String, String)] {
    [
      (
        "Players",
        """
        D 1-10-10-1, tanh throughout, its output clamped to 0.01 … 0.99 as if it were a probability; G 1-10-10-1, tanh \
        throughout, times 5. With minibatch discrimination D 1-20-20-1 and G 1-10-1 with softplus. Weights N(0, 1).
        """
      ),
      ("Noise", noiseDescription),
      ("Objective", "mean log D(x) + mean log(1 − D(G(z))) for D, mean log D(G(z)) for G, both ascended"),
      (
        "Feature matching",
        "the root of the summed squared differences of paired rows; the optimiser of G also moves D"
      ),
      ("Minibatch discrimination", "5 kernels of 3 dimensions, e⁻¹ for a point's similarity with itself"),
      ("Training", "momentum 0.6, rate 0.001, 5 % less after each quarter; batches of \(batchSize), sorted"),
      pretrainingDescription,
    ]
  }

  private var tunedDescription: [(String, String)] {
    func layers(_ widths: [Int]) -> String { ([1] + widths + [1]).map(String.init).joined(separator: "-") }
    let tuning = tuning
    let rates = """
      Adam, β₁ = \(tuning.beta1), β₂ = \(tuning.beta2), rate \(tuning.discriminatorRate) of D and \
      \(tuning.generatorRate) of G
      """
    let change =
      tuning.finalRate < 1
      ? "falling to \(tuning.finalRate) of it along half a cosine"
        + (tuning.declineFrom > 0 ? " from step \(Int(Double(steps) * tuning.declineFrom)) on" : "")
      : "5 % less after each quarter"
    let scale = (outputScale == 1 ? "" : ", times \(outputScale)") + (tuning.generatorAddsNoise ? ", plus z" : "")
    return [
      (
        "Players",
        """
        D \(layers([discriminatorWidth, discriminatorWidth])) with \(discriminatorHidden.rawValue) between and a logit \
        at the end; G \(layers(generatorWidths)) with \(generatorHidden.rawValue)\(scale). Glorot's uniform weights.
        """
      ),
      (
        "Which G",
        averages
          ? "an average of its weights that moves by \(tuning.averagingRate) of the way in every step"
          : "as the last step left it"
      ),
      ("Noise", noiseDescription),
      (
        "Objective",
        "logistic on logits, G non-saturating; "
          + (tuning.updates == .simultaneous ? "both move at once" : "D moves, then G")
      ),
      (
        "Feature matching",
        """
        squared distance of the batch means of D's second hidden layer, summed over its units as the paper writes it, \
        \(tuning.matchingWeight == 1 ? "" : "times \(tuning.matchingWeight), ")\
        \(tuning.matchingJoins ? "beside" : "in place of") the objective's loss of G
        """
      ),
      (
        "Minibatch discrimination",
        """
        \(tuning.kernels) kernels of \(tuning.dimensions) dimensions, \
        \(tuning.minibatchReading == .release
          ? "a point's similarity with itself left out, scaled on the first batch" : "as the paper writes it")
        """
      ),
      ("Training", "\(rates), \(change); batches of \(batchSize)\(preset == .unsettled ? ", sorted" : "")"),
      pretrainingDescription,
    ]
      + (tuning.inputNoise > 0
        ? [("D's noise", "N(0, \(tuning.inputNoise)) on the points that D sees, falling in a line to 0")] : [])
  }

  private var noiseDescription: String {
    guard noise == .stratified else { return "\(batchSize) points uniform on [−3, 3]" }
    // Rows are then compared that do not belong together, as they would be in the tutorial.
    let isSorted = 0.01 * Double(batchSize - 1) <= 6
    return "\(batchSize) evenly spaced points on [−3, 3], each moved by U[0, 0.01)"
      + (isSorted ? "" : ", which is more than their distance: they are not in order")
  }

  private var pretrainingDescription: (String, String) {
    let place = tuning.pretrainingMeetsNoise ? "its support and where noise is" : "its support"
    return ("Pretraining", "\(pretrainingSteps) steps of D on the density, mean squared error, x uniform over \(place)")
  }
}
