import GAN
import NN
import Settings
import Torch

/// A small game, the same in any number of processes.
struct SharedGame {
  let name: String
  var generator: any GeneratorSettings = DenseGenerator.Settings(hidden: [10, 9])
  var discriminator: any DiscriminatorSettings = DenseDiscriminator.Settings(hidden: [12, 8])
  var objective: any ObjectiveSettings = Logistic.Settings()
  var techniques: [any TechniqueSettings] = []
  var example = ExampleShape.vector(5)
  var batchSize = 8
  /// Generated examples in a step; nil for as many as real ones.
  var generated: Int?
  /// Steps with labelled examples alone, before the others.
  var labelledSteps = 0
  /// Labelled examples in a step, where D tells classes apart.
  var labelled: Int?
  /// Whether the players are told classes.
  var isConditional = false
  var updates = Updates.alternating
  var seeds: [UInt64] = []
  var noise = Noise.normal(dimensions: 4)
  /// Whether real examples come in order, and G makes one number each.
  var isSorted = false
  /// Whether G's step moves D as well.
  var sharesTraining = false
  /// The clamped game of the tutorial, which no recipe names.
  var isClamped = false
  var generatorSteps = 1
  /// Whether an average of D's weights is kept, for terms that ask it.
  var averagesDiscriminator = false
  /// Where a parameter changes nothing, as a number added to a relativistic D, its gradient is what rounding leaves,
  /// and Adam makes full steps of that.
  var usesMomentum = false

  private static let classes = 3
  private static let image = ExampleShape.image(channels: 2, height: 8, width: 8)

  /// Every network, objective and technique, and what they do to each other.
  static let all: [SharedGame] = {
    typealias Dense = DenseDiscriminator.Settings
    func minibatch(_ reading: MinibatchDiscrimination.Reading) -> MinibatchDiscrimination.Settings {
      MinibatchDiscrimination.Settings(enabled: true, reading: reading, kernels: 4, dimensions: 3)
    }
    func matching(_ reading: FeatureMatching.Reading) -> FeatureMatching.Settings {
      FeatureMatching.Settings(role: .replaces, reading: reading)
    }
    let noisy = Dense(hidden: [12, 8], normalization: .weight, inputNoise: 0.3, hiddenNoise: 0.5)
    let penalties = GradientPenalty.Settings(real: 1, generated: 0.5)
    var games = [
      SharedGame(name: "plain"),
      SharedGame(name: "uneven", batchSize: 7),
      SharedGame(name: "shared", updates: .alternatingShared),
      SharedGame(name: "simultaneous", updates: .simultaneous),
      SharedGame(name: "two seeds", discriminator: noisy, techniques: [minibatch(.paper)], seeds: [3, 4]),
      SharedGame(name: "three steps of G", generatorSteps: 3),
      SharedGame(
        name: "batch norm",
        generator: DenseGenerator.Settings(hidden: [10, 9], normalization: .batch, outputWeightNorm: true),
        batchSize: 9),
      SharedGame(
        name: "batch norm, simultaneous", generator: DenseGenerator.Settings(hidden: [10], normalization: .batch),
        updates: .simultaneous),
      SharedGame(
        name: "batch norm, shared", generator: DenseGenerator.Settings(hidden: [10], normalization: .batch),
        updates: .alternatingShared),
      SharedGame(
        name: "virtual batch norm", generator: DenseGenerator.Settings(hidden: [10], normalization: .virtualBatch)),
      SharedGame(name: "noise and weight norm", discriminator: noisy, batchSize: 7),
      SharedGame(name: "least squares", objective: LeastSquares.Settings()),
      SharedGame(name: "hinge", objective: Hinge.Settings()),
      SharedGame(name: "Wasserstein", objective: Wasserstein.Settings()),
      SharedGame(name: "relativistic", objective: Relativistic.Settings(), techniques: [penalties], usesMomentum: true),
      SharedGame(name: "label smoothing", objective: Logistic.Settings(realTarget: 0.9)),
      SharedGame(
        name: "clamped", isClamped: true),
      SharedGame(
        name: "tutorial", techniques: [matching(.tutorial), minibatch(.tutorial)], example: .vector(1), batchSize: 10,
        noise: .stratified(-8, 8, jitter: 0.01), isSorted: true, sharesTraining: true,
        usesMomentum: true),
      SharedGame(
        name: "historical averaging", techniques: [HistoricalAveraging.Settings(generator: 0.1, discriminator: 0.2)]),
      SharedGame(name: "penalties", techniques: [penalties]),
      SharedGame(name: "penalties and minibatch", techniques: [penalties, minibatch(.paper)], batchSize: 9),
      SharedGame(
        name: "semi-supervised", discriminator: noisy, objective: SemiSupervised.Settings(),
        techniques: [
          matching(.releaseSquared), MarginalEntropy.Settings(weight: 0.5),
          ConsistencyRegularization.Settings(weight: 0.3),
        ], batchSize: 9, labelled: 5),
      SharedGame(
        name: "semi-supervised, simultaneous", discriminator: noisy, objective: SemiSupervised.Settings(),
        techniques: [matching(.paper), MarginalEntropy.Settings(weight: 0.5)], labelled: 8, updates: .simultaneous),
      SharedGame(
        name: "semi-supervised with minibatch", discriminator: noisy, objective: SemiSupervised.Settings(),
        techniques: [minibatch(.release)], batchSize: 7, labelled: 7),
      SharedGame(
        name: "entropy, manifold and pull-away", discriminator: noisy, objective: SemiSupervised.Settings(),
        techniques: [
          ConditionalEntropy.Settings(weight: 0.3), ManifoldRegularization.Settings(weight: 0.5),
          PullAway.Settings(weight: 0.4), matching(.releaseSquared),
        ], batchSize: 9, labelled: 5),
      SharedGame(
        name: "DiffAugment on rows", techniques: [DiffAugment.Settings(policies: DiffAugment.Policy.allCases)],
        example: .image(channels: 1, height: 6, width: 6)),
      SharedGame(
        name: "DCGAN", generator: DCGANGenerator.Settings(width: 2),
        discriminator: DCGANDiscriminator.Settings(width: 2),
        techniques: [DiffAugment.Settings(policies: DiffAugment.Policy.allCases)], example: image, batchSize: 6),
      SharedGame(
        name: "DCGAN with penalties", generator: DCGANGenerator.Settings(width: 2),
        discriminator: DCGANDiscriminator.Settings(width: 2), techniques: [penalties, matching(.releaseAbsolute)],
        example: image, batchSize: 6),
      SharedGame(
        name: "DCGAN, virtual and spectral", generator: DCGANGenerator.Settings(width: 2, normalization: .virtualBatch),
        discriminator: DCGANDiscriminator.Settings(width: 2, normalization: .spectral), objective: Hinge.Settings(),
        example: image),
      SharedGame(
        name: "DCGAN of classes", generator: DCGANGenerator.Settings(width: 2),
        discriminator: DCGANDiscriminator.Settings(width: 2, normalization: .none),
        techniques: [ClassConditional.Settings(enabled: true)], example: image, batchSize: 5, isConditional: true),
      SharedGame(
        name: "published pictures", generator: ConvGenerator.Settings(widths: [8, 6]),
        discriminator: ConvDiscriminator.Settings(width: 4), objective: SemiSupervised.Settings(),
        techniques: [matching(.releaseAbsolute)], example: .image(channels: 3, height: 16, width: 16), batchSize: 6,
        labelled: 6),
      SharedGame(
        name: "published pictures with minibatch",
        generator: ConvGenerator.Settings(widths: [8, 6], normalization: .virtualBatch),
        discriminator: ConvDiscriminator.Settings(width: 4, inputDropout: 0, inputNoise: 0.2),
        objective: SemiSupervised.Settings(), techniques: [minibatch(.release)],
        example: .image(channels: 3, height: 16, width: 16), batchSize: 5, labelled: 5),
      SharedGame(
        name: "VGG, views", generator: ConvGenerator.Settings(widths: [8, 6]),
        discriminator: VGGDiscriminator.Settings(widths: [4, 6], convolutions: [2, 1]),
        objective: SemiSupervised.Settings(),
        techniques: [
          matching(.releaseAbsolute), ManifoldRegularization.Settings(weight: 0.2),
          ConsistencyRegularization.Settings(
            weight: 0.5, view: .own, shift: 2, mirrors: true, temperature: 0.5, confidence: 0.4),
          DiffAugment.Settings(policies: [.cutout]),
        ], example: .image(channels: 3, height: 16, width: 16), batchSize: 7, labelled: 5, updates: .simultaneous),
      SharedGame(
        name: "taught by the average", discriminator: noisy, objective: SemiSupervised.Settings(),
        techniques: [
          matching(.paper), ConsistencyRegularization.Settings(weight: 0.5, temperature: 0.5, teacher: .average),
        ], batchSize: 7, labelled: 5, averagesDiscriminator: true),
      SharedGame(
        name: "fewer generated, labelled augmented", generator: ConvGenerator.Settings(widths: [8, 6]),
        discriminator: VGGDiscriminator.Settings(widths: [4, 6], convolutions: [2, 1]),
        objective: SemiSupervised.Settings(),
        techniques: [
          matching(.releaseAbsolute), DiffAugment.Settings(policies: [.cutout], labelled: true),
        ], example: .image(channels: 3, height: 16, width: 16), batchSize: 8, generated: 4, labelled: 5,
        updates: .simultaneous),
      SharedGame(
        name: "labels first", discriminator: noisy, objective: SemiSupervised.Settings(),
        techniques: [matching(.paper)], batchSize: 7, labelledSteps: 3, labelled: 6),
      SharedGame(
        name: "fewer generated, alternating", objective: SemiSupervised.Settings(),
        techniques: [matching(.paper), MarginalEntropy.Settings(weight: 0.5)], batchSize: 8, generated: 4,
        labelled: 5),
      SharedGame(
        name: "R3GAN", generator: R3GANGenerator.Settings(widths: [8, 8], blocks: 1, groupWidth: 4),
        discriminator: R3GANDiscriminator.Settings(widths: [8, 8], blocks: 1, groupWidth: 4),
        objective: Relativistic.Settings(), techniques: [penalties], example: image, batchSize: 4,
        usesMomentum: true),
      SharedGame(
        name: "SNGAN", generator: SNGANGenerator.Settings(width: 2),
        discriminator: SNGANDiscriminator.Settings(width: 2),
        objective: Hinge.Settings(), example: image, batchSize: 6, usesMomentum: true),
      SharedGame(
        name: "ImageNet", generator: DCGANGenerator.Settings(width: 1),
        discriminator: ImageNetDiscriminator.Settings(width: 2), example: .image(channels: 3, height: 32, width: 32),
        batchSize: 9),
    ]
    // Its changes are of the data, and data are made row by row whoever makes them.
    games.append(
      SharedGame(name: "mirrored data", techniques: [DataAugmentation.Settings(mirrors: true)], batchSize: 6))
    return games
  }()

  /// The game in `group`, or by this process alone.
  func trainer(steps: Int, dtype: DType, rate: Double, _ group: ProcessGroup?) throws
    -> Trainer<AnyGenerator, AnyDiscriminator>
  {
    let random = seeds.isEmpty ? RandomStream(seed: 11) : RandomStream(seeds: seeds)
    let inRows = type(of: generator).layout == .rows
    let task = GeneratorTask(
      latent: noise.dimensions, example: example, classes: isConditional ? Self.classes : nil, noise: noise,
      batchSize: generated ?? batchSize)
    let layers = techniques.filter { $0.minibatchLayer(1) != nil }
    let judging = DiscriminatorTask(
      example: example, outputs: labelled == nil ? 1 : Self.classes, classes: isConditional ? Self.classes : nil,
      minibatch: layers.first.map { technique in { technique.minibatchLayer($0)! } })
    let g = try Network(AnyGenerator(generator.make(task)), random: random.stream("G"), dtype: dtype)
    let d = try Network(AnyDiscriminator(discriminator.make(judging)), random: random.stream("D"), dtype: dtype)

    /// This process's rows of a batch of `count`, by a stream for each step.
    func examples(_ count: Int, _ random: RandomStream, _ step: Int) -> Tensor {
      let rows = group?.rows(of: count) ?? 0..<count
      let shape = inRows ? [example.count] : example.dimensions
      if isSorted {
        let all = random.at(step).normal([count, 1], dtype: dtype).sortedValues(-2)
        return all.sliced(-2, rows)
      }
      return random.at(step).rows([rows]).normal([rows.count] + shape, dtype: dtype) * 0.5 + 0.25
    }
    func labels(_ count: Int, _ random: RandomStream, _ step: Int) -> Tensor {
      let rows = group?.rows(of: count) ?? 0..<count
      let draws = RandomStream(seed: 5).at(step).rows([rows]).uniform([rows.count])
      return (draws * Double(Self.classes)).clamped(0, Double(Self.classes - 1)).to(.int64)
    }
    func training(_ player: Player) -> Training {
      Training(
        usesMomentum ? Momentum(0.5) : Adam(beta1: 0.5), learningRate: LearningRate(rate),
        penalties: techniques.flatMap { $0.penalties(on: player) })
    }
    if !isConditional {
      try d.initialize(
        on: random.stream("first").normal([12] + (inRows ? [example.count] : example.dimensions), dtype: dtype))
    }
    if generator.takesFirstValuesFromNoise {
      try g.initialize(from: noise(12, random.stream("first noise"), dtype: dtype))
    }
    let terms = techniques.flatMap { $0.generatorTerms() }
    let discriminatorTerms = techniques.flatMap { $0.discriminatorTerms(over: steps) }
    let objective: any Objective = isClamped ? ClampedProbability() : self.objective.make()
    let augmentation = techniques.lazy.compactMap { $0.augmentation(of: example) }.first
    let trainer =
      isConditional
      ? Trainer(
        generator: g, discriminator: d, objective: objective, terms: terms, discriminatorTerms: discriminatorTerms,
        augmentation: augmentation,
        data: { (examples(batchSize, $1, $0), labels(batchSize, $1, $0)) }, classes: Self.classes, noise: noise,
        generatorTraining: training(.generator), discriminatorTraining: training(.discriminator), updates: updates,
        steps: steps, random: random)
      : Trainer(
        generator: g, discriminator: d, objective: objective, terms: terms, discriminatorTerms: discriminatorTerms,
        augmentation: augmentation, data: { examples(batchSize, $1, $0) },
        labelled: labelled.map { count in { (examples(count, $1, $0), labels(count, $1, $0)) } }, noise: noise,
        generatorTraining: training(.generator), discriminatorTraining: training(.discriminator),
        sharedTraining: sharesTraining ? training(.discriminator) : nil, updates: updates, steps: steps, random: random)
    trainer.generatorSteps = generatorSteps
    trainer.generatedCount = generated
    trainer.labelledSteps = labelledSteps
    if averagesDiscriminator {
      trainer.discriminatorAverage = try WeightAverage(of: d, rate: 0.3, start: .zeroCorrected)
    }
    if let group { try trainer.share(with: group, batchSize: batchSize, labelledBatchSize: labelled) }
    return trainer
  }
}
