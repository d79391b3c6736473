import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// R1 and R2: values and gradients by D's parameters against PyTorch, when they are due, and their way into the game.
@Suite struct GradientPenaltyTests {
  private func step(
    _ number: Int = 0, real: Tensor, generated: Tensor? = nil, score: @escaping (Tensor) -> Tensor = { $0 },
    judge: @escaping (Tensor) -> Judgement
  ) -> DiscriminatorStep {
    func batch(_ x: Tensor) -> DiscriminatorStep.Batch {
      DiscriminatorStep.Batch(examples: x, judgement: withoutGradient { judge(x) }, judge: judge)
    }
    return DiscriminatorStep(number: number, real: batch(real), generated: batch(generated ?? real), score: score)
  }

  @Test(arguments: ["dense", "dense-seeds", "classes"]) func dense(_ name: String) throws {
    try Golden("gradient_penalties").check(name) { v in
      let stages = [
        DenseStage(weight: v["w1"]!, bias: v["b1"]!, activation: .tanh),
        DenseStage(weight: v["w2"]!, bias: v["b2"]!, activation: .identity),
      ]
      let penalty = GradientPenalty(.real, weight: 0.8)
      return penalty(
        step(real: v["x"]!, score: name == "classes" ? SemiSupervised().score : { $0 }) {
          let (logits, features) = denseChain($0, stages)
          return Judgement(logits: logits, features: features)
        })!
    }
  }

  @Test func convolutional() throws {
    try Golden("gradient_penalties").check("convolutional") { v in
      GradientPenalty(.generated, weight: 0.8)(
        step(real: v["x"]! * 3, generated: v["x"]!) { x in
          let h = leakyReLU(conv2d(x, weight: v["w1"]!, bias: v["b1"]!, stride: 2, padding: 1))
          let y = softplus(conv2d(h, weight: v["w2"]!, bias: v["b2"]!))
          return Judgement(logits: y.reshaped([y.size(0), -1]), features: h)
        })!
    }
  }

  /// D(x) = w . x^2 / 2 has the slope w x: R1 is gamma / 2 mean |w x|^2.
  @Test func lazyRegularizationIsRarerAndHeavier() throws {
    let w = Tensor([1.0, -2, 3]).asVariable()
    let (real, generated) = (Tensor([1.0, 1, 1, 0, 2, 0], shape: [2, 3]), Tensor([0.0, 0, 1], shape: [1, 3]))
    func judge(_ x: Tensor) -> Judgement {
      let logits = (w * square(x)).sum(-1, keep: true) * 0.5
      return Judgement(logits: logits, features: logits)
    }
    func value(_ penalty: GradientPenalty, _ number: Int) throws -> Double? {
      try penalty(step(number, real: real, generated: generated, judge: judge))?.item()
    }
    #expect(try value(GradientPenalty(.real, weight: 2), 5) == (14 + 16) / 2)
    #expect(try value(GradientPenalty(.generated, weight: 2), 5) == 9)
    let lazy = GradientPenalty(.real, weight: 2, interval: 4)
    #expect(try (0..<9).map { try value(lazy, $0) } == [60, nil, nil, nil, 60, nil, nil, nil, 60])
    // R3GAN's weight falls along half a cosine.
    let falling = GradientPenalty(.generated, weight: CosineSchedule(from: 2, to: 1, over: 10..<20))
    #expect(try value(falling, 10) == 9)
    #expect(try abs(value(falling, 15)! - 6.75) < 1e-12)
    #expect(try value(falling, 30) == 4.5)
  }

  /// Examples that all seeds share have, for each of them, that seed's penalty.
  @Test func examplesSharedBySeeds() throws {
    func model() -> DenseDiscriminator { DenseDiscriminator(inputs: 2, hidden: [5], activation: .tanh) }
    let network = try Network(model(), seeds: [3, 4], dtype: .float64)
    let x = RandomStream(seed: 1).normal([6, 2], dtype: .float64)
    let both = GradientPenalty(.real, weight: 1)(step(real: x) { network.model($0, .evaluation) })!
    #expect(both.shape == [2])
    for (index, seed) in [UInt64(3), 4].enumerated() {
      let alone = try Network(model(), seed: seed, dtype: .float64)
      let one = GradientPenalty(.real, weight: 1)(step(real: x) { alone.model($0, .evaluation) })!
      try expectClose(both.sliced(0, index..<index + 1).squeezed(0), one, 1e-12)
    }
  }

  /// A step of the game with both penalties, whose D is one of our kernels, against the same step by hand.
  @Test(arguments: Updates.allCases) func theGameDescendsThePenalties(_ updates: Updates) throws {
    let random = RandomStream(seed: 3)
    func players() throws -> (Network<DenseGenerator>, Network<DenseDiscriminator>) {
      (
        try Network(
          DenseGenerator(latent: 2, hidden: [4], outputs: 3, activation: .tanh, outputActivation: .identity),
          random: random.stream("G"), dtype: .float64),
        try Network(
          DenseDiscriminator(inputs: 3, hidden: [6, 5], activation: .softplus), random: random.stream("D"),
          dtype: .float64)
      )
    }
    var shown: (real: Tensor, generated: Tensor)?
    struct Recorder: DiscriminatorTerm {
      let record: (DiscriminatorStep) -> Void
      func callAsFunction(_ step: DiscriminatorStep) -> Tensor? {
        record(step)
        return nil
      }
    }
    let (generator, discriminator) = try players()
    let rate = 0.1
    func training() -> Training { Training(Momentum(0), learningRate: LearningRate(rate)) }
    let trainer = Trainer(
      generator: generator, discriminator: discriminator, objective: Relativistic(),
      discriminatorTerms: [
        GradientPenalty(.real, weight: 3), Recorder { shown = ($0.real.examples, $0.generated.examples) },
        GradientPenalty(.generated, weight: 5),
      ],
      data: { step, random in random.at(step).normal([7, 3], dtype: .float64) + 1 }, noise: .normal(dimensions: 2),
      generatorTraining: training(), discriminatorTraining: training(), updates: updates, steps: 1, random: random)
    _ = try #require(try trainer.next())
    let (real, generated) = try #require(shown)

    let (_, hand) = try players()
    let layers = hand.model.hidden as! [Linear]
    func critic(_ x: Tensor) -> Tensor {
      let h = layers.reduce(x) { softplus(matmul($0, $1.weight.value.transposed()) + $1.bias!.value) }
      let output = hand.model.output as! Linear
      return matmul(h, output.weight.value.transposed()) + output.bias!.value
    }
    func penalty(_ x: Tensor) -> Tensor {
      let x = x.asVariable()
      return square(gradient(of: critic(x), by: [x], createsGraph: true)[0]).sum(-1).mean()
    }
    let loss =
      softplus(critic(generated) - critic(real)).mean() + penalty(real) * 1.5 + penalty(generated) * 2.5
    let expected = hand.flat - hand.gradient(of: loss) * rate
    try expectClose(discriminator.flat, expected, 1e-12)
  }
}
