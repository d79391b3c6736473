import Foundation
import GAN
import GoldenSupport
import Testing
import Torch

@Suite struct ConditionalEntropyTests {
  private func loss(_ logits: Tensor, weight: Double = 1) -> Tensor {
    let real = DiscriminatorStep.Batch(
      examples: logits, judgement: Judgement(logits: logits, features: logits),
      judge: { Judgement(logits: $0, features: $0) })
    return ConditionalEntropy(weight: weight)(DiscriminatorStep(number: 0, real: real, generated: real))!
  }

  /// Against PyTorch's entropy of a categorical distribution.
  @Test(arguments: ["conditional-entropy", "conditional-entropy-seeds"]) func goldenValues(_ name: String) throws {
    try Golden("semi_supervised").check(name) { loss($0["logits"]!, weight: 0.7) }
  }

  @Test func theGradientAgreesWithDifferences() throws {
    try expectGradientMatchesDifferences(at: [0.3, -1.2, 2, 0.7, 0.1, -0.4], shape: [2, 3]) { loss($0) }
  }

  /// Nothing where D is certain, log K where it knows nothing; both finite to the edge of float32.
  @Test func theEndsOfItsRange() throws {
    #expect(try loss(Tensor([Float(1e4), 0, 0, 0, 1e4, 0]).reshaped([2, 3])).values(Double.self) == [0])
    let tolerance = RoundingBound(.float32, sums: [3, 3], functions: 3).relative * log(3)
    #expect(try abs(loss(.zeros([2, 3])).values(Double.self)[0] - log(3)) < tolerance)
  }

  @Test func oneLogitIsAnError() {
    #expect(throws: TensorError.self) { try checkingTensors { try loss(.zeros([4, 1])).values(Double.self) } }
  }
}
