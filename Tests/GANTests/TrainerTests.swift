import Foundation
import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// The game as a whole: who moves when, along which gradient, and that a seed decides everything.
@Suite struct TrainerTests {
  struct SmallGenerator: Generator {
    let hidden = Linear(1, 8)
    let output = Linear(8, 1)
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor { output(tanh(hidden(z))) }
  }
  struct SmallDiscriminator: Discriminator {
    let noise = GaussianNoise(0.1)
    let hidden = Linear(1, 8)
    let output = Linear(8, 1)
    func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
      let h = tanh(hidden(noise(x, context)))
      return Judgement(logits: output(h), features: h)
    }
  }
  typealias Small = Trainer<SmallGenerator, SmallDiscriminator>

  func game(
    _ random: RandomStream, steps: Int = 30, terms: [any GeneratorTerm] = [], sharesTraining: Bool = false,
    data: Batches? = nil
  ) throws -> Small {
    func training() -> Training { Training(Adam(beta1: 0.5), learningRate: LearningRate(0.01)) }
    return Trainer(
      generator: try Network(SmallGenerator(), random: random.stream("G")),
      discriminator: try Network(SmallDiscriminator(), random: random.stream("D")), terms: terms,
      data: data ?? { step, random in random.at(step).normal([16, 1]) * 0.5 + 2 },
      noise: .uniform(-1, 1, dimensions: 1), generatorTraining: training(), discriminatorTraining: training(),
      sharedTraining: sharesTraining ? training() : nil, steps: steps, random: random.stream("game"))
  }

  func play(_ trainer: Small) throws -> (generator: [Float], discriminator: [Float], losses: [Double]) {
    var losses: [Double] = []
    while let report = try trainer.next() { losses += report.discriminatorLoss + report.generatorLoss }
    return (try trainer.generator.flat.values(), try trainer.discriminator.flat.values(), losses)
  }

  @Test func aSeedRepeatsToTheLastBitAndAnotherDiffers() throws {
    let one = try play(game(RandomStream(seed: 1)))
    let again = try play(game(RandomStream(seed: 1)))
    let other = try play(game(RandomStream(seed: 2)))
    #expect(one == again)
    #expect(one.generator != other.generator && one.discriminator != other.discriminator)
  }

  @Test func seedsSideBySideEqualSeedsOneByOne() throws {
    let together = try play(
      game(RandomStream(seeds: [1, 2]), steps: 20, terms: [FeatureMatching(replacesObjective: false)]))
    for (index, seed) in [1, 2].enumerated() {
      let alone = try play(
        game(RandomStream(seed: UInt64(seed)), steps: 20, terms: [FeatureMatching(replacesObjective: false)]))
      let count = alone.generator.count
      // 20 steps of length 0.01. Adam divides by the size of each element's own gradient: where it is a fortieth of the
      // largest, its rounding counts forty times.
      let ofGradients = RoundingBound(.float32, sums: [16, 8, 8], functions: 6, amplification: 40)
      try expectClose(
        Tensor(Array(together.generator[index * count..<(index + 1) * count])), Tensor(alone.generator),
        20 * 0.01 * ofGradients.ofTwo)
    }
  }

  /// Where G moves on what D was shown, a step draws and makes one batch where it would have made two.
  @Test func sharedExamplesAreMadeOnce() throws {
    func play(_ updates: Updates) throws -> (losses: [Double], draws: Int, moved: Bool) {
      var draws = 0
      let random = RandomStream(seed: 4)
      func training() -> Training { Training(Momentum(0), learningRate: LearningRate(0.05)) }
      let trainer = Trainer(
        generator: try Network(CountingGenerator { draws += 1 }, random: random.stream("G")),
        discriminator: try Network(SmallDiscriminator(), random: random.stream("D")),
        data: { step, random in random.at(step).normal([16, 1]) }, noise: .uniform(-1, 1, dimensions: 1),
        generatorTraining: training(), discriminatorTraining: training(), updates: updates, steps: 40,
        random: random.stream("game"))
      let before = try trainer.generator.flat.values(Float.self)
      var losses: [Double] = []
      while let report = try trainer.next() { losses += report.generatorLoss }
      return (losses, draws, try trainer.generator.flat.values(Float.self) != before)
    }
    let (alternating, shared) = (try play(.alternating), try play(.alternatingShared))
    #expect(alternating.draws == 80 && shared.draws == 40)
    #expect(alternating.losses != shared.losses && shared.losses.allSatisfy(\.isFinite) && shared.moved)
  }

  struct CountingGenerator: Generator {
    let output = Linear(1, 1)
    let count: () -> Void
    init(_ count: @escaping () -> Void) { self.count = count }
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
      count()
      return output(z)
    }
  }

  @Test func noiseFades() throws {
    let fade = LinearDecline(over: 10..<20, to: 0.25)
    #expect([0, 9, 10, 15, 20, 100].map { fade($0) } == [1, 1, 1, 0.625, 0.25, 0.25])
    #expect(LinearDecline.none(1_000_000) == 1)
    let layer = GaussianNoise(2)
    func drawn(_ scale: Double) throws -> [Float] {
      try layer(Tensor.zeros([9]), Context(.training, random: RandomStream(seed: 1), noiseScale: scale)).values()
    }
    #expect(try drawn(0.5) == drawn(1).map { $0 * 0.5 } && drawn(0) == [Float](repeating: 0, count: 9))
  }

  @Test func endsAfterItsSteps() throws {
    let trainer = try game(RandomStream(seed: 1), steps: 3)
    #expect(
      try [trainer.next()?.step, trainer.next()?.step, trainer.next()?.step, trainer.next()?.step] == [0, 1, 2, nil])
  }

  @Test func bothPlayersMove() throws {
    let trainer = try game(RandomStream(seed: 1), steps: 1)
    let before = (try trainer.generator.flat.values(), try trainer.discriminator.flat.values())
    _ = try trainer.next()
    #expect(try trainer.generator.flat.values() != before.0)
    #expect(try trainer.discriminator.flat.values() != before.1)
  }

  /// With feature matching in the objective's place, G follows the features alone: with real data equal to what the
  /// term sees, nothing else may move it.
  @Test func aReplacingTermReplacesAndAJoiningOneJoins() throws {
    struct Constant: GeneratorTerm {
      let replacesObjective: Bool
      func callAsFunction(real: Judgement, generated: Judgement) -> Tensor { (generated.logits * 0).sum() }
    }
    let replaced = try game(RandomStream(seed: 1), steps: 1, terms: [Constant(replacesObjective: true)])
    let before = try replaced.generator.flat.values()
    let report = try #require(try replaced.next())
    #expect(report.generatorLoss == [0])
    #expect(try replaced.generator.flat.values() == before)
    let joined = try game(RandomStream(seed: 1), steps: 1, terms: [Constant(replacesObjective: false)])
    let plain = try game(RandomStream(seed: 1), steps: 1)
    #expect(try joined.next()?.generatorLoss == plain.next()?.generatorLoss)
    #expect(try joined.generator.flat.values() == plain.generator.flat.values())
  }

  /// The tutorial's quirk: the optimiser of G's step moves D as well.
  @Test func sharedTrainingMovesTheDiscriminatorTwice() throws {
    let terms: [any GeneratorTerm] = [FeatureMatching(.tutorial)]
    let (quirk, plain) = (
      try game(RandomStream(seed: 1), steps: 1, terms: terms, sharesTraining: true),
      try game(RandomStream(seed: 1), steps: 1, terms: terms)
    )
    _ = (try quirk.next(), try plain.next())
    #expect(try quirk.generator.flat.values() == plain.generator.flat.values())
    #expect(try quirk.discriminator.flat.values() != plain.discriminator.flat.values())
  }

  /// An objective that compares pairs looks at real examples in G's step too, others do not.
  @Test func realExamplesAreDrawnForGWhereTheObjectiveComparesThem() throws {
    func draws(_ objective: any Objective, _ updates: Updates) throws -> Int {
      var draws = 0
      let random = RandomStream(seed: 4)
      func training() -> Training { Training(Momentum(0), learningRate: LearningRate(0.05)) }
      let trainer = Trainer(
        generator: try Network(SmallGenerator(), random: random.stream("G")),
        discriminator: try Network(SmallDiscriminator(), random: random.stream("D")), objective: objective,
        data: { step, random in
          draws += 1
          return random.at(step).normal([16, 1])
        }, noise: .uniform(-1, 1, dimensions: 1), generatorTraining: training(), discriminatorTraining: training(),
        updates: updates, steps: 2, random: random)
      while try trainer.next() != nil {}
      return draws
    }
    for updates in Updates.allCases {
      #expect(try draws(Logistic(), updates) == 2)
      #expect(try draws(Relativistic(), updates) == (updates == .simultaneous ? 2 : 4))
    }
  }

  /// One memory for two players would be the moments of neither.
  @Test func whatBelongsToOnePlayerIsRefusedInTwoPlaces() throws {
    func game(_ g: Training, _ d: Training, _ shared: Training? = nil) throws -> Small {
      let random = RandomStream(seed: 1)
      return Trainer(
        generator: try Network(SmallGenerator(), random: random.stream("G")),
        discriminator: try Network(SmallDiscriminator(), random: random.stream("D")),
        data: { step, random in random.at(step).normal([4, 1]) }, noise: .uniform(-1, 1, dimensions: 1),
        generatorTraining: g, discriminatorTraining: d, sharedTraining: shared, steps: 1, random: random)
    }
    let (adam, penalty, rate) = (Adam(), HistoricalAveraging(weight: 0.1), LearningRate(0.1))
    let one = Training(adam, learningRate: rate, penalties: [penalty])
    let error = #expect(throws: TrainerError.self) { try game(one, Training(adam, learningRate: rate)).next() }
    #expect(error?.description.contains("generatorTraining's optimizer") == true)
    #expect(error?.description.contains("discriminatorTraining's optimizer") == true)
    let again = #expect(throws: TrainerError.self) {
      try game(one, Training(Adam(), learningRate: rate, penalties: [HistoricalAveraging(weight: 1), penalty])).next()
    }
    #expect(again?.description.contains("discriminatorTraining's penalty 1") == true)
    #expect(throws: TrainerError.self) {
      try game(one, Training(Momentum(0), learningRate: rate), Training(adam, learningRate: rate)).next()
    }
    let players = try game(one, Training(Adam(), learningRate: rate), Training(Adam(), learningRate: rate))
    #expect(try players.next() != nil)
  }

  @Test func partsThatDoNotGoTogetherAreRefused() throws {
    let random = RandomStream(seed: 1)
    func game(_ labelled: LabelledBatches?, _ updates: Updates, _ shared: Training?) throws -> Small {
      func training() -> Training { Training(Adam(), learningRate: LearningRate(0.1)) }
      return Trainer(
        generator: try Network(SmallGenerator(), random: random),
        discriminator: try Network(SmallDiscriminator(), random: random),
        data: { _, _ in .zeros([4, 1]) }, labelled: labelled, noise: .normal(dimensions: 1),
        generatorTraining: training(), discriminatorTraining: training(), sharedTraining: shared, updates: updates,
        steps: 1, random: random)
    }
    let unlabelled = #expect(throws: TrainerError.self) {
      try game({ _, _ in (.zeros([4, 1]), .zeros([4], dtype: .int64)) }, .alternating, nil).next()
    }
    #expect(unlabelled?.description.contains("Logistic") == true)
    #expect(throws: TrainerError.self) {
      try game(nil, .simultaneous, Training(Adam(), learningRate: LearningRate(0.1))).next()
    }
  }

  /// D and G see as many generated examples as asked for, and as many real ones as there are.
  @Test(arguments: Updates.allCases) func generatedExamplesMayBeFewer(_ updates: Updates) throws {
    struct Counted: DiscriminatorTerm, GeneratorTerm {
      var replacesObjective: Bool { false }
      let record: (Int, Int) -> Void
      func callAsFunction(_ step: DiscriminatorStep) -> Tensor? {
        record(step.real.examples.size(0), step.generated.examples.size(0))
        return nil
      }
      func callAsFunction(real: Judgement, generated: Judgement) -> Tensor {
        record(real.features.size(0), generated.features.size(0))
        return .zeros([])
      }
    }
    var counts: [[Int]] = []
    let counted = Counted { counts.append([$0, $1]) }
    func game(_ objective: any Objective) throws -> Small {
      let random = RandomStream(seed: 1)
      func training() -> Training { Training(Adam(), learningRate: LearningRate(0.1)) }
      return Trainer(
        generator: try Network(SmallGenerator(), random: random),
        discriminator: try Network(SmallDiscriminator(), random: random), objective: objective, terms: [counted],
        discriminatorTerms: [counted], data: { _, random in random.normal([9, 1]) }, noise: .normal(dimensions: 1),
        generatorTraining: training(), discriminatorTraining: training(), updates: updates, steps: 1, random: random)
    }
    let few = try game(Logistic())
    few.generatedCount = 3
    _ = try few.next()
    #expect(counts == [[9, 3], [9, 3]])
    // A comparison of rows has no partner for six of them.
    for (objective, count, word) in [
      (Relativistic() as any Objective, 3, "Relativistic"), (Logistic(), 0, "0 generated"),
    ] {
      let refused = try game(objective)
      refused.generatedCount = count
      let error = #expect(throws: TrainerError.self) { try refused.next() }
      #expect(error?.description.contains(word) == true)
    }
  }

  /// A gradient whose square overflows leaves finite parameters that never move again: the step says so.
  @Test func anOverflowOfWhatAdamKeepsIsAFault() throws {
    let random = RandomStream(seed: 1)
    struct Huge: DiscriminatorTerm {
      func callAsFunction(_ step: DiscriminatorStep) -> Tensor? { step.real.judgement.logits.mean() * 1e25 }
    }
    func training() -> Training { Training(Adam(), learningRate: LearningRate(0.01)) }
    let trainer = Trainer(
      generator: try Network(SmallGenerator(), random: random.stream("G")),
      discriminator: try Network(SmallDiscriminator(), random: random.stream("D")), discriminatorTerms: [Huge()],
      data: { step, random in random.at(step).normal([16, 1]) }, noise: .uniform(-1, 1, dimensions: 1),
      generatorTraining: training(), discriminatorTraining: training(), steps: 1, random: random)
    let fault = #expect(throws: TrainingFault.self) { try trainer.next() }
    #expect(fault?.quantity == .memory && fault?.player == .discriminator)
    #expect(fault?.parameter == "hidden.weight")
    #expect(fault?.reason == "the discriminator's optimiser's memory of 'hidden.weight' is not finite")
    #expect(try trainer.discriminator.flat.isAllFinite())
  }

  /// Saving and restoring look at what an optimiser keeps once, however many tensors there are.
  @Test func aStateIsReadOnce() throws {
    final class Counting: Optimizer {
      let adam = Adam()
      var reads = 0
      var state: [String: Tensor] {
        reads += 1
        return adam.state
      }
      func step(_ parameters: Tensor, gradient: Tensor, learningRate: Double) throws {
        try adam.step(parameters, gradient: gradient, learningRate: learningRate)
      }
      func restore(_ state: [String: Tensor]) throws { try adam.restore(state) }
    }
    func first(_ optimizer: Counting) throws -> [Float] { try optimizer.adam.state["first"]!.values() }
    let (g, d, random) = (Counting(), Counting(), RandomStream(seed: 1))
    let trainer = Trainer(
      generator: try Network(SmallGenerator(), random: random.stream("G")),
      discriminator: try Network(SmallDiscriminator(), random: random.stream("D")),
      data: { step, random in random.at(step).normal([16, 1]) }, noise: .uniform(-1, 1, dimensions: 1),
      generatorTraining: Training(g, learningRate: LearningRate(0.01)),
      discriminatorTraining: Training(d, learningRate: LearningRate(0.01)), steps: 5, random: random)
    _ = try trainer.next()
    let state = trainer.state
    #expect(g.reads == 1 && d.reads == 1)
    let (before, moment) = (try trainer.generator.flat.values(Float.self), state["generator-optimizer.first"]!)
    _ = try trainer.next()
    #expect(try state["generator.hidden.weight"]!.values(Float.self) == Array(before[0..<8]), "a copy")
    #expect(try moment.values(Float.self) != first(g), "a copy")
    try trainer.restore(state)
    #expect(g.reads == 2 && d.reads == 2)
    #expect(try trainer.generator.flat.values(Float.self) == before)
    #expect(try moment.values(Float.self) == first(g))
  }

  @Test func aShapeThatDoesNotFitIsThrownByTheStep() throws {
    let trainer = try game(RandomStream(seed: 1), data: { _, _ in .zeros([16, 3]) })
    let error = #expect(throws: TensorError.self) { _ = try trainer.next() }
    #expect(error?.description.contains("[16, 3]") == true)
    #expect(trainer.step == 0)
  }

  @Test func pretrainingFitsADensity() throws {
    let random = RandomStream(seed: 1)
    let network = try Network(SmallDiscriminator(), random: random)
    let density: (Tensor) -> Tensor = { exp(square($0) * -0.5) * 0.4 }
    let pretraining = DensityPretraining(density: density, range: -3...3, batchSize: 100, steps: 400)
    let losses = try pretraining(
      network, objective: Logistic(), training: Training(Adam(), learningRate: LearningRate(0.01)), random: random)
    #expect(losses.count == 400)
    #expect(losses.suffix(20).map { $0[0] }.reduce(0, +) / 20 < losses[0][0] / 10)
  }

  /// A cycle between tensors, or a graph kept by mistake, would show as memory that grows with the steps.
  @Test func memoryDoesNotGrowOver20000Steps() throws {
    func resident() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      return Int(text.split(separator: " ")[1])! * 4096
    }
    guard FileManager.default.fileExists(atPath: "/proc/self/statm") else { return }
    let trainer = try game(RandomStream(seed: 1), steps: 22_000, terms: [FeatureMatching(replacesObjective: false)])
    while trainer.step < 2_000 { _ = try trainer.next() }
    let before = try resident()
    while try trainer.next() != nil {}
    let growth = try resident() - before
    print("resident memory grew by \(growth / 1024) KiB over 20 000 steps")
    // Other tests run in this process meanwhile; a leak of a single step's tensors (some 10 KiB each) would be 200 MB.
    #expect(growth < 64 << 20)
  }
}
