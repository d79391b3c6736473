import Datasets
import GAN
import NN
import Torch

/// The real examples that a recipe plays against.
public struct RecipeExamples {
  public let batches: Batches
  /// Numbers per example.
  public let width: Int
  /// Channels, height and width; nil where the examples are no images.
  public let imageShape: [Int]?
  /// Nil where the examples are drawn without end.
  public let stepsPerEpoch: Int?
  /// A batch of the given size to initialise D on.
  public let first: (_ count: Int) -> Tensor

  /// Fresh points of a density.
  public init(density: TutorialDensity, recipe: Recipe, device: Device) {
    batches = density.density.batches(recipe.batchSize, device: device)
    width = 1
    imageShape = nil
    stepsPerEpoch = nil
    first = { count in
      density.density.sample(count, RandomStream(seed: recipe.seed).stream("initialization"), device: device)
    }
  }

  /// - Throws: ``RecipeError`` where there are fewer images than the batch, or the initialisation, asks for.
  public init(images: LabelledImages, recipe: Recipe, device: Device) throws {
    func require(_ key: String, _ needed: Int) throws {
      guard needed <= images.count else {
        throw RecipeError(key: key, reason: "must be at most \(images.count), the number of images, is \(needed)")
      }
    }
    try require("batchSize", recipe.batchSize)
    try require("discriminator.initializationExamples", recipe.discriminator.initializationExamples)
    imageShape = [images.channels, images.height, images.width]
    width = images.height * images.width * images.channels
    let source = ImageBatches(
      pixels: images.images, imageSize: width, batchSize: recipe.batchSize, device: device)
    batches = source.batches
    stepsPerEpoch = source.stepsPerEpoch
    first = { count in
      let order = RandomStream(seed: recipe.seed).stream("initialization").permutation(images.count)
      return source.images.selecting(0, Tensor(order.prefix(count).map(Int64.init), device: device))
    }
  }
}

/// A recipe brought to life: both networks, and the trainer that plays them.
public struct RecipeGame {
  public let recipe: Recipe
  public let generator: Network<DenseGenerator>
  public let discriminator: Network<DenseDiscriminator>
  /// Of G's weights, for samples, where the recipe asks for one; to be updated after every step.
  public let average: WeightAverage<DenseGenerator>?
  public let steps: Int

  /// - Parameter width: numbers per example.
  public init(_ recipe: Recipe, width: Int, stepsPerEpoch: Int?, device: Device) {
    self.recipe = recipe
    let random = RandomStream(seed: recipe.seed)
    generator = Network(recipe.makeGenerator(outputs: width), random: random.stream("G"), device: device)
    discriminator = Network(recipe.makeDiscriminator(inputs: width), random: random.stream("D"), device: device)
    let rate = recipe.generator.averagingRate
    average = rate > 0 ? WeightAverage(of: generator, rate: rate) : nil
    steps =
      switch recipe.duration.unit {
      case .steps: recipe.duration.count
      case .epochs: recipe.duration.count * (stepsPerEpoch ?? 1)
      }
  }

  /// A trainer at the start of the game; D's data-dependent layers are initialised on `examples`.
  ///
  /// - Throws: `TensorError`.
  public func trainer(_ examples: RecipeExamples) throws -> Trainer<DenseGenerator, DenseDiscriminator> {
    try discriminator.initialize(on: checkingTensors { examples.first(recipe.discriminator.initializationExamples) })
    return Trainer(
      generator: generator, discriminator: discriminator, objective: recipe.makeObjective(),
      terms: recipe.makeTerms(), data: examples.batches, noise: recipe.makeNoise(),
      generatorTraining: recipe.generator.training.make(steps: steps),
      discriminatorTraining: recipe.discriminator.training.make(steps: steps), steps: steps,
      random: RandomStream(seed: recipe.seed).stream("game"))
  }

  /// The first `count` examples that G, with its averaged weights if there are any, makes of the noise of `random`:
  /// [count, width].
  ///
  /// G sees whole batches of the recipe's size, since batch norm looks at the batch: an example of a small request is the
  /// same as in a large one.
  ///
  /// - Throws: `TensorError`.
  public func samples(_ count: Int, _ random: RandomStream) throws -> Tensor {
    guard let average else { return try generate(count, random) }
    return try generator.with(average.values) { try generate(count, random) }
  }

  private func generate(_ count: Int, _ random: RandomStream) throws -> Tensor {
    try checkingTensors {
      withoutGradient {
        let noise = recipe.makeNoise()
        let batches = (0..<max(1, (count + recipe.batchSize - 1) / recipe.batchSize)).map { batch in
          generator.model(noise(recipe.batchSize, random.at(batch), device: generator.flat.device), .evaluation)
        }
        return concatenated(batches, 0).sliced(0, 0..<count)
      }
    }
  }

  /// Mean D(x) over `real` and over as many generated examples, without noise in D.
  ///
  /// - Throws: `TensorError`.
  public func probabilities(_ real: Tensor, _ random: RandomStream) throws -> (real: Double, generated: Double) {
    let generated = try generate(real.size(0), random)
    return try checkingTensors {
      try withoutGradient {
        let objective = recipe.makeObjective()
        func mean(_ x: Tensor) throws -> Double {
          try objective.probability(discriminator.model(x, .evaluation).logits).mean().item()
        }
        return (try mean(real), try mean(generated))
      }
    }
  }
}

extension Recipe {
  func makeNoise() -> GAN.Noise {
    switch noise.kind {
    case .uniform: .uniform(noise.low, noise.high, dimensions: noise.dimensions)
    case .normal: .normal(dimensions: noise.dimensions)
    case .stratified: .stratified(noise.low, noise.high, jitter: noise.jitter)
    }
  }

  func makeGenerator(outputs: Int) -> DenseGenerator {
    DenseGenerator(
      latent: noise.dimensions, hidden: generator.hidden, outputs: outputs, activation: generator.activation,
      outputActivation: generator.outputActivation, normalization: generator.normalization,
      normalizesWeights: generator.outputWeightNorm, scale: generator.outputScale,
      reference: generator.normalization == .virtualBatch ? ReferenceBatch(batchSize, of: makeNoise()) : nil)
  }

  func makeDiscriminator(inputs: Int) -> DenseDiscriminator {
    let layer = minibatchDiscrimination
    return DenseDiscriminator(
      inputs: inputs, hidden: discriminator.hidden, activation: discriminator.activation,
      normalization: discriminator.normalization, inputNoise: discriminator.inputNoise,
      hiddenNoise: discriminator.hiddenNoise,
      minibatch: layer.enabled
        ? {
          GAN.MinibatchDiscrimination(
            $0, kernels: layer.kernels, dimensions: layer.dimensions, reading: layer.reading)
        } : nil,
      weights: discriminator.normalization == .weight ? .normal(standardDeviation: 0.1) : .glorotUniform)
  }

  func makeObjective() -> Logistic {
    Logistic(realTarget: objective.realTarget, generatorLoss: objective.generatorLoss)
  }

  func makeTerms() -> [any GeneratorTerm] {
    guard featureMatching.role != .none else { return [] }
    return [
      GAN.FeatureMatching(
        featureMatching.reading, weight: featureMatching.weight,
        replacesObjective: featureMatching.role == .replaces)
    ]
  }
}

extension Recipe.Training {
  func make(steps: Int) -> Training {
    let optimizer: any Optimizer =
      switch rule {
      case .adam: Adam(beta1: beta1, beta2: beta2, epsilon: epsilon, epsilonPlace: epsilonPlace)
      case .momentum: Momentum(momentum)
      }
    return Training(
      optimizer, learningRate: LearningRate(learningRate, factor: quarterlyDecay, every: (steps + 3) / 4))
  }
}
