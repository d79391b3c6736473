import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// Games of classes: which labels reach which player.
@Suite struct ClassConditionalTests {
  final class Log {
    var generator: [[Int64]] = []
    var discriminator: [(labels: [Int64], rows: [Float])] = []
  }
  /// Makes an example whose first number is its class.
  struct Maker: Generator {
    let layer = Linear(1, 1)
    let log: Log
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
      let labels = context.labels!
      log.generator.append(try! labels.values(Int64.self))
      return concatenated([labels.to(.float32).unsqueezed(-1), layer(z)], -1)
    }
  }
  struct Critic: Discriminator {
    let layer = Linear(2, 1)
    let log: Log
    func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
      let classes = context.labels!
      log.discriminator.append((try! classes.values(Int64.self), try! x.sliced(1, 0..<1).values(Float.self)))
      return Judgement(logits: tanh(layer(x)) + classes.to(.float32).unsqueezed(-1), features: x)
    }
  }

  private func game(
    _ updates: Updates, _ log: Log, terms: [any DiscriminatorTerm] = [], classes: Int = 3, batch: Int = 12,
    steps: Int = 2
  ) throws -> Trainer<Maker, Critic> {
    let random = RandomStream(seed: 6)
    func training() -> Training { Training(Adam(beta1: 0.5), learningRate: LearningRate(0.01)) }
    return Trainer(
      generator: try Network(Maker(log: log), random: random.stream("G")),
      discriminator: try Network(Critic(log: log), random: random.stream("D")), objective: Relativistic(),
      discriminatorTerms: terms,
      data: { step, random in
        // Each real example has its class for its first number.
        let labels = (random.at(step).uniform([batch]) * 3).to(.int64)
        let examples = concatenated([labels.to(.float32).unsqueezed(-1), random.at(step).normal([batch, 1])], -1)
        return (examples, labels)
      }, classes: classes, noise: .normal(dimensions: 1), generatorTraining: training(),
      discriminatorTraining: training(), updates: updates, steps: steps, random: random)
  }

  /// Every row, real or generated, in either step and in the penalties, comes to D with the label that it has.
  @Test(arguments: Updates.allCases) func labelsGoWithTheirRows(_ updates: Updates) throws {
    let log = Log()
    let trainer = try game(
      updates, log, terms: [GradientPenalty(.real, weight: 1), GradientPenalty(.generated, weight: 1)])
    while try trainer.next() != nil {}
    for (labels, rows) in log.discriminator { #expect(labels.map(Float.init) == rows) }
    // A step: D's pass over both (or one over each), two for the penalties, and G's with its real examples.
    #expect(log.discriminator.count == 2 * (updates == .simultaneous ? 4 : 5))
    #expect(log.generator.count == 2 * (updates == .alternating ? 2 : 1))
    #expect(Set(log.generator).count == log.generator.count, "drawn anew each time")
  }

  /// Uniform over the classes, the same in every run of a seed.
  @Test func generatedClassesAreDrawnUniformly() throws {
    let (one, two) = (Log(), Log())
    for log in [one, two] { _ = try game(.alternating, log, classes: 5, batch: 20_000, steps: 1).next() }
    #expect(one.generator == two.generator)
    for labels in one.generator {
      let counts = (0..<5).map { k in labels.count { $0 == k } }
      #expect(counts.reduce(0, +) == 20_000)
      // Five standard deviations of a binomial share: sqrt(20 000 * 0.2 * 0.8) = 57.
      #expect(counts.allSatisfy { abs($0 - 4000) < 285 })
    }
  }

  @Test func noClassesAreRefused() {
    #expect(throws: TrainerError.self) { try game(.alternating, Log(), classes: 0).next() }
  }
}
