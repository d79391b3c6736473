import Datasets
import GAN
import NN
import Settings
import Torch

/// Everything that decides a training run but the data files: a value that can be written down, compared and run again.
///
/// On disk it is YAML with exactly these keys (see ``RecipeFile``).
public struct Recipe: Codable, Sendable, Hashable {
  /// Of the folder as well that a run of it gets: 1 ... 100 bytes of UTF-8, without `/` and control characters, and not
  /// beginning with a dot.
  public var name: String
  /// What it is, in one line.
  public var summary: String
  /// Where real examples come from.
  public var data: Chosen<DataFamily>
  /// How z is drawn.
  public var noise: Noise
  /// G's network, and how it plays.
  public var generator: Generator
  /// D's network, and how it plays.
  public var discriminator: Discriminator
  /// What the two players minimise.
  public var objective: Chosen<ObjectiveFamily>
  /// Which examples D may see the classes of; without meaning where the objective tells no classes.
  public var labels: Labels
  /// What is added to the game, each technique under a key of its own.
  public var techniques: TechniqueSet
  /// When the players move within a step.
  public var updates: Updates
  /// Steps of G for each of D, where the two alternate.
  public var generatorSteps = 1
  /// What training makes matrix products in.
  public var products: Products
  /// How convolutions are made on the CPU.
  public var convolutions = ConvolutionAlgorithm.automatic
  /// How long the game is.
  public var duration: Duration
  /// Real examples in a step, and generated ones.
  public var batchSize: Int
  /// Of first weights, batches and noise; the choice of labels has its own.
  public var seed: UInt64
  /// How often the run is measured, drawn, tested and saved.
  public var output: Output
  /// What is chosen by the data when training begins.
  public var automatic: [AutomaticKey] = []

  /// What matrix products and convolutions take their operands as.
  public enum Products: String, Codable, Sendable, CaseIterable {
    /// As the parameters are.
    case float32
    /// Half the time of large products where the processor has instructions for it, eight bits of precision in their
    /// operands; parameters and all else stay float32.
    case bfloat16
  }

  /// Whether samples are drawn from an average of G's weights.
  public var averagesGenerator: Bool { generator.averagingRate > 0 || generator.averagingHalfLife > 0 }

  /// Generated examples in a step.
  public var generatedBatchSize: Int { generator.batchSize > 0 ? generator.batchSize : batchSize }

  /// Whether D tells classes apart.
  public var tellsClasses: Bool { type(of: objective.settings).tellsClasses }

  /// Whether both players are told classes.
  public var isConditional: Bool { techniques.active.contains { $0.tellsPlayersClasses } }

  /// Whether the game cannot be played on examples without classes.
  public var needsClasses: Bool { tellsClasses || isConditional }

  /// Whether a technique compares the two batches row by row, which must both be sorted then.
  var pairsRows: Bool { techniques.active.contains { $0.pairsRows } }

  /// z
  public struct Noise: Codable, Sendable, Hashable {
    /// How the numbers of z are distributed.
    public enum Kind: String, Codable, Sendable, CaseIterable {
      /// Each number from ``low`` to ``high``.
      case uniform
      /// N(0, 1)
      case normal
      /// One number: points at equal distances from ``low`` to ``high``, each moved up by less than ``jitter``.
      case stratified
    }
    /// How the numbers of z are distributed.
    public var kind: Kind
    /// The stratified kind has one.
    public var dimensions: Int
    /// Bounds of the uniform and the stratified kind.
    public var low: Double
    /// The upper bound of the same.
    public var high: Double
    /// Of the stratified kind.
    public var jitter: Double
  }

  /// A player: the kind of its network with what that kind is told, and beside it how it plays, whatever its network.
  @dynamicMemberLookup
  public struct Player<Family: ChoiceFamily, Play: Codable & Hashable & Sendable>: Codable, Sendable, Hashable {
    /// The kind of network, with the settings of that kind.
    public var network: Chosen<Family>
    /// How it is trained, averaged and made noisy, whatever the network.
    public var play: Play

    /// - Parameters:
    ///   - network: the kind of network, with the settings of that kind.
    ///   - play: how it plays, whatever the network.
    public init(network: Chosen<Family>, play: Play) {
      self.network = network
      self.play = play
    }

    /// What ``play`` has under that name, without naming it.
    public subscript<Value>(dynamicMember path: WritableKeyPath<Play, Value>) -> Value {
      get { play[keyPath: path] }
      set { play[keyPath: path] = newValue }
    }

    // Both in the keys of one mapping.
    public init(from decoder: any Decoder) throws {
      network = try Chosen(from: decoder)
      play = try Play(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
      try network.encode(to: encoder)
      try play.encode(to: encoder)
    }
  }

  /// G: what makes examples.
  public typealias Generator = Player<GeneratorFamily, GeneratorPlay>
  /// D: what judges them.
  public typealias Discriminator = Player<DiscriminatorFamily, DiscriminatorPlay>

  /// How G plays, whatever its network.
  public struct GeneratorPlay: Codable, Sendable, Hashable {
    /// Samples are drawn from an average of the weights that moves by this share of the way in every step; 0 for the
    /// weights themselves.
    public var averagingRate: Double
    /// Where the average begins.
    public var averagingStart: AverageStart
    /// In the place of the rate: the pictures after which weights count half as much in the average, which is the same
    /// for every batch size; 0 for none.
    public var averagingHalfLife = 0.0
    /// Whether the half-life grows from 0 to that along half a cosine over the run.
    public var averagingHalfLifeGrows = false
    /// Generated examples in a step; 0 for as many as real ones.
    public var batchSize = 0
    /// How the weights are trained.
    public var training: Training
  }

  /// How D plays, whatever its network.
  public struct DiscriminatorPlay: Codable, Sendable, Hashable {
    /// The share of the run after which the network's noise falls in a line; 1 for never.
    public var noiseDeclineFrom: Double
    /// What is left of it in the end, as a share.
    public var noiseEnd: Double
    /// Real examples from which layers with data-dependent initialisation take their first values.
    public var initializationExamples: Int
    /// Before the game D is fitted to the data's density for so many steps, as the one-dimensional tutorials do; 0
    /// where the data are no density.
    public var pretrainingSteps: Int
    /// Classes are told by an average of the weights, as G's samples are drawn; 0 for the weights themselves.
    public var averagingRate: Double
    /// Where the average begins.
    public var averagingStart: AverageStart
    /// How the weights are trained.
    public var training: Training
  }

  /// How a player's weights are trained.
  public struct Training: Codable, Sendable, Hashable {
    /// The optimiser.
    public enum Rule: String, Codable, Sendable, CaseIterable {
      /// Kingma and Ba 2015.
      case adam
      /// Gradient descent that keeps a share of the last step's movement.
      case momentum
    }
    /// The optimiser.
    public var rule: Rule
    /// Of the first step.
    public var learningRate: Double
    /// The rate is multiplied by this after each quarter of the run.
    public var quarterlyDecay: Double
    /// The share of the run after which the rate falls in a line to 0; 1 for never.
    public var declineFrom: Double
    /// In the place of the other two: what is left of the rate in the end, as a share, along half a cosine over the
    /// run; 1 for all of it.
    public var cosineEnd = 1.0
    /// Of the momentum rule.
    public var momentum: Double
    /// Of Adam.
    public var beta1: Double
    /// The share of Adam's mean of squared gradients that each step keeps, in 0 ..< 1.
    public var beta2: Double
    /// What beta2 becomes along half a cosine over the run; 0 where it stays.
    public var beta2End = 0.0
    /// What keeps Adam's quotient finite where gradients are 0.
    public var epsilon: Double
    /// Whether epsilon is added to Adam's root or under it.
    public var epsilonPlace: Adam.EpsilonPlace
  }

  /// Examples whose classes D may see, with the semi-supervised objective.
  public struct Labels: Codable, Sendable, Hashable {
    /// In all, the same number of each class.
    public var count: Int
    /// Of the draw.
    public var seed: UInt64
    /// Of the labelled examples in a step; the draw is gone through again and again.
    public var batchSize: Int
    /// Steps at the beginning in which D learns from labelled examples alone, and G rests.
    public var firstSteps = 0
    /// Training examples that are held out, the same number of each class, and tested on in the place of the test set:
    /// to choose settings by. 0: none.
    public var validation = 0
  }

  /// How long a game is.
  public struct Duration: Codable, Sendable, Hashable {
    /// What a game's length is counted in.
    public enum Unit: String, Codable, Sendable, CaseIterable {
      /// Steps of the game, in each of which D moves once.
      case steps
      /// Passes through the real examples; only where these are counted.
      case epochs
    }
    /// So many of the unit.
    public var count: Int
    /// What is counted.
    public var unit: Unit
  }

  /// How often a run is measured, drawn, tested and saved.
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

extension Recipe {
  private enum CodingKeys: String, CodingKey {
    case name, summary, data, noise, generator, discriminator, objective, labels, updates, generatorSteps, products
    case convolutions
    case duration, batchSize, seed, output, automatic
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys) throws -> Value { try container.decode(Value.self, forKey: key) }
    name = try value(.name)
    summary = try value(.summary)
    data = try value(.data)
    noise = try value(.noise)
    generator = try value(.generator)
    discriminator = try value(.discriminator)
    objective = try value(.objective)
    labels = try value(.labels)
    techniques = try TechniqueSet(from: decoder)
    updates = try value(.updates)
    generatorSteps = try value(.generatorSteps)
    products = try value(.products)
    convolutions = try value(.convolutions)
    duration = try value(.duration)
    batchSize = try value(.batchSize)
    seed = try value(.seed)
    output = try value(.output)
    automatic = try value(.automatic)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(summary, forKey: .summary)
    try container.encode(data, forKey: .data)
    try container.encode(noise, forKey: .noise)
    try container.encode(generator, forKey: .generator)
    try container.encode(discriminator, forKey: .discriminator)
    try container.encode(objective, forKey: .objective)
    try container.encode(labels, forKey: .labels)
    try techniques.encode(to: encoder)
    try container.encode(updates, forKey: .updates)
    try container.encode(generatorSteps, forKey: .generatorSteps)
    try container.encode(products, forKey: .products)
    try container.encode(convolutions, forKey: .convolutions)
    try container.encode(duration, forKey: .duration)
    try container.encode(batchSize, forKey: .batchSize)
    try container.encode(seed, forKey: .seed)
    try container.encode(output, forKey: .output)
    try container.encode(automatic, forKey: .automatic)
  }
}
