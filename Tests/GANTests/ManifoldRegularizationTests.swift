import GAN
import GoldenSupport
import NN
import Testing
import Torch

@Suite struct ManifoldRegularizationTests {
  private func judgement(_ logits: Tensor) -> Judgement { Judgement(logits: logits, features: logits) }

  /// Against PyTorch, of a small G and D; the direction is the reference's.
  @Test func goldenValues() throws {
    try Golden("semi_supervised").check("manifold-regularization") { inputs in
      func judge(_ z: Tensor) -> Judgement {
        judgement(matmul(tanh(matmul(tanh(matmul(z, inputs["g"]!)), inputs["w1"]!)), inputs["w2"]!))
      }
      let (z, r) = (inputs["z"]!, inputs["r"]!)
      let generated = DiscriminatorStep.Batch(examples: z, judgement: judge(z), judge: judge)
      return ManifoldRegularization.loss(
        of: judge(ManifoldRegularization.moved(z, along: r, by: 0.3)), generated.judgement) * 0.7
    }
  }

  struct Classifier: Discriminator {
    let noise = GaussianNoise(0.5)
    let layer = Linear(2, 3)
    func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
      Judgement(logits: layer(noise(x, context)), features: x)
    }
  }
  struct Mapping: Generator {
    let layer = Linear(2, 2)
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor { layer(z) }
  }

  /// In a game: D and G are linear here, so that noise of D's input and the place of z both fall out of the difference.
  /// What is left is the mean of |W V d|^2 over directions d of the given length, which grows with the square of the
  /// distance. A pass with other draws of D's noise would add the noise's own difference, whatever the distance.
  @Test(arguments: Updates.allCases) func theNoiseOfDIsTheSameInBothPasses(_ updates: Updates) throws {
    func loss(_ distance: Double?) throws -> Double {
      let random = RandomStream(seed: 3)
      func training() -> Training { Training(Momentum(0), learningRate: LearningRate(0.1)) }
      let trainer = Trainer(
        generator: try Network(Mapping(), random: random.stream("G"), dtype: .float64),
        discriminator: try Network(Classifier(), random: random.stream("D"), dtype: .float64),
        objective: SemiSupervised(),
        discriminatorTerms: distance.map { [ManifoldRegularization(weight: 1, distance: $0)] } ?? [],
        data: { step, random in random.at(step).normal([9, 2], dtype: .float64) + 1 }, noise: .normal(dimensions: 2),
        generatorTraining: training(), discriminatorTraining: training(), updates: updates, steps: 1, random: random)
      return try #require(try trainer.next()).discriminatorLoss[0]
    }
    let without = try loss(nil)
    let (one, two) = (try loss(1) - without, try loss(2) - without)
    #expect(one > 1e-6)
    let bound = RoundingBound(.float64, sums: [2, 2, 3, 9], functions: 4)
    #expect(abs(two - 4 * one) < bound.ofTwo * 8 * (abs(without) + two))
  }

  @Test func examplesThatNoGeneratorMadeCostNothing() {
    let x = Tensor.zeros([2, 3])
    let batch = DiscriminatorStep.Batch(examples: x, judgement: judgement(x), judge: judgement)
    #expect(ManifoldRegularization()(DiscriminatorStep(number: 0, real: batch, generated: batch)) == nil)
  }
}
