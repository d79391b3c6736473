import Settings
import Torch

/// One of the two players.
public enum Player: String, Sendable, CaseIterable {
  /// G, which makes examples, and D, which judges them.
  case generator, discriminator
}

/// What a technique's settings are checked against.
public struct GameFacts: Sendable {
  /// Real examples in a step.
  public let batchSize: Int
  /// Generated examples in a step.
  public let generatedBatchSize: Int
  /// Labelled examples in a step; nil where D tells no classes apart.
  public let labelledBatchSize: Int?
  /// How the game's networks want the examples of a batch.
  public let exampleLayout: ExampleLayout
  /// Whether the data are images, in whichever layout.
  public let hasImages: Bool
  /// Whether both networks can be told classes.
  public let takeClasses: Bool
  /// Whether real and generated examples come sorted, so that rows can be paired.
  public let canPairRows: Bool
  /// Whether an average of D's weights is kept.
  public let averagesDiscriminator: Bool

  /// - Parameters:
  ///   - batchSize: real examples in a step.
  ///   - generatedBatchSize: generated ones; nil for as many.
  ///   - labelledBatchSize: labelled examples in a step; nil where D tells no classes apart.
  ///   - hasImages: whether the data are images, in whichever layout.
  ///   - takeClasses: whether both networks can be told classes.
  ///   - canPairRows: whether both batches come sorted.
  ///   - averagesDiscriminator: whether an average of D's weights is kept.
  public init(
    batchSize: Int, generatedBatchSize: Int? = nil, labelledBatchSize: Int?, exampleLayout: ExampleLayout,
    hasImages: Bool, takeClasses: Bool,
    canPairRows: Bool, averagesDiscriminator: Bool = false
  ) {
    self.averagesDiscriminator = averagesDiscriminator
    self.batchSize = batchSize
    self.generatedBatchSize = generatedBatchSize ?? batchSize
    self.labelledBatchSize = labelledBatchSize
    self.exampleLayout = exampleLayout
    self.hasImages = hasImages
    self.takeClasses = takeClasses
    self.canPairRows = canPairRows
  }

  /// Whether D tells classes apart.
  public var tellsClasses: Bool { labelledBatchSize != nil }
}

extension SettingsCheck {
  /// Refuses a technique that asks for D's classes in a game in which D tells none.
  func classes(_ key: String, isOn: Bool, in game: GameFacts) throws(SettingsError) {
    guard isOn, !game.tellsClasses else { return }
    try fail(key, "must be 0 where D tells no classes: objective.kind is not semi-supervised")
  }

  /// Refuses to move images by as much as they are large.
  func shift(_ key: String, _ shift: Int, for example: ExampleShape) throws(SettingsError) {
    guard case .image(_, let height, let width) = example, shift >= min(height, width) else { return }
    try fail(key, "must be less than the sides of the images, \(height) x \(width), is \(shift)")
  }
}

/// What a recipe says of a technique, under a key of its own: one type per technique, in that technique's file, and one
/// line in ``TechniqueSet/kinds``. A game takes from it what it adds to which part.
public protocol TechniqueSettings: Codable, Hashable, Sendable {
  /// The recipe's key, such as `featureMatching`.
  static var key: String { get }
  /// Its settings, each with what it does.
  static var keys: [SettingsKey] { get }
  /// The technique switched off.
  init()
  /// Whether a game with these settings differs from one without the technique.
  var isOn: Bool { get }
  /// Whether it pairs the rows of real and generated batches, which must both be sorted then.
  var pairsRows: Bool { get }
  /// Whether an example's judgement depends on the others of its batch, which then needs two.
  var looksAtBatch: Bool { get }
  /// Whether both players are told the classes of what they make and judge.
  var tellsPlayersClasses: Bool { get }
  /// Checks the values, also of a technique that is off, and whether it goes with the game.
  ///
  /// - Throws: `SettingsError`.
  func validate(_ check: SettingsCheck, in game: GameFacts) throws
  /// Whether a technique that is on goes with such examples, which is not known before the data are opened.
  ///
  /// - Throws: `SettingsError`.
  func validate(_ check: SettingsCheck, for example: ExampleShape) throws

  /// Losses of G; asked for where the technique is on, as all that follow.
  func generatorTerms() -> [any GeneratorTerm]
  /// Losses of D.
  func discriminatorTerms() -> [any DiscriminatorTerm]
  /// The same where they change over the `steps` of the game.
  func discriminatorTerms(over steps: Int) -> [any DiscriminatorTerm]
  /// Of the training images as batches are made; a game has one at most.
  var imageAugmentation: ImageAugmentation { get }
  /// Of what D sees; a game has one at most.
  func augmentation(of example: ExampleShape) -> (any Augmentation)?
  /// Penalties on a player's own parameters.
  func penalties(on player: Player) -> [any ParameterPenalty]
  /// A layer of D after its last features.
  func minibatchLayer(_ features: Int) -> MinibatchDiscrimination?
}

extension TechniqueSettings {
  public var pairsRows: Bool { false }
  public var looksAtBatch: Bool { false }
  public var tellsPlayersClasses: Bool { false }
  public func generatorTerms() -> [any GeneratorTerm] { [] }
  public func discriminatorTerms() -> [any DiscriminatorTerm] { [] }
  public func discriminatorTerms(over steps: Int) -> [any DiscriminatorTerm] { discriminatorTerms() }
  public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {}
  public var imageAugmentation: ImageAugmentation { .none }
  public func augmentation(of example: ExampleShape) -> (any Augmentation)? { nil }
  public func penalties(on player: Player) -> [any ParameterPenalty] { [] }
  public func minibatchLayer(_ features: Int) -> MinibatchDiscrimination? { nil }
  fileprivate func equals(_ other: any TechniqueSettings) -> Bool { (other as? Self) == self }
}

/// Settings for every technique that there is, by its key; those that nobody has set are off.
public struct TechniqueSet: Codable, Hashable, Sendable {
  /// In the order in which a recipe lists them, and in which their losses are added up.
  public static let kinds: [any TechniqueSettings.Type] = [
    ConsistencyRegularization.Settings.self,
    MarginalEntropy.Settings.self,
    ConditionalEntropy.Settings.self,
    ManifoldRegularization.Settings.self,
    FeatureMatching.Settings.self,
    PullAway.Settings.self,
    MinibatchDiscrimination.Settings.self,
    HistoricalAveraging.Settings.self,
    GradientPenalty.Settings.self,
    DiffAugment.Settings.self,
    DataAugmentation.Settings.self,
    ClassConditional.Settings.self,
  ]

  private var settings: [any TechniqueSettings]

  /// All off.
  public init() { settings = Self.kinds.map { $0.init() } }

  /// - Precondition: the type is in ``kinds``.
  public subscript<Settings: TechniqueSettings>(_: Settings.Type) -> Settings {
    get { settings.lazy.compactMap { $0 as? Settings }.first! }
    set { settings[settings.firstIndex { $0 is Settings }!] = newValue }
  }

  /// All, in the order of ``kinds``.
  public var all: [any TechniqueSettings] { settings }
  /// Those that are on.
  public var active: [any TechniqueSettings] { settings.filter { $0.isOn } }

  public static func == (a: TechniqueSet, b: TechniqueSet) -> Bool {
    zip(a.settings, b.settings).allSatisfy { $0.equals($1) }
  }

  public func hash(into hasher: inout Hasher) {
    for one in settings { one.hash(into: &hasher) }
  }

  /// Reads those that are there; the others are off.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    settings = try Self.kinds.map { kind in
      let key = AnyKey(kind.key)
      return container.contains(key) ? try kind.init(from: container.superDecoder(forKey: key)) : kind.init()
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    for one in settings { try container.encode(one, forKey: AnyKey(type(of: one).key)) }
  }
}
