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
  let outputActivation: Activation

  init(_ settings: TutorialSettings) {
    let width = settings.discriminatorWidth
    hidden1 = Linear(1, width, weight: settings.weights)
    hidden2 = Linear(width, width, weight: settings.weights)
    minibatch = settings.minibatch.map {
      MinibatchDiscrimination(width, kernels: 5, dimensions: 3, reading: $0, weight: settings.minibatchWeights)
    }
    output = Linear(width + (minibatch?.kernels ?? 0), 1, weight: settings.weights)
    outputActivation = settings.discriminatorOutput
  }

  /// [..., N, 1] -> one logit each
  func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
    guard let minibatch else {
      let (logits, features) = denseChain(x, [hidden1, hidden2, output], [.tanh, .tanh, outputActivation])
      return Judgement(logits: logits, features: features)
    }
    let features = denseChainOutput(x, [hidden1, hidden2], [.tanh, .tanh])
    return Judgement(logits: outputActivation(output(minibatch(features, context))), features: features)
  }
}

struct TutorialGenerator: Generator {
  let hidden: [Linear]
  let output: Linear
  let hiddenActivation: Activation
  let outputActivation: Activation

  init(_ settings: TutorialSettings) {
    let widths = [1] + settings.generatorWidths
    hidden = zip(widths, widths.dropFirst()).map { Linear($0, $1, weight: settings.weights) }
    output = Linear(widths.last!, 1, weight: settings.weights)
    hiddenActivation = settings.generatorHidden
    outputActivation = settings.generatorOutput
  }

  /// [..., N, 1] -> [..., N, 1]
  func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    let activations = hidden.map { _ in hiddenActivation } + [outputActivation]
    return 5 * denseChainOutput(z, hidden + [output], activations)
  }
}

/// A game that is being played, for several seeds side by side.
struct TutorialGame {
  let discriminator: Network<TutorialDiscriminator>
  let generator: Network<TutorialGenerator>
  let trainer: Trainer<TutorialGenerator, TutorialDiscriminator>
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
    pretraining = DensityPretraining(
      density: settings.density.callAsFunction, range: settings.density.support, batchSize: settings.batchSize,
      steps: settings.pretrainingSteps)
    trainer = Trainer(
      generator: generator, discriminator: discriminator,
      objective: settings.objective,
      terms: settings.featureMatching.map { [FeatureMatching($0)] } ?? [],
      data: settings.density.batches(settings.batchSize, sorted: true),
      noise: noise,
      generatorTraining: settings.training(), discriminatorTraining: settings.training(),
      sharedTraining: settings.generatorStepMovesDiscriminator ? settings.training() : nil,
      steps: settings.steps, random: random.stream("game"))
  }

  /// Fits D to the density; returns the loss of every step for each seed.
  func pretrain(progress: (Int) -> Void) throws -> [[Double]] {
    try pretraining(
      discriminator, objective: settings.objective, training: settings.training(), random: random.stream("game"),
      progress: progress)
  }

  /// Plays to the end. `observe` sees every step, D and G as that step leaves them.
  func play(_ observe: (StepReport) throws -> Void) throws {
    while let report = try trainer.next() { try observe(report) }
  }
}
