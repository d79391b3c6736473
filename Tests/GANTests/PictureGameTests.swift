import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// Games of pictures: a step of them against PyTorch, and all techniques in one.
@Suite struct PictureGameTests {
  private func start<Model: Module>(_ network: Network<Model>, _ name: String, _ golden: [String: Tensor]) throws {
    let prefix = "\(name).start."
    try network.load(
      Dictionary(
        uniqueKeysWithValues: golden.filter { $0.key.hasPrefix(prefix) }.map {
          (String($0.key.dropFirst(prefix.count)), $0.value)
        }))
  }

  /// Adam's first step is rate g / (|g| + 1e-8), which an error of g changes by at most rate / 1e-8 = 3e4 times as
  /// much. Sums in another order leave 1e-15 in gradients of this size: 3e-11 in the parameters.
  private func expectEnd<Model: Module>(
    _ network: Network<Model>, _ name: String, _ golden: [String: Tensor],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for (key, value) in network.state {
      try expectClose(value, golden["\(name).end.\(key)"]!, 1e-9, "\(name) \(key)", sourceLocation)
    }
  }

  private func training() -> Training { Training(Adam(beta1: 0.5), learningRate: LearningRate(0.0003)) }

  /// Losses and all parameters after one step of both players.
  @Test func oneStepOfDCGANEqualsPyTorchs() throws {
    let golden = try Golden("picture_networks").tensors()
    let generator = try Network(DCGANGenerator(size: 16, channels: 3, latent: 5, width: 3), seed: 1, dtype: .float64)
    let discriminator = try Network(DCGANDiscriminator(size: 16, channels: 3, width: 3), seed: 1, dtype: .float64)
    try start(generator, "dcgan-step.generator", golden)
    try start(discriminator, "dcgan-step.discriminator", golden)
    let real = golden["dcgan-step.real"]!
    let trainer = Trainer(
      generator: generator, discriminator: discriminator, data: { _, _ in real }, noise: .normal(dimensions: 5),
      generatorTraining: training(), discriminatorTraining: training(), updates: .alternatingShared, steps: 1,
      random: RandomStream(seed: 5))
    let report = try #require(try trainer.next())
    let losses = Tensor(report.discriminatorLoss + report.generatorLoss)
    try expectClose(losses, golden["dcgan-step.losses"]!, 1e-9)
    try expectEnd(generator, "dcgan-step.generator", golden)
    try expectEnd(discriminator, "dcgan-step.discriminator", golden)
  }

  /// The paper's semi-supervised game on pictures, with dropout, labels, and feature matching for G.
  @Test func oneStepOfThePapersGameEqualsPyTorchs() throws {
    let golden = try Golden("picture_networks").tensors()
    let generator = try Network(ConvGenerator.published(latent: 5, widths: [6, 4]), seed: 1, dtype: .float64)
    let discriminator = try Network(ConvDiscriminator(outputs: 5, width: 4), seed: 1, dtype: .float64)
    try start(generator, "cifar-step.generator", golden)
    try start(discriminator, "cifar-step.discriminator", golden)
    let (real, examples) = (golden["cifar-step.real"]!, golden["cifar-step.labelled"]!)
    let labels = golden["cifar-step.labels"]!
    let trainer = Trainer(
      generator: generator, discriminator: discriminator, objective: SemiSupervised(),
      terms: [FeatureMatching(.releaseAbsolute)], data: { _, _ in real }, labelled: { _, _ in (examples, labels) },
      noise: .uniform(0, 1, dimensions: 5), generatorTraining: training(), discriminatorTraining: training(), steps: 1,
      random: RandomStream(seed: 5))
    let report = try #require(try trainer.next())
    let losses = Tensor(report.discriminatorLoss + report.generatorLoss + report.labelledLoss!)
    try expectClose(losses, golden["cifar-step.losses"]!, 1e-9)
    try expectEnd(generator, "cifar-step.generator", golden)
    try expectEnd(discriminator, "cifar-step.discriminator", golden)
  }

  private func batches(_ size: Int) -> Batches {
    { step, random in random.at(step).uniform([6, 1, size, size]) * 2 - 1 }
  }

  private func trainer<G: Generator, D: Discriminator>(_ g: G, _ d: D, size: Int) throws -> Trainer<G, D> {
    Trainer(
      generator: try Network(g, seed: 1), discriminator: try Network(d, seed: 2), objective: Logistic(realTarget: 0.9),
      terms: [FeatureMatching(.paper, replacesObjective: false)], data: batches(size), noise: .normal(dimensions: 4),
      generatorTraining: Training(
        Adam(beta1: 0.5), learningRate: LearningRate(2e-4), penalties: [HistoricalAveraging(weight: 0.1)]),
      discriminatorTraining: Training(
        Adam(beta1: 0.5), learningRate: LearningRate(2e-4), penalties: [HistoricalAveraging(weight: 0.1)]),
      steps: 4, random: RandomStream(seed: 3))
  }

  /// Feature matching, minibatch discrimination, historical averaging, label smoothing and virtual batch norm at once:
  /// every parameter moves, and a game that goes on from a state ends as the one that was never interrupted, the
  /// vectors of spectral norm and all.
  private func playsWithEveryTechnique<G: Generator, D: Discriminator>(
    size: Int, _ make: () -> (G, D), sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    func started() throws -> Trainer<G, D> {
      let (g, d) = make()
      return try trainer(g, d, size: size)
    }
    let whole = try started()
    let first = (whole.generator.state, whole.discriminator.state)
    var middle: [String: Tensor] = [:]
    while try whole.next() != nil { if whole.step == 2 { middle = whole.state } }
    let last = (try whole.generator.flat.values(), try whole.discriminator.flat.values())
    func expectMoved<Model: Module>(_ network: Network<Model>, _ first: [String: Tensor]) throws {
      for entry in network.summary where !entry.isFixed {
        let (before, after) = (first[entry.name]!, network.state[entry.name]!)
        #expect(try before.values() != after.values(), "\(entry.name)", sourceLocation: sourceLocation)
      }
    }
    try expectMoved(whole.generator, first.0)
    try expectMoved(whole.discriminator, first.1)
    let resumed = try started()
    try resumed.restore(middle)
    while try resumed.next() != nil {}
    #expect(try resumed.generator.flat.values() == last.0, sourceLocation: sourceLocation)
    #expect(try resumed.discriminator.flat.values() == last.1, sourceLocation: sourceLocation)
    #expect(
      try resumed.discriminator.fixed.values() == whole.discriminator.fixed.values(), sourceLocation: sourceLocation)
  }

  private func minibatch(_ features: Int) -> MinibatchDiscrimination {
    MinibatchDiscrimination(features, kernels: 3, dimensions: 2)
  }
  private var reference: ReferenceBatch { ReferenceBatch(5, of: .normal(dimensions: 4)) }

  @Test(arguments: DCGANDiscriminator.Normalization.allCases)
  func dcganPlaysWithEveryTechnique(_ normalization: DCGANDiscriminator.Normalization) throws {
    try playsWithEveryTechnique(size: 8) {
      (
        DCGANGenerator(
          size: 8, channels: 1, latent: 4, width: 8, normalization: .virtualBatch, reference: reference),
        DCGANDiscriminator(size: 8, channels: 1, width: 8, normalization: normalization, minibatch: minibatch)
      )
    }
  }

  @Test func thePapersPairPlaysWithEveryTechnique() throws {
    try playsWithEveryTechnique(size: 16) {
      (
        ConvGenerator.published(
          channels: 1, latent: 4, widths: [8, 8], normalization: .virtualBatch, reference: reference),
        ConvDiscriminator(
          channels: 1, outputs: 1, width: 4, inputDropout: 0, inputNoise: 0.2, minibatch: minibatch)
      )
    }
  }

  @Test func thePapersPairForImageNetPlaysWithEveryTechnique() throws {
    try playsWithEveryTechnique(size: 32) {
      (
        ConvGenerator(
          latent: 4, widths: [8, 8, 8, 8], channels: 1, normalization: .virtualBatch, outputStride: 1,
          reference: reference), ImageNetDiscriminator(size: 32, channels: 1, width: 2, minibatch: minibatch)
      )
    }
  }

  @Test func r3ganPlaysWithEveryTechnique() throws {
    try playsWithEveryTechnique(size: 8) {
      (
        R3GANGenerator(widths: [8, 8], channels: 1, latent: 4, groupWidth: 8),
        R3GANDiscriminator(widths: [8, 8], channels: 1, groupWidth: 8, minibatch: minibatch)
      )
    }
  }
}
