import Datasets
import Files
import Foundation
import GAN
import Metrics
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
  /// So many examples [count, width], chosen or drawn at random; of a set, different ones, and at most all.
  public let sample: (_ count: Int, _ random: RandomStream) -> Tensor
  /// What D may see the classes of, and batches of it; nil without a classifying objective.
  public let labelled: (draw: LabelDraw, batches: LabelledBatches)?
  /// K, where the examples have classes.
  public let classes: Int?
  /// A checksum of all examples and their classes; nil where they are drawn without end.
  public let fingerprint: String?

  /// Fresh points of the recipe's density or mixture; nil where its examples are read from files.
  public init?(points recipe: Recipe, device: Device) {
    if let density = recipe.data.source.density?.density {
      batches = density.batches(recipe.batchSize, sorted: recipe.pairsRows, device: device)
      sample = { density.sample($0, $1, device: device) }
      width = 1
    } else if let mixture = recipe.data.source.mixture {
      batches = mixture.batches(recipe.batchSize, device: device)
      sample = { mixture.sample($0, $1, device: device) }
      width = mixture.dimensions
    } else {
      return nil
    }
    labelled = nil
    classes = nil
    fingerprint = nil
    imageShape = nil
    stepsPerEpoch = nil
  }

  /// - Throws: ``RecipeError`` where there are fewer images than the batch, or the initialisation, asks for, or where the
  ///   labels cannot be drawn.
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
    classes = images.classes
    fingerprint = sha256(
      Data("\(images.shape) \(images.classes) ".utf8), Data(images.images), Data(images.labels))
    if recipe.objective.kind == .semiSupervised {
      do {
        let draw = try LabelDraw(
          recipe.labels.count, of: images.labels, classes: images.classes, seed: recipe.labels.seed)
        labelled = (draw, draw.batches(recipe.labels.batchSize, of: source.images))
      } catch let error as LabelDrawError {
        throw RecipeError(key: "labels.count", reason: error.description)
      }
    } else {
      labelled = nil
    }
    stepsPerEpoch = source.stepsPerEpoch
    sample = { count, random in
      let order = random.permutation(images.count)
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
  /// Of D's, for telling classes.
  public let discriminatorAverage: WeightAverage<DenseDiscriminator>?
  public let steps: Int
  private let seeds: [UInt64]?

  /// - Parameters:
  ///   - width: numbers per example.
  ///   - classes: K, which a classifying objective needs.
  ///   - seeds: of games side by side; that of the recipe alone where they are missing.
  public init(
    _ recipe: Recipe, width: Int, classes: Int?, stepsPerEpoch: Int?, seeds: [UInt64]? = nil, device: Device
  ) {
    self.recipe = recipe
    self.seeds = seeds
    let logits = recipe.objective.kind == .semiSupervised ? classes ?? 1 : 1
    let random = recipe.random(seeds)
    generator = Network(recipe.makeGenerator(outputs: width), random: random.stream("G"), device: device)
    discriminator = Network(
      recipe.makeDiscriminator(inputs: width, outputs: logits), random: random.stream("D"), device: device)
    average = Self.average(of: generator, recipe.generator.averagingRate, recipe.generator.averagingStart)
    discriminatorAverage = Self.average(
      of: discriminator, recipe.discriminator.averagingRate, recipe.discriminator.averagingStart)
    steps =
      switch recipe.duration.unit {
      case .steps: recipe.duration.count
      case .epochs: recipe.duration.count * (stepsPerEpoch ?? 1)
      }
  }

  private static func average<M>(of network: Network<M>, _ rate: Double, _ start: AverageStart) -> WeightAverage<M>? {
    rate > 0 ? WeightAverage(of: network, rate: rate, start: start) : nil
  }

  /// Moves the averages; to be called after every step.
  public func updateAverages() {
    average?.update()
    discriminatorAverage?.update()
  }

  /// A trainer at the start of the game; D's data-dependent layers are initialised on `examples`, and D is fitted to their
  /// density where the recipe asks for it.
  ///
  /// - Throws: `TensorError`.
  public func trainer(_ examples: RecipeExamples) throws -> Trainer<DenseGenerator, DenseDiscriminator> {
    try discriminator.initialize(
      on: checkingTensors {
        examples.sample(
          recipe.discriminator.initializationExamples, recipe.random(seeds).stream("initialization"))
      })
    if recipe.discriminator.pretrainingSteps > 0, let density = recipe.data.source.density?.density {
      _ = try DensityPretraining(
        density: density.callAsFunction, range: density.support, batchSize: recipe.batchSize,
        steps: recipe.discriminator.pretrainingSteps)(
          discriminator, objective: recipe.makeObjective(),
          training: recipe.discriminator.training.make(steps: steps, averagingWeight: 0),
          random: recipe.random(seeds).stream("game"))
    }
    return Trainer(
      generator: generator, discriminator: discriminator, objective: recipe.makeObjective(),
      terms: recipe.makeTerms(), discriminatorTerms: recipe.makeDiscriminatorTerms(), data: examples.batches,
      labelled: examples.labelled?.batches,
      noise: recipe.makeNoise(),
      generatorTraining: recipe.generator.training.make(
        steps: steps, averagingWeight: recipe.historicalAveraging.generator),
      discriminatorTraining: recipe.discriminator.training.make(
        steps: steps, averagingWeight: recipe.historicalAveraging.discriminator,
        noiseScale: recipe.discriminator.noiseScale(steps: steps)), updates: recipe.updates,
      productType: recipe.products == .bfloat16 ? .bfloat16 : .float32,
      steps: steps, random: recipe.random(seeds).stream("game"))
  }

  /// The first `count` examples that G, with its averaged weights if there are any, makes of the noise of `random`:
  /// [count, width], after a dimension over seeds where there are several.
  ///
  /// G sees whole batches of the recipe's size, since batch norm looks at the batch: an example of a small request is the
  /// same as in a large one.
  ///
  /// - Parameter averaged: whether by the averaged weights, where there are any.
  /// - Throws: `TensorError`.
  public func samples(_ count: Int, _ random: RandomStream, averaged: Bool = true) throws -> Tensor {
    guard averaged, let average else { return try generate(count, random) }
    return try generator.with(average.values) { try generate(count, random) }
  }

  private func generate(_ count: Int, _ random: RandomStream) throws -> Tensor {
    try checkingTensors {
      withoutGradient {
        let noise = recipe.makeNoise()
        let batches = (0..<max(1, (count + recipe.batchSize - 1) / recipe.batchSize)).map { batch in
          generator.model(noise(recipe.batchSize, random.at(batch), device: generator.flat.device), .evaluation)
        }
        return concatenated(batches, -2).sliced(-2, 0..<count)
      }
    }
  }

  /// D's logits of `examples`, without its noise: [N, K].
  ///
  /// - Parameter averaged: whether by the averaged weights, where there are any.
  /// - Throws: `TensorError`.
  public func logits(_ examples: Tensor, averaged: Bool) throws -> Tensor {
    func judge() throws -> Tensor {
      try checkingTensors {
        withoutGradient {
          // In parts, so that a large set needs no more memory than a small one.
          let count = examples.size(0)
          let parts = stride(from: 0, to: count, by: 2_000).map { first in
            discriminator.model(examples.sliced(0, first..<min(count, first + 2_000)), .evaluation).logits
          }
          return parts.count == 1 ? parts[0] : concatenated(parts, 0)
        }
      }
    }
    guard averaged, let discriminatorAverage else { return try judge() }
    return try discriminator.with(discriminatorAverage.values, judge)
  }

  /// How D judges `real` and as many examples that G makes of the noise of `random`, how the two batches differ, and which modes
  /// the generated ones have found, where the data are a mixture; without noise in D.
  ///
  /// - Parameters:
  ///   - averaged: whether G has its averaged weights, where there are any.
  ///   - compared: see `BatchSigns`.
  /// - Throws: `TensorError`.
  public func signs(_ real: Tensor, _ random: RandomStream, averaged: Bool = false, compared: Int = 256) throws
    -> (batch: BatchSigns, modes: ModeCoverage?, generated: Tensor)
  {
    let generated = try samples(real.size(0), random, averaged: averaged)
    return try checkingTensors {
      try withoutGradient {
        let objective = recipe.makeObjective()
        let (ofReal, ofGenerated) = (judge(real), judge(generated))
        let batch = try BatchSigns(
          probabilities: (objective.probability(ofReal.logits), objective.probability(ofGenerated.logits)),
          realTarget: recipe.objective.realTarget, features: (ofReal.features, ofGenerated.features),
          examples: (real, generated), compared: compared)
        let modes = try recipe.data.source.mixture.map {
          ModeCoverage(try generated.rows(), modes: $0.modes, standardDeviation: $0.standardDeviation)
        }
        return (batch, modes, generated)
      }
    }
  }
}

extension RecipeGame {
  /// D's judgement of `x`, in batches of the size that it was trained with, since minibatch discrimination looks at the batch; of
  /// as many examples as fill batches, or of all where they do not fill one.
  fileprivate func judge(_ x: Tensor) -> (logits: Tensor, features: Tensor) {
    let size = min(recipe.batchSize, x.size(0))
    let parts = (0..<x.size(0) / size).map {
      discriminator.model(x.sliced(0, $0 * size..<($0 + 1) * size), .evaluation)
    }
    return (concatenated(parts.map(\.logits), 0), concatenated(parts.map(\.features), 0))
  }
}

extension Tensor {
  /// The rows of a matrix.
  ///
  /// - Throws: `TensorError`.
  func rows() throws -> [[Double]] {
    let (values, width) = (try values(Double.self), size(-1))
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }
}

extension Recipe {
  /// The numbers of `seeds`' games side by side, or of the recipe's own.
  func random(_ seeds: [UInt64]?) -> RandomStream {
    seeds.map { RandomStream(seeds: $0) } ?? RandomStream(seed: seed)
  }

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

  func makeDiscriminator(inputs: Int, outputs: Int) -> DenseDiscriminator {
    let layer = minibatchDiscrimination
    return DenseDiscriminator(
      inputs: inputs, hidden: discriminator.hidden, outputs: outputs, activation: discriminator.activation,
      normalization: discriminator.normalization, inputNoise: discriminator.inputNoise,
      hiddenNoise: discriminator.hiddenNoise,
      minibatch: layer.enabled
        ? {
          GAN.MinibatchDiscrimination(
            $0, kernels: layer.kernels, dimensions: layer.dimensions, reading: layer.reading)
        } : nil,
      weights: discriminator.normalization == .weight ? .normal(standardDeviation: 0.1) : .glorotUniform)
  }

  func makeObjective() -> any GAN.Objective {
    switch objective.kind {
    case .logistic: Logistic(realTarget: objective.realTarget, generatorLoss: objective.generatorLoss)
    case .semiSupervised: SemiSupervised(realTarget: objective.realTarget, generatorLoss: objective.generatorLoss)
    }
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

extension Recipe {
  /// Checks what the machine has a say in.
  ///
  /// - Throws: ``RecipeError``: products in bfloat16 where there are none.
  public func validate(on device: Device) throws {
    guard products == .float32 || device.makesBFloat16Products else {
      throw RecipeError(
        key: "products",
        reason: "must be float32 on this machine: its \(device.rawValue) and libtorch make no products in bfloat16")
    }
  }

  func makeDiscriminatorTerms() -> [any DiscriminatorTerm] {
    var terms: [any DiscriminatorTerm] = []
    if consistency.weight > 0 { terms.append(ConsistencyRegularization(weight: consistency.weight)) }
    if marginalEntropy.weight > 0 { terms.append(GAN.MarginalEntropy(weight: marginalEntropy.weight)) }
    return terms
  }
}

extension Recipe.Training {
  func make(steps: Int, averagingWeight: Double, noiseScale: LinearDecline = .none) -> Training {
    let optimizer: any Optimizer =
      switch rule {
      case .adam: Adam(beta1: beta1, beta2: beta2, epsilon: epsilon, epsilonPlace: epsilonPlace)
      case .momentum: Momentum(momentum)
      }
    return Training(
      optimizer,
      learningRate: LearningRate(
        learningRate, factor: quarterlyDecay, every: (steps + 3) / 4,
        decline: declineFrom < 1 ? Int(declineFrom * Double(steps))..<steps : 0..<0),
      penalties: averagingWeight > 0 ? [HistoricalAveraging(weight: averagingWeight)] : [], noiseScale: noiseScale)
  }
}

extension Recipe.Discriminator {
  fileprivate func noiseScale(steps: Int) -> LinearDecline {
    noiseDeclineFrom < 1 ? LinearDecline(over: Int(noiseDeclineFrom * Double(steps))..<steps, to: noiseEnd) : .none
  }
}
