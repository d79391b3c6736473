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

  private static func pictures(of size: Int) -> Chosen<DataFamily> {
    var settings = PictureSettings()
    settings.size = size
    return Chosen(PictureSource(settings))
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

  /// The same on pictures of 64 x 64 pixels, of your own.
  static let dcgan64 = {
    var recipe = dcgan32
    recipe.name = "dcgan-64"
    recipe.summary = "Your own pictures without labels: DCGAN at 64 x 64 as published, 25 epochs"
    recipe.data = pictures(of: 64)
    return recipe
  }()

  /// The published experiment on CIFAR-10 with few labels, setting by setting: table 2 of the paper, with its released
  /// code where the paper is silent.
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

  /// CIFAR-10 with few labels for a machine without a GPU: a seventh of the published D's work an image, and losses
  /// that let each image teach more. Docs/FewLabels.md says what each part is worth; settings were chosen by the errors
  /// on 5 000 training images held out.
  static let cifar10SemiSupervisedFast = {
    var recipe = cifar10SemiSupervised
    recipe.name = "cifar10-semisupervised-fast"
    recipe.summary = "CIFAR-10 with 4000 labels: small networks, labels first, consistency between views, 20 000 steps"
    recipe.generator.network = Chosen(ConvGenerator.Settings(widths: [128, 64, 32]))
    recipe.discriminator.network = Chosen(
      VGGDiscriminator.Settings(
        widths: [32, 96, 192, 256], convolutions: [2, 2, 2, 1], inputDropout: 0, hiddenDropout: 0.2))
    recipe.generator.training = releaseAdam(1e-3, declineFrom: 2.0 / 3)
    recipe.discriminator.training = releaseAdam(1e-3, declineFrom: 0.5)
    recipe.discriminator.averagingRate = 2e-3
    recipe.discriminator.averagingStart = .zeroCorrected
    recipe.objective = Chosen(SemiSupervised.Settings(realTarget: 1, unlabelledWeight: 0.2))
    recipe.labels.batchSize = 48
    // A quarter of a whole step's time each.
    recipe.labels.firstSteps = 2500
    recipe.techniques[ConsistencyRegularization.Settings.self] = .init(
      weight: 2, view: .own, shift: 3, mirrors: true, temperature: 0.5, confidence: 0.8)
    recipe.techniques[DiffAugment.Settings.self] = .init(policies: [.color, .cutout])
    recipe.techniques[DataAugmentation.Settings.self] = .init(mirrors: true, shift: 3)
    recipe.updates = .simultaneous
    recipe.duration = Duration(count: 20_000, unit: .steps)
    // Twice as many views for the time, with as good a game: `Docs/FewLabels.md`.
    recipe.batchSize = 128
    recipe.generator.batchSize = 24
    recipe.output = Output(
      measurementInterval: 100, sampleInterval: 1000, evaluationInterval: 500, checkpointInterval: 250)
    return recipe
  }()

  /// The same on SVHN, whose digits must not be mirrored.
  static let svhnSemiSupervisedFast = {
    var recipe = cifar10SemiSupervisedFast
    recipe.name = "svhn-semisupervised-fast"
    recipe.summary = "SVHN with 1000 labels: small networks, labels first, consistency between views, 20 000 steps"
    recipe.data = Chosen(SVHN.Source(pixels: .release))
    recipe.labels.count = 1000
    recipe.techniques[ConsistencyRegularization.Settings.self].mirrors = false
    recipe.techniques[DataAugmentation.Settings.self].mirrors = false
    return recipe
  }()

  /// The release's Adam, its stabiliser inside the root.
  private static func releaseAdam(_ learningRate: Double, declineFrom: Double) -> Training {
    var training = adam(learningRate, declineFrom: declineFrom)
    training.epsilonPlace = .insideRoot
    return training
  }

  /// The published experiment on SVHN: table 3 of the paper.
  static let svhnSemiSupervised = {
    var recipe = cifar10SemiSupervised
    recipe.name = "svhn-semisupervised"
    recipe.summary = "SVHN with 1000 labels, as published: 900 epochs"
    recipe.data = Chosen(SVHN.Source(pixels: .release))
    recipe.discriminator.network = Chosen(ConvDiscriminator.Settings(width: 64))
    recipe.labels.count = 1000
    recipe.duration.count = 900
    return recipe
  }()

  /// The published experiment whose samples the paper shows and scores: minibatch discrimination in the place of
  /// feature matching.
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

  /// The paper's networks for ImageNet at 128 x 128: virtual batch norm in G, minibatch features and label smoothing in
  /// D.
  static let imageNet128 = {
    var recipe = dcgan32
    recipe.name = "imagenet-128"
    recipe.summary = "Pictures of 128 x 128 by the paper's networks for ImageNet; made for machines with a GPU"
    recipe.data = pictures(of: 128)
    recipe.noise = Noise(kind: .uniform, dimensions: 8192, low: -1, high: 1, jitter: 0)
    recipe.generator.network = Chosen(
      ConvGenerator.Settings(
        widths: [512, 256, 128, 64, 64, 64], normalization: .virtualBatch, outputWeightNorm: false, outputStride: 1))
    recipe.discriminator.network = Chosen(ImageNetDiscriminator.Settings())
    (recipe.generator.training, recipe.discriminator.training) = (adam(4e-4), adam(4e-4))
    recipe.objective = Chosen(Logistic.Settings(realTarget: 0.75))
    recipe.techniques[MinibatchDiscrimination.Settings.self] = .init(
      enabled: true, reading: .release, kernels: 300, dimensions: 50)
    return recipe
  }()

  /// R3GAN's loss, penalties and schedules (Huang et al. 2024) with a pair of residual networks that two cores can
  /// train.
  static let r3gan32 = {
    var recipe = dcgan32
    recipe.name = "r3gan-32"
    recipe.summary = "CIFAR-10 without labels: a small R3GAN at 32 x 32, no normalisation, relativistic loss, R1 and R2"
    recipe.noise.dimensions = 64
    recipe.generator.network = Chosen(R3GANGenerator.Settings(widths: [64, 64, 32, 32], blocks: 1))
    recipe.discriminator.network = Chosen(R3GANDiscriminator.Settings(widths: [64, 64, 32, 32], blocks: 1))
    recipe.objective = Chosen(Relativistic.Settings())
    var training = adam(5e-4, beta1: 0)
    (training.cosineEnd, training.beta2, training.beta2End) = (0.25, 0.9, 0.99)
    (recipe.generator.training, recipe.discriminator.training) = (training, training)
    recipe.generator.averagingHalfLife = 20_000
    recipe.generator.averagingHalfLifeGrows = true
    recipe.techniques[GradientPenalty.Settings.self] = .init(
      real: 0.05, generated: 0.05, interval: 4, end: 0.1)
    recipe.batchSize = 32
    recipe.duration.count = 6
    return recipe
  }()

  /// What we recommend for a folder of your own: size, augmentation and length are chosen by the number of pictures.
  static let pictures = {
    var recipe = dcgan64
    recipe.name = "pictures"
    recipe.summary = "A folder of your own pictures: size, augmentation and length chosen by their number"
    recipe.generator.network = Chosen(DCGANGenerator.Settings(width: 32))
    recipe.discriminator.network = Chosen(DCGANDiscriminator.Settings(width: 32, normalization: .spectral))
    recipe.objective = Chosen(Hinge.Settings())
    let training = adam(2e-4, beta1: 0)
    (recipe.generator.training, recipe.discriminator.training) = (training, training)
    recipe.generator.averagingHalfLife = 10_000
    recipe.techniques[DiffAugment.Settings.self] = .init(policies: DiffAugment.Policy.allCases)
    recipe.batchSize = 32
    recipe.duration = Duration(count: 4_000, unit: .steps)
    recipe.output.sampleInterval = 500
    recipe.automatic = AutomaticKey.allCases
    return recipe
  }()
}
