import NN
import Settings
import Torch

/// The shape of one example of a game.
public enum ExampleShape: Hashable, Sendable {
  /// A row of so many numbers.
  case vector(Int)
  /// [channels, height, width]
  case image(channels: Int, height: Int, width: Int)

  /// Numbers per example.
  public var count: Int {
    switch self {
    case .vector(let count): count
    case .image(let channels, let height, let width): channels * height * width
    }
  }

  /// One row: what dense networks work on.
  public var flattened: ExampleShape { .vector(count) }

  /// Of one example: [F], or [C, H, W].
  public var dimensions: [Int] {
    switch self {
    case .vector(let count): [count]
    case .image(let channels, let height, let width): [channels, height, width]
    }
  }
}

/// How a network wants the examples of a batch.
public enum ExampleLayout: Sendable {
  /// [..., N, F]
  case rows
  /// [N, C, H, W]
  case images
}

/// What a game asks of its generator, beside that generator's own settings.
public struct GeneratorTask {
  /// Dimensions of z.
  public let latent: Int
  /// What it is to make.
  public let example: ExampleShape
  /// K where its examples are to be of a class that it is told (`Context/labels`), else nil.
  public let classes: Int?
  /// Draws the noise of virtual batch norm's reference batch.
  public let noise: Noise
  /// Rows of noise in a step, and in a reference batch.
  public let batchSize: Int

  /// - Parameters:
  ///   - latent: dimensions of z.
  ///   - classes: K where the network is to be told them.
  ///   - noise: draws the reference batch of virtual batch norm.
  ///   - batchSize: rows in a step, and in a reference batch.
  public init(latent: Int, example: ExampleShape, classes: Int? = nil, noise: Noise, batchSize: Int) {
    self.latent = latent
    self.example = example
    self.classes = classes
    self.noise = noise
    self.batchSize = batchSize
  }

  /// The reference batch for a network with virtual batch norm.
  public var reference: ReferenceBatch { ReferenceBatch(batchSize, of: noise) }
}

/// What a game asks of its discriminator, beside that discriminator's own settings.
public struct DiscriminatorTask {
  /// What it is to judge.
  public let example: ExampleShape
  /// Logits per example: 1, or one for each class that it tells apart.
  public let outputs: Int
  /// K where it is told the class of what it judges (`Context/labels`), else nil.
  public let classes: Int?
  /// Makes the layer of minibatch discrimination for so many features; nil without one.
  public let minibatch: ((_ features: Int) -> MinibatchDiscrimination)?

  /// - Parameters:
  ///   - outputs: logits per example: 1, or one for each class.
  ///   - classes: K where the network is to be told them.
  ///   - minibatch: makes the layer of minibatch discrimination for so many features.
  public init(
    example: ExampleShape, outputs: Int = 1, classes: Int? = nil,
    minibatch: ((_ features: Int) -> MinibatchDiscrimination)? = nil
  ) {
    self.example = example
    self.outputs = outputs
    self.classes = classes
    self.minibatch = minibatch
  }
}

/// What a recipe says of its generator's network: one type per kind of network, in that network's file, and one line in
/// ``GeneratorFamily``.
public protocol GeneratorSettings: Choice {
  /// What the network makes.
  static var layout: ExampleLayout { get }
  /// Whether the network can be told classes (`GeneratorTask/classes`).
  static var takesClasses: Bool { get }
  /// The network in a few words, such as "dense, 500, 500".
  var summary: String { get }
  /// Whether an example depends on the others of its batch, which then needs two.
  var looksAtBatch: Bool { get }
  /// What the outputs can be: a range, or nil for any number.
  var outputRange: ClosedRange<Double>? { get }
  /// Normalised by a reference batch (virtual batch normalisation) where `isOn`; nil where the network knows no such
  /// thing.
  func withVirtualBatchNorm() -> Self?
  /// Checks every value.
  ///
  /// - Throws: `SettingsError`.
  func validate(_ check: SettingsCheck) throws
  /// Whether a network of these settings can make such examples.
  ///
  /// - Throws: `SettingsError` naming the key that does not go with them.
  func validate(_ check: SettingsCheck, for example: ExampleShape) throws
  /// - Precondition: the settings are valid for `task`.
  func make(_ task: GeneratorTask) -> any Generator
  /// Whether layers take their first values from the examples that a batch of noise becomes
  /// (`Network.initialize(from:)`).
  var takesFirstValuesFromNoise: Bool { get }
}

extension GeneratorSettings {
  public static var takesClasses: Bool { false }
  public var takesFirstValuesFromNoise: Bool { false }
  public var outputRange: ClosedRange<Double>? { nil }
  public func withVirtualBatchNorm() -> Self? { nil }
  public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {}
}

/// What a recipe says of its discriminator's network: one type per kind of network, in that network's file, and one
/// line in ``DiscriminatorFamily``.
public protocol DiscriminatorSettings: Choice {
  /// What the network judges.
  static var layout: ExampleLayout { get }
  /// Whether the network can be told classes (`DiscriminatorTask/classes`).
  static var takesClasses: Bool { get }
  /// Whether its judgement of an example depends on the others of its batch, which then needs two.
  var looksAtBatch: Bool { get }
  /// The network in a few words, such as "dense, 500, 500".
  var summary: String { get }
  /// The noise of its own that it trains with, in words; nil for none.
  var noiseSummary: String? { get }
  /// Whether layers take their first values from real examples (`Network.initialize(on:)`).
  var takesFirstValuesFromData: Bool { get }
  /// An assignment that gives it such noise, such as `inputNoise=0.3`; nil where it has some, or knows none.
  var assignmentForNoise: String? { get }
  /// - Throws: `SettingsError`.
  func validate(_ check: SettingsCheck) throws
  /// Whether a network of these settings can judge such examples.
  ///
  /// - Throws: `SettingsError` naming the key that does not go with them.
  func validate(_ check: SettingsCheck, for example: ExampleShape) throws
  /// - Precondition: the settings are valid for `task`.
  func make(_ task: DiscriminatorTask) -> any Discriminator
}

extension DiscriminatorSettings {
  public static var takesClasses: Bool { false }
  public var looksAtBatch: Bool { false }
  public var noiseSummary: String? { nil }
  public var takesFirstValuesFromData: Bool { false }
  public var assignmentForNoise: String? { nil }
  public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {}
}

/// The generators that a recipe can name, under `generator.network`.
public enum GeneratorFamily: ChoiceFamily {
  public typealias Member = any GeneratorSettings
  public static let tag = "network"
  public static let kinds: [any Choice.Type] = [
    DenseGenerator.Settings.self, DCGANGenerator.Settings.self, ConvGenerator.Settings.self,
    R3GANGenerator.Settings.self,
    SNGANGenerator.Settings.self,
  ]
}

/// The discriminators that a recipe can name, under `discriminator.network`.
public enum DiscriminatorFamily: ChoiceFamily {
  public typealias Member = any DiscriminatorSettings
  public static let tag = "network"
  public static let kinds: [any Choice.Type] = [
    DenseDiscriminator.Settings.self, DCGANDiscriminator.Settings.self, ConvDiscriminator.Settings.self,
    ImageNetDiscriminator.Settings.self, R3GANDiscriminator.Settings.self,
    SNGANDiscriminator.Settings.self, VGGDiscriminator.Settings.self,
  ]
}
