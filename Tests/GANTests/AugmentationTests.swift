import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// DiffAugment against the same changes written out image by image in PyTorch, and what augmentation does in the game.
@Suite struct AugmentationTests {
  @Test(arguments: ["color", "translation", "cutout", "all"]) func diffAugment(_ name: String) throws {
    let policies = DiffAugment.Policy(rawValue: name).map { [$0] } ?? DiffAugment.Policy.allCases
    try Golden("augmentations").check(name) { DiffAugment(Set(policies)).changed($0["x"]!, $0["draws"]!) }
  }

  /// A process that has part of a batch makes of it what another would have made.
  @Test func anImagesChangeDoesNotDependOnHowManyThereAre() throws {
    let x = RandomStream(seed: 1).normal([7, 3, 8, 10])
    let random = RandomStream(seed: 2)
    let (all, few) = (DiffAugment()(x, random), DiffAugment()(x.sliced(0, 0..<3), random))
    #expect(try all.sliced(0, 0..<3).values(Float.self) == few.values(Float.self))
    #expect(try DiffAugment()(x, random.at(1)).values(Float.self) != all.values(Float.self))
  }

  @Test func rowsAreChangedAsTheirImages() throws {
    let x = RandomStream(seed: 1).normal([5, 2 * 6 * 4]), random = RandomStream(seed: 2)
    let asRows = DiffAugment(imageShape: [2, 6, 4])(x, random)
    let asImages = DiffAugment()(x.reshaped([5, 2, 6, 4]), random)
    #expect(asRows.shape == [5, 48])
    #expect(try asRows.values(Float.self) == asImages.values(Float.self))
    // Seeds side by side: each as by itself, of rows of its own or shared.
    let seeds = RandomStream(seeds: [2, 3])
    let both = DiffAugment(imageShape: [2, 6, 4])(stacked([x, x], 0), seeds)
    let shared = DiffAugment(imageShape: [2, 6, 4])(x, seeds)
    #expect(both.shape == [2, 5, 48])
    #expect(try both.values(Float.self) == shared.values(Float.self))
    #expect(try both.sliced(0, 0..<1).values(Float.self) == asRows.values(Float.self))
  }

  /// Whatever the draw: a translation and a cutout move and take away, and add nothing.
  @Test func changesStayWithinTheirBounds() throws {
    let x = Tensor.ones([400, 1, 16, 24])
    let moved = try DiffAugment([.translation])(x, RandomStream(seed: 1)).sum(1, 2, 3).values(Double.self)
    // At most 2 of 16 rows and 3 of 24 columns leave.
    #expect(moved.allSatisfy { $0 >= 14 * 21 && $0 <= 16 * 24 })
    #expect(moved.min() == 294.0 && moved.max() == 384.0)
    let cut = try DiffAugment([.cutout])(x, RandomStream(seed: 1)).sum(1, 2, 3).values(Double.self)
    #expect(cut.allSatisfy { $0 >= 16 * 24 - 8 * 12 && $0 <= 16 * 24 - 4 * 6 })
    #expect(cut.min() == 288.0)
  }

  @Test func whatIsNoImageIsAnError() {
    for augmentation in [DiffAugment(), DiffAugment(imageShape: [1, 2, 2])] {
      #expect(throws: TensorError.self) {
        try checkingTensors { try augmentation(.zeros([4, 3]), RandomStream(seed: 1)).values(Float.self) }
      }
    }
  }

  private final class Recorder: Augmentation {
    var batches: [(values: Tensor, random: RandomStream)] = []
    let change: (Tensor, RandomStream) -> Tensor
    let changesLabelled: Bool
    init(changesLabelled: Bool = false, _ change: @escaping (Tensor, RandomStream) -> Tensor = { x, _ in x }) {
      self.change = change
      self.changesLabelled = changesLabelled
    }
    func callAsFunction(_ x: Tensor, _ random: RandomStream) -> Tensor {
      batches.append((x, random))
      return change(x, random)
    }
  }

  private func game(
    _ augmentation: (any Augmentation)?, _ updates: Updates, objective: any Objective = Logistic(),
    terms: [any DiscriminatorTerm] = [], labelled: LabelledBatches? = nil, steps: Int = 1
  ) throws -> Trainer<DenseGenerator, DenseDiscriminator> {
    let random = RandomStream(seed: 9)
    func training() -> Training { Training(Adam(beta1: 0.5), learningRate: LearningRate(0.01)) }
    return Trainer(
      generator: try Network(
        DenseGenerator(latent: 2, hidden: [4], outputs: 4, activation: .tanh, outputActivation: .identity),
        random: random.stream("G")),
      discriminator: try Network(
        DenseDiscriminator(inputs: 4, hidden: [6], outputs: labelled == nil ? 1 : 3, activation: .tanh),
        random: random.stream("D")),
      objective: objective, discriminatorTerms: terms, augmentation: augmentation,
      data: { step, random in random.at(step).normal([6, 4]) }, labelled: labelled, noise: .normal(dimensions: 2),
      generatorTraining: training(), discriminatorTraining: training(), updates: updates, steps: steps, random: random)
  }

  /// D's real and generated examples and G's: each batch with draws of its own; real ones in G's step where the
  /// objective looks at them.
  @Test(arguments: Updates.allCases) func everythingThatDSeesIsAugmented(_ updates: Updates) throws {
    let plain = Recorder(), paired = Recorder()
    _ = try game(plain, updates).next()
    _ = try game(paired, updates, objective: Relativistic()).next()
    #expect(plain.batches.count == (updates == .simultaneous ? 2 : 3))
    #expect(paired.batches.count == (updates == .simultaneous ? 2 : 4))
    #expect(Set(paired.batches.map(\.random)).count == paired.batches.count)
  }

  /// Labelled examples stay as they are unless the augmentation says otherwise; their draws are their own.
  @Test(arguments: Updates.allCases) func labelledExamplesAreChangedWhereItSaysSo(_ updates: Updates) throws {
    func loss(_ augmentation: Recorder) throws -> Double {
      let trainer = try game(
        augmentation, updates, objective: SemiSupervised(),
        labelled: { ($1.at($0).normal([5, 4]), Tensor((0..<5).map { Int64($0 % 3) })) })
      return try #require(try trainer.next()?.labelledLoss?[0])
    }
    func tenfold(_ x: Tensor, _: RandomStream) -> Tensor { x * 10 }
    let (none, others, all) = (Recorder(), Recorder(tenfold), Recorder(changesLabelled: true, tenfold))
    let plain = try loss(none)
    #expect(try loss(others) == plain)
    #expect(try loss(all) != plain)
    #expect(others.batches.allSatisfy { $0.values.shape == [6, 4] })
    #expect(all.batches.filter { $0.values.shape == [5, 4] }.count == 1)
    #expect(Set(all.batches.map(\.random)).count == all.batches.count)
  }

  /// One that changes nothing leaves a game's bytes alone; another does not.
  @Test(arguments: Updates.allCases) func theGameFollowsIt(_ updates: Updates) throws {
    func played(_ augmentation: (any Augmentation)?) throws -> [Float] {
      let trainer = try game(augmentation, updates, steps: 5)
      while try trainer.next() != nil {}
      return try trainer.generator.flat.values(Float.self) + trainer.discriminator.flat.values(Float.self)
    }
    #expect(try played(nil) == played(Recorder()))
    let changed = try played(DiffAugment(imageShape: [1, 2, 2]))
    #expect(try changed != played(nil))
    #expect(try changed == played(DiffAugment(imageShape: [1, 2, 2])))
  }

  /// R1 is the slope at the examples through the augmentation, with the draws that D's judgement had.
  @Test func aGradientPenaltyGoesThroughIt() throws {
    let tenfold = Recorder { x, random in x * 10 + random.uniform([6, 4]) }
    var slopes: [Double] = []
    struct Slope: DiscriminatorTerm {
      let record: (Tensor, Tensor) throws -> Void
      func callAsFunction(_ step: DiscriminatorStep) -> Tensor? {
        try? record(
          GradientPenalty(.real, weight: 2)(step)!,
          abs(step.real.judge(step.real.examples).logits - step.real.judgement.logits).max())
        return nil
      }
    }
    var gaps: [Double] = []
    _ = try game(
      tenfold, .alternating,
      terms: [
        Slope {
          slopes.append(try $0.item())
          gaps.append(try $1.item())
        }
      ]
    ).next()
    // The batch that the penalty saw, and the same as D saw it, without the augmentation.
    let seen = tenfold.change(tenfold.batches[0].values, tenfold.batches[0].random)
    let discriminator = try game(nil, .alternating).discriminator
    let x = seen.asVariable()
    let slope = gradient(
      of: twiceDifferentiable { discriminator.model(x, .evaluation).logits }, by: [x], createsGraph: true)[0]
    let expected = try square(slope).sum(-1).mean().item() * 100
    #expect(abs(slopes[0] - expected) < 1e-5 * expected)
    #expect(gaps[0] < 1e-5)
  }
}
