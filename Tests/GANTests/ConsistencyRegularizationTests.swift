import GAN
import GoldenSupport
import NN
import Testing
import Torch

@Suite struct ConsistencyRegularizationTests {
  private func judgement(_ logits: Tensor) -> Judgement { Judgement(logits: logits, features: logits) }

  /// Real examples that are their own clean logits, and what D says of them with noise.
  private func step(clean: Tensor, noisy: Tensor) -> DiscriminatorStep {
    let real = DiscriminatorStep.Batch(examples: clean, judgement: judgement(noisy), judge: judgement)
    return DiscriminatorStep(number: 0, real: real, generated: real)
  }

  /// Against PyTorch's `kl_div`; no gradient reaches the clean side.
  @Test(arguments: ["consistency", "consistency-seeds"]) func loss(_ name: String) throws {
    try Golden("semi_supervised").check(name) { inputs in
      ConsistencyRegularization(weight: 0.7)(step(clean: inputs["clean"]!, noisy: inputs["noisy"]!))!
    }
  }

  /// Against PyTorch's `kl_div`, with a sharpened clean side and examples that do not count.
  @Test func sharpenedAndConfident() throws {
    try Golden("semi_supervised").check("consistency-sharpened") { inputs in
      ConsistencyRegularization(weight: 0.7, temperature: 0.4, confidence: 0.6)(
        step(clean: inputs["clean"]!, noisy: inputs["noisy"]!))!
    }
  }

  /// With the average as teacher the clean side is what D says with other weights: D's own come back, and the loss is
  /// that of the other weights' answer. Without an average the game stops, and says what is missing.
  @Test(arguments: Updates.allCases) func theAverageTeaches(_ updates: Updates) throws {
    func trainer(_ term: ConsistencyRegularization) throws -> Trainer<Mapping, NoisyClassifier> {
      let random = RandomStream(seed: 3)
      func training() -> Training { Training(Momentum(0), learningRate: LearningRate(0.1)) }
      return Trainer(
        generator: try Network(Mapping(), random: random.stream("G"), dtype: .float64),
        discriminator: try Network(NoisyClassifier(), random: random.stream("D"), dtype: .float64),
        objective: SemiSupervised(), discriminatorTerms: [term],
        data: { step, random in random.at(step).normal([9, 2], dtype: .float64) + 1 }, noise: .normal(dimensions: 1),
        generatorTraining: training(), discriminatorTraining: training(), updates: updates, steps: 3, random: random)
    }
    /// D's losses of three steps, the average of weights moved after each.
    func losses(_ byAverage: Bool, rate: Double?) throws -> [Double] {
      let trainer = try trainer(ConsistencyRegularization(byAverage: byAverage))
      if let rate {
        trainer.discriminatorAverage = try WeightAverage(of: trainer.discriminator, rate: rate, start: .parameters)
      }
      var losses: [Double] = []
      while let report = try trainer.next() {
        losses += report.discriminatorLoss
        try trainer.discriminatorAverage?.update()
      }
      return losses
    }
    let plain = try losses(false, rate: nil)
    // An average that takes all of every step is the weights themselves.
    #expect(try losses(true, rate: 1) == plain)
    let lagging = try losses(true, rate: 0.01)
    #expect(lagging[0] == plain[0] && lagging[1] != plain[1])
    let error = #expect(throws: TensorError.self) { _ = try losses(true, rate: nil) }
    #expect("\(try #require(error))".contains("no average of D's"))
  }

  /// A view of its own is the picture as batches of bytes would have it with the same move, and nobody augments it.
  @Test func aViewOfItsOwnIsThePictureMoved() throws {
    let bytes = (0..<2 * 3 * 6 * 5).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    func images(_ moves: [ImageMove]?) -> Tensor {
      bytes.withUnsafeBytes {
        Tensor.images(
          [0, 1], of: $0, shape: (3, 6, 5), moves: moves, padding: .reflect, scale: 1, offset: 0, asRows: false)
      }
    }
    let view = ImageAugmentation(mirrors: true, shift: 4, padding: .reflect)
    var moved = 0
    for number in 0..<20 {
      let random = RandomStream(seed: 4).at(number)
      var seen: Tensor?
      let judgement = judgement(.zeros([2, 3]))
      let real = DiscriminatorStep.Batch(
        examples: images(nil), judgement: judgement,
        judge: { _ in
          Issue.record("an augmented view")
          return judgement
        },
        judgeOtherwise: { x, augmented, averaged in
          #expect(!augmented && !averaged)
          seen = x
          return judgement
        })
      _ = ConsistencyRegularization(view: view)(
        DiscriminatorStep(number: number, real: real, generated: real, random: random))
      let moves = try #require(view.moves(0..<2, random.stream("consistency")))
      let values = try #require(seen).values(Float.self)
      #expect(try values == images(moves).values(Float.self), "\(moves)")
      moved += moves.filter { $0 != ImageMove() }.count
    }
    #expect(moved > 30, "most views differ from the picture")
  }

  @Test func theGradientAgreesWithDifferences() throws {
    let clean = Tensor([1.5, 0.2, -0.7, 0, 2.5, -1]).reshaped([2, 3])
    try expectGradientMatchesDifferences(at: [0.3, -1.2, 2, 0.7, 0.1, -0.4], shape: [2, 3]) {
      ConsistencyRegularization()(step(clean: clean, noisy: $0))!
    }
  }

  /// Logits as far apart as float32 allows still cost a finite amount.
  @Test func certainAnswersThatDifferCostAFiniteAmount() throws {
    let clean = Tensor([Float(1e4), -1e4]).reshaped([1, 2])
    let loss = ConsistencyRegularization()(step(clean: clean, noisy: clean * -1))!
    #expect(try loss.values(Double.self) == [2e4])
  }

  @Test func oneLogitIsAnError() {
    #expect(throws: TensorError.self) {
      try checkingTensors {
        try ConsistencyRegularization()(step(clean: .zeros([4, 1]), noisy: .zeros([4, 1])))!.values(Double.self)
      }
    }
  }

  struct NoisyClassifier: Discriminator {
    let noise = GaussianNoise(0.5)
    let layer = Linear(2, 3)
    func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
      Judgement(logits: layer(noise(x, context)), features: x)
    }
  }
  struct Mapping: Generator {
    let layer = Linear(1, 2)
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor { layer(z) }
  }

  /// The term enters D's loss and no other: one step of a game with it differs by weight times the divergence that a
  /// term of weight 0 would have measured, G's loss by what D's own move does.
  @Test(arguments: Updates.allCases) func itIsAddedToTheLossOfD(_ updates: Updates) throws {
    func game(_ terms: [any DiscriminatorTerm]) throws -> Trainer<Mapping, NoisyClassifier> {
      let random = RandomStream(seed: 3)
      func training() -> Training { Training(Momentum(0), learningRate: LearningRate(0.1)) }
      return Trainer(
        generator: try Network(Mapping(), random: random.stream("G"), dtype: .float64),
        discriminator: try Network(NoisyClassifier(), random: random.stream("D"), dtype: .float64),
        objective: SemiSupervised(), discriminatorTerms: terms,
        data: { step, random in random.at(step).normal([9, 2], dtype: .float64) + 1 }, noise: .normal(dimensions: 1),
        generatorTraining: training(), discriminatorTraining: training(), updates: updates, steps: 1, random: random)
    }
    func firstLoss(_ terms: [any DiscriminatorTerm]) throws -> Double {
      try #require(try game(terms).next()).discriminatorLoss[0]
    }
    let (without, once, twice) = try (
      firstLoss([]), firstLoss([ConsistencyRegularization(weight: 1)]),
      firstLoss([ConsistencyRegularization(weight: 0.5), ConsistencyRegularization(weight: 1.5)])
    )
    let bound = RoundingBound(.float64, sums: [2, 9, 9, 3], functions: 4)
    #expect(once > without + 1e-6, "noise changes what D says")
    #expect(abs(twice - without - 2 * (once - without)) < bound.ofTwo * twice)
  }
}
