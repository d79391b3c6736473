import Datasets
import GAN
import NN
import Settings

extension Recipe {
  private static func adam(_ learningRate: Double, beta1: Double = 0.5, declineFrom: Double = 1) -> Training {
    Training(
      rule: .adam, learningRate: learningRate, quarterlyDecay: 1, declineFrom: declineFrom, momentum: 0, beta1: beta1,
      beta2: 0.999, epsilon: 1e-8, epsilonPlace: .outsideRoot)
  }

  /// DCGAN as PyTorch's example plays it (Radford et al. 2016), on pictures of 32 x 32 pixels.
  static let dcgan32 = Recipe(
    name: "dcgan-32", summary: "CIFAR-10 without labels: DCGAN at 32 x 32, 25 epochs",
    data: Chosen(CIFAR10.Source()),
    noise: Noise(kind: .normal, dimensions: 100, low: 0, high: 1, jitter: 0),
    generator: Generator(
      network: Chosen(DCGANGenerator.Settings()),
      play: GeneratorPlay(averagingRate: 0, averagingStart: .parameters, training: adam(2e-4))),
    discriminator: Discriminator(
      network: Chosen(DCGANDiscriminator.Settings()),
      play: DiscriminatorPlay(
        noiseDeclineFrom: 1, noiseEnd: 0, initializationExamples: 64, pretrainingSteps: 0, averagingRate: 0,
        averagingStart: .zeroCorrected, training: adam(2e-4))),
    objective: Chosen(Logistic.Settings(realTarget: 1)),
    labels: Labels(count: 100, seed: 1, batchSize: 64), techniques: TechniqueSet(), updates: .alternating,
    products: .float32,
    duration: Duration(count: 25, unit: .epochs), batchSize: 64, seed: 1,
    output: Output(measurementInterval: 100, sampleInterval: 1000, evaluationInterval: 1000, checkpointInterval: 500))

  /// The published experiment on CIFAR-10 with few labels, setting by setting: table 2 of the paper, with its released code where
  /// the paper is silent.
  static let cifar10SemiSupervised = {
    var recipe = dcgan32
    recipe.name = "cifar10-semisupervised"
    recipe.summary = "CIFAR-10 with 4000 labels, as published: 1200 epochs"
    recipe.data = Chosen(CIFAR10.Source(pixels: .release))
    recipe.noise = Noise(kind: .uniform, dimensions: 100, low: 0, high: 1, jitter: 0)
    recipe.generator.network = Chosen(ConvGenerator.Settings())
    recipe.discriminator.network = Chosen(ConvDiscriminator.Settings())
    // Constant for two thirds of the run, then down to 0.
    let training = releaseAdam(3e-4, declineFrom: 2.0 / 3)
    (recipe.generator.training, recipe.discriminator.training) = (training, training)
    recipe.discriminator.initializationExamples = 500
    recipe.discriminator.averagingRate = 1e-4
    recipe.discriminator.averagingStart = .zero
    recipe.objective = Chosen(SemiSupervised.Settings(realTarget: 1))
    recipe.labels = Labels(count: 4000, seed: 1, batchSize: 100)
    recipe.techniques[FeatureMatching.Settings.self] = .init(role: .replaces, reading: .releaseAbsolute)
    recipe.duration = Duration(count: 1200, unit: .epochs)
    recipe.batchSize = 100
    recipe.output = Output(
      measurementInterval: 100, sampleInterval: 500, evaluationInterval: 500, checkpointInterval: 100)
    return recipe
  }()

  /// The release's Adam, its stabiliser inside the root.
  private static func releaseAdam(_ learningRate: Double, declineFrom: Double) -> Training {
    var training = adam(learningRate, declineFrom: declineFrom)
    training.epsilonPlace = .insideRoot
    return training
  }

  /// The published experiment whose samples the paper shows and scores: minibatch discrimination in the place of feature matching.
  static let cifar10Minibatch = {
    var recipe = cifar10SemiSupervised
    recipe.name = "cifar10-minibatch"
    recipe.summary = "CIFAR-10 with 4000 labels and minibatch discrimination, as published"
    recipe.discriminator.network = Chosen(ConvDiscriminator.Settings(width: 96, inputDropout: 0, inputNoise: 0.2))
    recipe.objective = Chosen(SemiSupervised.Settings(realTarget: 1, generatorLoss: .saturating))
    recipe.techniques[FeatureMatching.Settings.self] = .init()
    recipe.techniques[MinibatchDiscrimination.Settings.self] = .init(
      enabled: true, reading: .release, kernels: 100, dimensions: 5)
    recipe.generatorSteps = 3
    return recipe
  }()

  /// R3GAN's loss, penalties and schedules (Huang et al. 2024) with a pair of residual networks that two cores can train.
  static let r3gan32 = {
    var recipe = dcgan32
    recipe.name = "r3gan-32"
    recipe.summary = "CIFAR-10 without labels: a small R3GAN at 32 x 32, no normalisation, relativistic loss, R1 and R2"
    recipe.noise.dimensions = 64
    recipe.generator.network = Chosen(R3GANGenerator.Settings(widths: [128, 128, 96, 64], blocks: 1))
    recipe.discriminator.network = Chosen(R3GANDiscriminator.Settings(widths: [128, 128, 96, 64], blocks: 1))
    recipe.objective = Chosen(Relativistic.Settings())
    var training = adam(2e-4, beta1: 0)
    (training.cosineEnd, training.beta2, training.beta2End) = (0.25, 0.9, 0.99)
    (recipe.generator.training, recipe.discriminator.training) = (training, training)
    recipe.generator.averagingHalfLife = 20_000
    recipe.generator.averagingHalfLifeGrows = true
    recipe.techniques[GradientPenalty.Settings.self] = .init(real: 0.05, generated: 0.05, end: 0.1)
    recipe.duration.count = 10
    return recipe
  }()

}
