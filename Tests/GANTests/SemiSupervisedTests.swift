import Foundation
import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// K classes and "generated", against one softmax over K + 1 logits written out in PyTorch.
@Suite struct SemiSupervisedTests {
  private func judgement(_ logits: Tensor) -> Judgement { Judgement(logits: logits, features: logits) }

  @Test(arguments: ["labelled", "labelled-seeds"]) func labelledLoss(_ name: String) throws {
    try Golden("semi_supervised").check(name) {
      SemiSupervised().labelledLoss(judgement($0["logits"]!), labels: $0["labels"]!)
    }
  }

  @Test(arguments: [("unlabelled", 1.0), ("unlabelled-smoothed", 0.9), ("unlabelled-seeds", 1.0)])
  func unlabelledLoss(_ name: String, _ target: Double) throws {
    try Golden("semi_supervised").check(name) {
      SemiSupervised(realTarget: target).discriminatorLoss(
        real: judgement($0["real"]!), generated: judgement($0["generated"]!))
    }
  }

  /// The weight is D's alone, and of the unlabelled loss alone.
  @Test func theUnlabelledLossHasItsWeight() throws {
    let half = SemiSupervised(unlabelledWeight: 0.5)
    let (real, generated) = (judgement(Tensor([0.3, -1.2, 2, 0.7]).reshaped([2, 2])), judgement(.zeros([2, 2])))
    func values(_ objective: SemiSupervised) throws -> [Double] {
      try [
        objective.discriminatorLoss(real: real, generated: generated).item(),
        objective.generatorLoss(generated: generated).item(),
        objective.labelledLoss(real, labels: Tensor([Int64(1), 0])).item(),
      ]
    }
    let (plain, weighted) = (try values(SemiSupervised()), try values(half))
    #expect(weighted == [plain[0] / 2, plain[1], plain[2]])
  }

  @Test(arguments: Logistic.GeneratorLoss.allCases) func generatorLoss(_ loss: Logistic.GeneratorLoss) throws {
    try Golden("semi_supervised").check("generator-\(loss.rawValue)") {
      SemiSupervised(generatorLoss: loss).generatorLoss(generated: judgement($0["generated"]!))
    }
  }

  @Test func probabilityOfBeingReal() throws {
    try Golden("semi_supervised").check("probability") { SemiSupervised().probability($0["logits"]!) }
  }

  @Test func gradientsAgreeWithDifferences() throws {
    let point = [0.3, -1.2, 2, 0.7, 0.1, -0.4]
    let labels = Tensor([Int64(2), 0])
    try expectGradientMatchesDifferences(at: point, shape: [2, 3]) {
      SemiSupervised().labelledLoss(judgement($0), labels: labels)
    }
    try expectGradientMatchesDifferences(at: point, shape: [2, 3]) {
      SemiSupervised(realTarget: 0.9).discriminatorLoss(real: judgement($0), generated: judgement($0 * 2))
    }
  }

  /// A label that D has no logit for is a mistake in the data, not a class of its own.
  @Test func aLabelOutsideTheClassesIsAnError() {
    let logits = Tensor.zeros([2, 3])
    #expect(throws: TensorError.self) {
      try checkingTensors {
        try SemiSupervised().labelledLoss(judgement(logits), labels: Tensor([Int64(0), 3])).values(Double.self)
      }
    }
  }

  struct Classifier: Discriminator {
    let layer = Linear(2, 3)
    func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
      Judgement(logits: layer(x), features: x)
    }
  }
  struct Mapping: Generator {
    let layer = Linear(1, 2)
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor { layer(z) }
  }

  func game(_ updates: Updates, steps: Int = 12, labelledSteps: Int = 0) throws -> Trainer<Mapping, Classifier> {
    let random = RandomStream(seed: 3)
    func training() -> Training { Training(Adam(beta1: 0.5), learningRate: LearningRate(0.02)) }
    let labelled: LabelledBatches = { step, random in
      (random.at(step).normal([4, 2]), Tensor((0..<4).map { Int64(($0 + step) % 3) }))
    }
    let trainer = Trainer(
      generator: try Network(Mapping(), random: random.stream("G")),
      discriminator: try Network(Classifier(), random: random.stream("D")), objective: SemiSupervised(),
      terms: [FeatureMatching(.releaseSquared)], data: { step, random in random.at(step).normal([9, 2]) + 1 },
      labelled: labelled, noise: .normal(dimensions: 1), generatorTraining: training(),
      discriminatorTraining: training(),
      updates: updates, steps: steps, random: random.stream("game"))
    trainer.labelledSteps = labelledSteps
    return trainer
  }

  /// In the first steps D follows the gradient of the labelled loss alone, written out here, and G stands still; from
  /// then on both move.
  @Test(arguments: Updates.allCases) func labelsMayComeFirst(_ updates: Updates) throws {
    let random = RandomStream(seed: 5)
    let generator = try Network(Mapping(), random: random.stream("G"), dtype: .float64)
    let discriminator = try Network(Classifier(), random: random.stream("D"), dtype: .float64)
    func training() -> Training { Training(Momentum(0), learningRate: LearningRate(0.1)) }
    let (x, labels) = (random.stream("x").normal([4, 2], dtype: .float64), Tensor([Int64(0), 1, 2, 1]))
    var real = 0
    let trainer = Trainer(
      generator: generator, discriminator: discriminator, objective: SemiSupervised(),
      data: { step, random in
        real += 1
        return random.at(step).normal([6, 2], dtype: .float64)
      }, labelled: { _, _ in (x, labels) }, noise: .normal(dimensions: 1), generatorTraining: training(),
      discriminatorTraining: training(), updates: updates, steps: 3, random: random)
    trainer.labelledSteps = 2
    let before = generator.flat.copied()
    for _ in 0..<2 {
      let loss = SemiSupervised().labelledLoss(discriminator.model(x, .evaluation), labels: labels)
      let expected = discriminator.flat - discriminator.gradient(of: loss) * 0.1
      let report = try #require(try trainer.next())
      #expect(report.generatorLoss.isEmpty)
      #expect(report.labelledLoss == report.discriminatorLoss)
      let tolerance = RoundingBound(.float64, sums: [4, 3, 2], functions: 4, amplification: 10).ofTwo
      try expectClose(discriminator.flat, expected, tolerance)
      #expect(try trainer.gradientSizes()?.generator == nil)
    }
    #expect(real == 0)
    #expect(try generator.flat.values(Double.self) == before.values(Double.self))
    #expect(try trainer.next()?.generatorLoss.count == 1)
    #expect(real > 0)
    #expect(try generator.flat.values(Double.self) != before.values(Double.self))
  }

  @Test func labelsThatComeFirstMustBeThere() throws {
    let random = RandomStream(seed: 5)
    func training() -> Training { Training(Momentum(0), learningRate: LearningRate(0.1)) }
    let trainer = Trainer(
      generator: try Network(Mapping(), random: random), discriminator: try Network(Classifier(), random: random),
      objective: SemiSupervised(), data: { _, random in random.normal([6, 2]) }, noise: .normal(dimensions: 1),
      generatorTraining: training(), discriminatorTraining: training(), steps: 1, random: random)
    trainer.labelledSteps = 1
    let error = #expect(throws: TrainerError.self) { try trainer.next() }
    #expect(error?.description.contains("labelled examples") == true)
  }

  /// D's loss is the sum of its two parts, on labelled batches of another size than the others.
  @Test(arguments: Updates.allCases) func lossesAddUp(_ updates: Updates) throws {
    let trainer = try game(updates, steps: 1)
    let logits = trainer.discriminator.flat.copied()
    let report = try #require(try trainer.next())
    let labelled = try #require(report.labelledLoss?[0])
    #expect(report.discriminatorLoss[0] > labelled && labelled > 0)
    #expect(try logits.values(Float.self) != trainer.discriminator.flat.values(Float.self))
  }

  /// The simultaneous step moves both players along the gradients at the point where both stood: plain gradient
  /// descent, written out.
  @Test func simultaneousUpdatesFollowTheGradientsOfTheSamePoint() throws {
    let random = RandomStream(seed: 5)
    let real = random.stream("real").normal([6, 2], dtype: .float64)
    let generator = try Network(Mapping(), random: random.stream("G"), dtype: .float64)
    let discriminator = try Network(Classifier(), random: random.stream("D"), dtype: .float64)
    func training() -> Training { Training(Momentum(0), learningRate: LearningRate(0.1)) }
    let trainer = Trainer(
      generator: generator, discriminator: discriminator, objective: SemiSupervised(),
      terms: [], data: { _, _ in real }, noise: .stratified(-1, 1, jitter: 0), generatorTraining: training(),
      discriminatorTraining: training(), updates: .simultaneous, steps: 1, random: random)
    let z = Tensor.linspace(-1, 1, count: 6, dtype: .float64).unsqueezed(-1)
    let x = generator.model(z, .evaluation)
    let onGenerated = discriminator.model(x, .evaluation)
    let loss = SemiSupervised().discriminatorLoss(
      real: discriminator.model(real, .evaluation),
      generated: discriminator.model(x.detached(), .evaluation))
    let expectedD = discriminator.flat - discriminator.gradient(of: loss) * 0.1
    let expectedG =
      generator.flat - generator.gradient(of: SemiSupervised().generatorLoss(generated: onGenerated)) * 0.1
    _ = try trainer.next()
    let tolerance = RoundingBound(.float64, sums: [6, 8, 8, 8], functions: 6, amplification: 10).ofTwo
    try expectClose(discriminator.flat, expectedD, tolerance)
    try expectClose(generator.flat, expectedG, tolerance)
  }

  /// A game that is stopped, written down and taken up by new objects ends where the undisturbed one does, to the last
  /// bit.
  @Test(arguments: Updates.allCases, [0, 4, 7]) func aRestoredGameGoesOnExactly(
    _ updates: Updates, labelledSteps: Int
  ) throws {
    let straight = try game(updates, labelledSteps: labelledSteps)
    while try straight.next() != nil {}
    let first = try game(updates, labelledSteps: labelledSteps)
    for _ in 0..<5 { _ = try first.next() }
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    try Safetensors(tensors: first.state).write(to: url)
    let file = try Safetensors(contentsOf: url)
    let second = try game(updates, labelledSteps: labelledSteps)
    try second.restore(file.tensors)
    #expect(second.step == 5)
    while try second.next() != nil {}
    let (a, b) = (straight.state, second.state)
    #expect(a.keys.sorted() == b.keys.sorted())
    for name in a.keys where name != "step" {
      let same = try a[name]!.to(.float64).values(Double.self) == b[name]!.to(.float64).values(Double.self)
      #expect(same, "\(name)")
    }
  }

  @Test func aStateThatDoesNotFitIsRefusedByName() throws {
    let trainer = try game(.alternating)
    _ = try trainer.next()
    var state = trainer.state
    state["generator.layer.weight"] = nil
    #expect(throws: (any Error).self) { try game(.alternating).restore(state) }
    state = trainer.state
    state["discriminator-optimizer.first"] = .zeros([3])
    let error = #expect(throws: StateError.self) { try game(.alternating).restore(state) }
    #expect(error?.description.contains("first") == true)
    state = trainer.state
    state["nonsense"] = .zeros([1])
    #expect(throws: StateError.self) { try game(.alternating).restore(state) }
  }
}
