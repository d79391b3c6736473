import Datasets
import GAN
import NN
import Torch

// The tutorial's one-dimensional game: two small networks, an objective, a technique, a loop.

struct TutorialDiscriminator: Discriminator {
  let hidden1: Linear
  let hidden2: Linear
  let minibatch: MinibatchDiscrimination?
  let output: Linear
  let activation: Activation
  let outputActivation: Activation
  let inputNoise: GaussianNoise

  init(_ settings: TutorialSettings) {
    let width = settings.discriminatorWidth
    hidden1 = Linear(1, width, weight: settings.weights)
    hidden2 = Linear(width, width, weight: settings.weights)
    minibatch = settings.minibatch.map {
      MinibatchDiscrimination(
        width, kernels: settings.tuning.kernels, dimensions: settings.tuning.dimensions, reading: $0,
        scale: settings.tuning.similarityMean ? 1 / Double(settings.batchSize) : 1,
        weight: settings.minibatchWeights)
    }
    output = Linear(width + (minibatch?.kernels ?? 0), 1, weight: settings.weights)
    activation = settings.discriminatorHidden
    outputActivation = settings.discriminatorOutput
    inputNoise = GaussianNoise(settings.tuning.inputNoise)
  }

  /// [..., N, 1] -> one logit each
  func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
    let x = inputNoise(x, context)
    guard let minibatch else {
      let (logits, features) = denseChain(
        x, [hidden1, hidden2, output], [activation, activation, outputActivation])
      return Judgement(logits: logits, features: features)
    }
    let features = denseChainOutput(x, [hidden1, hidden2], [activation, activation])
    return Judgement(logits: outputActivation(output(minibatch(features, context))), features: features)
  }
}

struct TutorialGenerator: Generator {
  let hidden: [Linear]
  let output: Linear
  let hiddenActivation: Activation
  let outputActivation: Activation
  let scale: Double
  let addsNoise: Bool

  init(_ settings: TutorialSettings) {
    let widths = [1] + settings.generatorWidths
    hidden = zip(widths, widths.dropFirst()).map { Linear($0, $1, weight: settings.weights) }
    output = Linear(widths.last!, 1, weight: settings.weights)
    hiddenActivation = settings.generatorHidden
    outputActivation = settings.generatorOutput
    scale = settings.outputScale
    addsNoise = settings.tuning.generatorAddsNoise
  }

  /// [..., N, 1] -> [..., N, 1]
  func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    let activations = hidden.map { _ in hiddenActivation } + [outputActivation]
    let x = denseChainOutput(z, hidden + [output], activations) * scale
    return addsNoise ? z + x : x
  }
}

/// A game that is being played, for several seeds side by side.
struct TutorialGame {
  let discriminator: Network<TutorialDiscriminator>
  let generator: Network<TutorialGenerator>
  let trainer: Trainer<TutorialGenerator, TutorialDiscriminator>
  /// Of G's weights, where the settings have one.
  let average: WeightAverage<TutorialGenerator>?
  let pretraining: DensityPretraining
  let noise: Noise
  let settings: TutorialSettings
  let random: RandomStream

  /// - Throws: `TensorError`.
  init(_ settings: TutorialSettings, seeds: [UInt64]) throws {
    self.settings = settings
    noise = settings.noise.noise
    let random = RandomStream(seeds: seeds)
    self.random = random
    discriminator = try Network(TutorialDiscriminator(settings), random: random.stream("D"))
    generator = try Network(TutorialGenerator(settings), random: random.stream("G"))
    let first = try checkingTensors { settings.density.sample(settings.batchSize, random.stream("initialization")) }
    try discriminator.initialize(on: first)
    average = try settings.averages ? WeightAverage(of: generator, rate: settings.tuning.averagingRate) : nil
    pretraining = DensityPretraining(
      density: settings.density.callAsFunction, range: settings.pretrainingRange, batchSize: settings.batchSize,
      steps: settings.pretrainingSteps)
    trainer = Trainer(
      generator: generator, discriminator: discriminator,
      objective: settings.objective,
      terms: settings.featureMatching.map {
        [
          FeatureMatching(
            $0, weight: settings.tuning.matchingWeight, replacesObjective: !settings.tuning.matchingJoins)
        ]
      } ?? [],
      data: settings.density.batches(settings.batchSize, sorted: settings.preset != .sound),
      noise: noise,
      generatorTraining: settings.generatorTraining(), discriminatorTraining: settings.discriminatorTraining(),
      sharedTraining: settings.generatorStepMovesDiscriminator ? settings.discriminatorTraining() : nil,
      updates: settings.tuning.updates, steps: settings.steps, random: random.stream("game"))
  }

  /// Fits D to the density; returns the loss of every step for each seed.
  func pretrain(progress: (Int) throws -> Void) throws -> [[Double]] {
    try pretraining(
      discriminator, objective: settings.objective, training: settings.discriminatorTraining(),
      random: random.stream("game"),
      progress: progress)
  }

  /// What G makes of `z`, with the average of its weights where there is one.
  func generated(_ z: Tensor) -> Tensor {
    guard let average else { return generator.model(z, .evaluation) }
    return generator.with(average.values) { generator.model(z, .evaluation) }
  }

  /// Plays to the end. `observe` sees every step, D and G as that step leaves them.
  func play(_ observe: (StepReport) throws -> Void) throws {
    while let report = try trainer.next() {
      try average?.update()
      try observe(report)
    }
  }
}
