import Files
import Foundation
import GAN
import Metrics
import NN
import Torch

/// A recipe brought to life: both networks, and the trainer that plays them.
public struct RecipeGame {
  /// What the game was made by.
  public let recipe: Recipe
  /// The shape of the data's examples.
  public let example: ExampleShape
  /// K, where the data have classes.
  public let classes: Int?
  /// G, whose weights the trainer changes in place.
  public let generator: Network<AnyGenerator>
  /// D, whose weights the trainer changes in place.
  public let discriminator: Network<AnyDiscriminator>
  /// Of G's weights, for samples, where the recipe asks for one; to be updated after every step.
  public let average: WeightAverage<AnyGenerator>?
  /// Of D's, for telling classes.
  public let discriminatorAverage: WeightAverage<AnyDiscriminator>?
  /// Steps of the whole game, however the recipe counts them.
  public let steps: Int
  private let seeds: [UInt64]?

  /// - Parameters:
  ///   - example: the shape of the data's examples.
  ///   - classes: K, which a classifying objective needs.
  ///   - seeds: of games side by side; that of the recipe alone where they are missing.
  /// - Throws: `NetworkError` or `TensorError` where the networks cannot be made, for want of memory or of the device.
  public init(
    _ recipe: Recipe, example: ExampleShape, classes: Int?, stepsPerEpoch: Int?, seeds: [UInt64]? = nil, device: Device
  ) throws {
    self.recipe = recipe
    self.example = example
    self.classes = classes
    self.seeds = seeds
    steps =
      switch recipe.duration.unit {
      case .steps: recipe.duration.count
      case .epochs: recipe.duration.count * (stepsPerEpoch ?? 1)
      }
    let random = recipe.random(seeds)
    generator = try Network(recipe.makeGenerator(example, classes: classes), random: random.stream("G"), device: device)
    discriminator = try Network(
      recipe.makeDiscriminator(example, classes: classes), random: random.stream("D"), device: device)
    let halfLife = recipe.generator.averagingHalfLife
    average =
      try halfLife > 0
      ? WeightAverage(
        of: generator,
        halfLife: recipe.generator.averagingHalfLifeGrows
          ? CosineSchedule(from: 0, to: halfLife, over: 0..<steps) : .constant(halfLife), batchSize: recipe.batchSize)
      : Self.average(of: generator, recipe.generator.averagingRate, recipe.generator.averagingStart)
    discriminatorAverage = try Self.average(
      of: discriminator, recipe.discriminator.averagingRate, recipe.discriminator.averagingStart)
  }

  private static func average<M>(of network: Network<M>, _ rate: Double, _ start: AverageStart) throws
    -> WeightAverage<M>?
  {
    try rate > 0 ? WeightAverage(of: network, rate: rate, start: start) : nil
  }

  /// Moves the averages; to be called after every step.
  ///
  /// - Throws: `TensorError`.
  public func updateAverages() throws {
    try average?.update()
    try discriminatorAverage?.update()
  }

  /// A trainer at the start of the game; D's data-dependent layers are initialised on `examples`, G's, where it has
  /// some, on a batch that it makes of noise, and D is fitted to their density where the recipe asks for it.
  ///
  /// - Parameter processes: those that play the game together, each of which calls this; nil for this one alone. All
  ///   begin alike: first values are a function of the recipe and the data.
  /// - Throws: `TensorError`; ``RecipeError`` where a batch has fewer examples than there are processes.
  public func trainer(_ examples: RecipeExamples, processes: ProcessGroup? = nil) throws
    -> Trainer<AnyGenerator, AnyDiscriminator>
  {
    let played = try examples.played(of: recipe, in: processes)
    let first = try checkingTensors {
      examples.sample(recipe.discriminator.initializationExamples, recipe.random(seeds).stream("initialization"))
    }
    // Networks that are told classes have no layers that take their first values from data.
    if !recipe.isConditional { try discriminator.initialize(on: first.examples) }
    if recipe.generator.network.settings.takesFirstValuesFromNoise {
      try generator.initialize(
        from: checkingTensors {
          recipe.makeNoise()(
            recipe.generatedBatchSize, recipe.random(seeds).stream("G's initialization"), device: generator.flat.device)
        })
    }
    if recipe.discriminator.pretrainingSteps > 0, let density = recipe.data.points?.density {
      _ = try DensityPretraining(
        density: density.callAsFunction, range: density.support, batchSize: recipe.batchSize,
        steps: recipe.discriminator.pretrainingSteps)(
          discriminator, objective: recipe.makeObjective(),
          training: recipe.discriminator.training.make(steps: steps),
          random: recipe.random(seeds).stream("game"))
    }
    let random = recipe.random(seeds).stream("game")
    let productType: DType = recipe.products == .bfloat16 ? .bfloat16 : .float32
    let trainer =
      if recipe.isConditional, let classes, let data = played.withClasses {
        Trainer(
          generator: generator, discriminator: discriminator, objective: recipe.makeObjective(),
          terms: recipe.makeGeneratorTerms(), discriminatorTerms: recipe.makeDiscriminatorTerms(steps: steps),
          augmentation: recipe.makeAugmentation(example), data: data, classes: classes, noise: recipe.makeNoise(),
          generatorTraining: recipe.makeGeneratorTraining(steps: steps),
          discriminatorTraining: recipe.makeDiscriminatorTraining(steps: steps), updates: recipe.updates,
          productType: productType, steps: steps, random: random)
      } else {
        Trainer(
          generator: generator, discriminator: discriminator, objective: recipe.makeObjective(),
          terms: recipe.makeGeneratorTerms(), discriminatorTerms: recipe.makeDiscriminatorTerms(steps: steps),
          augmentation: recipe.makeAugmentation(example), data: played.batches,
          labelled: played.labelled, noise: recipe.makeNoise(),
          generatorTraining: recipe.makeGeneratorTraining(steps: steps),
          discriminatorTraining: recipe.makeDiscriminatorTraining(steps: steps), updates: recipe.updates,
          productType: productType, steps: steps, random: random)
      }
    trainer.generatorSteps = recipe.generatorSteps
    trainer.labelledSteps = recipe.labels.firstSteps
    if recipe.generatedBatchSize != recipe.batchSize { trainer.generatedCount = recipe.generatedBatchSize }
    trainer.convolutions = recipe.convolutions
    trainer.discriminatorAverage = discriminatorAverage
    if let processes {
      try trainer.share(
        with: processes, batchSize: recipe.batchSize, labelledBatchSize: recipe.labels.batchSize)
    }
    return trainer
  }

  /// The first `count` examples that G, with its averaged weights if there are any, makes of the noise of `random`:
  /// [count, F], after a dimension over seeds where there are several; [count, C, H, W] where a network of the game
  /// works on images.
  ///
  /// G sees whole batches of the recipe's size, since batch norm looks at the batch: an example of a small request is
  /// the same as in a large one.
  ///
  /// - Parameter averaged: whether by the averaged weights, where there are any.
  /// - Throws: `TensorError`.
  public func samples(_ count: Int, _ random: RandomStream, averaged: Bool = true) throws -> Tensor {
    guard averaged, let average else { return try generate(count, random) }
    return try generator.with(average.values) { try generate(count, random) }
  }

  private func generate(_ count: Int, _ random: RandomStream) throws -> Tensor {
    let batches = try (0..<max(1, (count + recipe.generatedBatchSize - 1) / recipe.generatedBatchSize)).map {
      try generate(batch: $0, random)
    }
    return try checkingTensors {
      let dimension = recipe.layout == .images ? 0 : -2
      return concatenated(batches, dimension).sliced(dimension, 0..<count)
    }
  }

  /// Batch `batch` of those that ``samples(_:_:averaged:)`` draws of the same noise, whole: for many samples that need
  /// not be in memory at once.
  ///
  /// - Throws: `TensorError`.
  public func samples(batch: Int, _ random: RandomStream, averaged: Bool = true) throws -> Tensor {
    guard averaged, let average else { return try generate(batch: batch, random) }
    return try generator.with(average.values) { try generate(batch: batch, random) }
  }

  private func generate(batch: Int, _ random: RandomStream) throws -> Tensor {
    try withoutRecording {
      // In a game of classes, one of each in turn.
      generator.model(
        recipe.makeNoise()(recipe.generatedBatchSize, random.at(batch), device: generator.flat.device),
        labelled(classesInTurn(recipe.generatedBatchSize, from: batch * recipe.generatedBatchSize)))
    }
  }

  /// Runs networks outside of training: nothing is recorded, and convolutions are made as the recipe says.
  ///
  /// - Throws: `TensorError` naming the first operation that failed.
  func withoutRecording<Result>(_ body: () throws -> Result) throws -> Result {
    try checkingTensors { try withoutGradient { try withConvolutions(recipe.convolutions, body) } }
  }

  /// Examples [N, F] or [N, C, H, W] as this game's networks want them.
  public func arranged(_ examples: Tensor) -> Tensor {
    let areImages = examples.rank == 4
    switch recipe.layout {
    case .images: return areImages ? examples : examples.reshaped([-1] + example.dimensions)
    case .rows: return areImages ? examples.reshaped([-1, example.count]) : examples
    }
  }

  private var noImages: String { "the game of '\(recipe.name)' is one on points, not on images" }

  /// Samples or examples of a game on images as [N, C, H, W] with values in 0 ... 1.
  ///
  /// Poisoned where the recipe's data are points.
  public func asImages(_ examples: Tensor) -> Tensor {
    guard let bounds = recipe.data.images?.pixels.bounds else { return .failed(noImages) }
    let images = examples.reshaped([-1] + example.dimensions)
    return bounds == 0...1 ? images : (images - bounds.lowerBound) / (bounds.upperBound - bounds.lowerBound)
  }

  /// Images [N, C, H, W] with values in 0 ... 1 as the game's examples.
  ///
  /// Poisoned where the recipe's data are points.
  public func asExamples(_ images: Tensor) -> Tensor {
    guard let bounds = recipe.data.images?.pixels.bounds else { return .failed(noImages) }
    let values = bounds == 0...1 ? images : images * (bounds.upperBound - bounds.lowerBound) + bounds.lowerBound
    return arranged(values)
  }

  /// D's logits of `examples`, without its noise: [N, K].
  ///
  /// - Parameter averaged: whether by the averaged weights, where there are any.
  /// - Throws: `TensorError`.
  public func logits(_ examples: Tensor, averaged: Bool) throws -> Tensor {
    try logits(examples.size(0), averaged: averaged) { examples.sliced(0, $0) }
  }

  /// The same of `count` examples, of which as many as a range says are made at a time.
  func logits(_ count: Int, averaged: Bool, examples: (Range<Int>) -> Tensor) throws -> Tensor {
    try logits(parts(of: count), averaged: averaged, examples: examples)
  }

  /// Of so many examples as are judged at a time, so that a large set needs no more memory than a small one.
  func parts(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: 2_000).map { $0..<min(count, $0 + 2_000) }
  }

  /// Of the examples in `ranges`, each a batch of its own.
  func logits(_ ranges: [Range<Int>], averaged: Bool, examples: (Range<Int>) -> Tensor) throws -> Tensor {
    func judge() throws -> Tensor {
      try withoutRecording {
        let parts = ranges.map { discriminator.model(arranged(examples($0)), .evaluation).logits }
        return parts.count == 1 ? parts[0] : concatenated(parts, 0)
      }
    }
    guard averaged, let discriminatorAverage else { return try judge() }
    return try discriminator.with(discriminatorAverage.values, judge)
  }

  /// How D judges `real` and as many examples that G makes of the noise of `random`, how the two batches differ, and
  /// which modes the generated ones have found, where the data are a mixture; without noise in D.
  ///
  /// - Parameters:
  ///   - real: with their classes, in a game of classes.
  ///   - averaged: whether G has its averaged weights, where there are any.
  ///   - compared: see `BatchSigns`.
  /// - Returns: the generated examples as well, a row of numbers each.
  /// - Throws: `TensorError`.
  public func signs(
    _ real: (examples: Tensor, labels: Tensor?), _ random: RandomStream, averaged: Bool = false, compared: Int = 256
  ) throws -> (batch: BatchSigns, modes: ModeCoverage?, generated: Tensor) {
    let (real, labels) = real
    let generated = try samples(real.size(0), random, averaged: averaged)
    return try checkingTensors {
      try withoutGradient {
        let objective = recipe.makeObjective()
        let (ofReal, ofGenerated) = (judge(real, labels), judge(generated, classesInTurn(real.size(0))))
        let batch = try BatchSigns(
          probabilities: objective.probabilities(real: ofReal.logits, generated: ofGenerated.logits),
          realTarget: recipe.objective.settings.realTarget, features: (ofReal.features, ofGenerated.features),
          examples: (rows(of: real), rows(of: generated)), tolerance: tolerance, compared: compared)
        let modes = try recipe.data.points?.mixture.map {
          ModeCoverage(try generated.rows(), modes: $0.modes, standardDeviation: $0.standardDeviation)
        }
        return (batch, modes, rows(of: generated))
      }
    }
  }
}

extension RecipeGame {
  /// The distance up to which two pictures are the same to the eye: a hundredth of the pixels' range, root mean square,
  /// which is two to three grey levels. 0 for points.
  private var tolerance: Double {
    guard let bounds = recipe.data.images?.pixels.bounds else { return 0 }
    return 0.01 * (bounds.upperBound - bounds.lowerBound) * Double(example.count).squareRoot()
  }

  /// Examples as a row of numbers each.
  func rows(of examples: Tensor) -> Tensor {
    recipe.layout == .images ? examples.reshaped([-1, example.count]) : examples
  }

  /// D's judgement of `x`, in batches of the size that it was trained with, since minibatch discrimination looks at the
  /// batch; of as many examples as fill batches, or of all where they do not fill one.
  ///
  /// - Parameter labels: their classes, which matter in a game of classes only.
  fileprivate func judge(_ x: Tensor, _ labels: Tensor?) -> (logits: Tensor, features: Tensor) {
    let size = min(recipe.batchSize, x.size(0))
    let parts = (0..<x.size(0) / size).map { part in
      let rows = part * size..<(part + 1) * size
      return discriminator.model(
        x.sliced(0, rows), recipe.isConditional ? .evaluation(labels: labels?.sliced(0, rows)) : .evaluation)
    }
    return (concatenated(parts.map(\.logits), 0), concatenated(parts.map(\.features), 0))
  }
}

extension RecipeGame {
  /// Of a game of classes: 0, 1, ... and again from 0, for `count` examples of which the first has the number `first`.
  func classesInTurn(_ count: Int, from first: Int = 0) -> Tensor? {
    guard recipe.isConditional, let classes else { return nil }
    return Tensor((first..<first + count).map { Int64($0 % classes) }, device: generator.flat.device)
  }

  /// The context of examples of these classes.
  fileprivate func labelled(_ classes: Tensor?) -> Context { classes.map { .evaluation(labels: $0) } ?? .evaluation }
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
