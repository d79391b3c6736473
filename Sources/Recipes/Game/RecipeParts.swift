import Datasets
import GAN
import NN
import Settings
import Torch

// The parts of a game, made as its recipe says.

extension Recipe {
  /// The numbers of `seeds`' games side by side, or of the recipe's own.
  func random(_ seeds: [UInt64]?) -> RandomStream {
    seeds.map { RandomStream(seeds: $0) } ?? RandomStream(seed: seed)
  }

  /// How the game holds its examples: as images where they are such and a player's network wants them so.
  var layout: ExampleLayout {
    data.images != nil
      && (type(of: generator.network.settings).layout == .images
        || type(of: discriminator.network.settings).layout == .images)
      ? .images : .rows
  }

  /// The kind of noise that z is.
  public func makeNoise() -> GAN.Noise {
    switch noise.kind {
    case .uniform: .uniform(noise.low, noise.high, dimensions: noise.dimensions)
    case .normal: .normal(dimensions: noise.dimensions)
    case .stratified: .stratified(noise.low, noise.high, jitter: noise.jitter)
    }
  }

  /// - Parameters:
  ///   - example: one of the data's.
  ///   - classes: K, where the data have classes.
  func makeGenerator(_ example: ExampleShape, classes: Int?) -> AnyGenerator {
    let settings = generator.network.settings
    let task = GeneratorTask(
      latent: noise.dimensions, example: example, classes: isConditional ? classes : nil, noise: makeNoise(),
      batchSize: generatedBatchSize)
    let isReshaped = layout == .images && type(of: settings).layout == .rows
    return AnyGenerator(settings.make(task), asImages: isReshaped ? example.dimensions : nil)
  }

  /// - Parameters:
  ///   - example: one of the data's.
  ///   - classes: K, where D tells classes apart.
  func makeDiscriminator(_ example: ExampleShape, classes: Int?) -> AnyDiscriminator {
    let settings = discriminator.network.settings
    let layers = techniques.active.filter { $0.minibatchLayer(1) != nil }
    let task = DiscriminatorTask(
      example: example, outputs: tellsClasses ? classes ?? 1 : 1, classes: isConditional ? classes : nil,
      minibatch: layers.first.map { technique in { technique.minibatchLayer($0)! } })
    return AnyDiscriminator(
      settings.make(task), flattens: layout == .images && type(of: settings).layout == .rows)
  }

  /// What the players minimise.
  public func makeObjective() -> any GAN.Objective { objective.settings.make() }

  func makeGeneratorTerms() -> [any GeneratorTerm] { techniques.active.flatMap { $0.generatorTerms() } }

  func makeDiscriminatorTerms(steps: Int) -> [any DiscriminatorTerm] {
    techniques.active.flatMap { $0.discriminatorTerms(over: steps) }
  }

  /// Of the training images, by the first technique that has one.
  var imageAugmentation: ImageAugmentation {
    techniques.active.lazy.map(\.imageAugmentation).first { $0 != .none } ?? .none
  }

  func makeAugmentation(_ example: ExampleShape) -> (any Augmentation)? {
    techniques.active.lazy.compactMap { $0.augmentation(of: example) }.first
  }

  /// How G is trained over so many steps.
  func makeGeneratorTraining(steps: Int) -> GAN.Training {
    generator.training.make(steps: steps, penalties: techniques.active.flatMap { $0.penalties(on: .generator) })
  }

  /// How D is trained over so many steps.
  func makeDiscriminatorTraining(steps: Int) -> GAN.Training {
    let start = discriminator.noiseDeclineFrom
    return discriminator.training.make(
      steps: steps, penalties: techniques.active.flatMap { $0.penalties(on: .discriminator) },
      noiseScale: start < 1
        ? LinearDecline(over: Int(start * Double(steps))..<steps, to: discriminator.noiseEnd) : .none)
  }
}

extension Recipe.Training {
  func make(steps: Int, penalties: [any ParameterPenalty] = [], noiseScale: LinearDecline = .none) -> GAN.Training {
    let optimizer: any Optimizer =
      switch rule {
      case .adam:
        Adam(
          beta1: beta1,
          beta2: beta2End > 0 ? CosineSchedule(from: beta2, to: beta2End, over: 0..<steps) : .constant(beta2),
          epsilon: epsilon, epsilonPlace: epsilonPlace)
      case .momentum: Momentum(momentum)
      }
    return GAN.Training(
      optimizer,
      learningRate: cosineEnd < 1
        ? LearningRate(CosineSchedule(from: learningRate, to: learningRate * cosineEnd, over: 0..<steps))
        : LearningRate(
          learningRate, factor: quarterlyDecay, every: (steps + 3) / 4,
          decline: declineFrom < 1 ? Int(declineFrom * Double(steps))..<steps : 0..<0),
      penalties: penalties, noiseScale: noiseScale)
  }
}
