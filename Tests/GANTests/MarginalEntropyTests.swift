import Foundation
import GAN
import GoldenSupport
import NN
import Testing
import Torch

@Suite struct MarginalEntropyTests {
  private func loss(_ logits: Tensor, weight: Double = 1) -> Tensor {
    let real = DiscriminatorStep.Batch(
      examples: logits, judgement: Judgement(logits: logits, features: logits),
      judge: { Judgement(logits: $0, features: $0) })
    return MarginalEntropy(weight: weight)(DiscriminatorStep(number: 0, real: real, generated: real))!
  }

  /// Against PyTorch's entropy of a categorical distribution.
  @Test(arguments: ["marginal-entropy", "marginal-entropy-seeds"]) func goldenValues(_ name: String) throws {
    try Golden("semi_supervised").check(name) { loss($0["logits"]!, weight: 0.7) }
  }

  @Test func theGradientAgreesWithDifferences() throws {
    try expectGradientMatchesDifferences(at: [0.3, -1.2, 2, 0.7, 0.1, -0.4], shape: [2, 3]) { loss($0) }
  }

  /// Nothing where every class has as many examples, all where one class has them all: log K; both finite to the edge
  /// of float32.
  @Test func theEndsOfItsRange() throws {
    let certain = Tensor([Float(1e4), 0, 0, 0, 1e4, 0, 0, 0, 1e4]).reshaped([3, 3])
    // What is left of log 3 less log 3.
    let tolerance = RoundingBound(.float32, sums: [3, 3], functions: 3).relative * log(3)
    #expect(try abs(loss(certain).values(Double.self)[0]) < tolerance)
    let one = Tensor([Float(1e4), 0, 0, 1e4, 0, 0]).reshaped([2, 3])
    #expect(try abs(loss(one).values(Double.self)[0] - log(3)) < tolerance)
  }

  /// What it is for: an uncertain example is pulled to the class that has too few, a certain one feels nothing.
  @Test func uncertainExamplesGoToTheRarerClass() throws {
    let logits = Tensor([20.0, 0, 20, 0, 0, 20, 0.1, 0]).reshaped([4, 2]).asVariable()
    let slope = try gradient(of: loss(logits), by: [logits])[0].values(Double.self)
    #expect(slope[6] > 1e-3 && slope[7] < -1e-3, "class 1 has fewer: descent raises its logit")
    // Its share of the other class is e^-20.
    #expect(abs(slope[0]) < 1e-7)
  }

  @Test func oneLogitIsAnError() {
    #expect(throws: TensorError.self) { try checkingTensors { try loss(.zeros([4, 1])).values(Double.self) } }
  }
}
