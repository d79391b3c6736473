import GAN
import GoldenSupport
import Testing
import Torch

@Suite struct PullAwayTests {
  private func loss(_ features: Tensor, weight: Double = 1) -> Tensor {
    let generated = Judgement(logits: .zeros([features.size(-2), 1]), features: features)
    return PullAway(weight: weight)(real: generated, generated: generated)
  }

  /// Against PyTorch's cosine similarity, pair by pair.
  @Test(arguments: ["pull-away", "pull-away-seeds"]) func goldenValues(_ name: String) throws {
    try Golden("semi_supervised").check(name) { loss($0["features"]!, weight: 0.7) }
  }

  @Test func theGradientAgreesWithDifferences() throws {
    try expectGradientMatchesDifferences(at: [0.3, -1.2, 2, 0.7, 0.1, -0.4], shape: [3, 2]) { loss($0) }
  }

  /// 0 for features at right angles to each other, 1 for features that all point the same way, however long.
  @Test func theEndsOfItsRange() throws {
    let apart = Tensor([2.0, 0, 0, 0, 3, 0, 0, 0, 0.5]).reshaped([3, 3])
    #expect(try loss(apart).values(Double.self) == [0])
    let bound = RoundingBound(.float64, sums: [3, 3], functions: 2)
    let alike = Tensor([1.0, 2, 2, -3, -6, -6, 0.1, 0.2, 0.2]).reshaped([3, 3])
    #expect(try abs(loss(alike).values(Double.self)[0] - 1) < bound.relative * 4)
  }

  /// ReLU makes features of 0: they are like no other, and their gradient is a number.
  @Test func featuresOfZeroCostNothing() throws {
    let features = Tensor([Float(0), 0, 1, 0, 1, 1]).reshaped([3, 2]).asVariable()
    let slope = try gradient(of: loss(features), by: [features])[0].values(Double.self)
    #expect(slope.allSatisfy { $0.isFinite })
  }

  @Test func oneExampleIsAnError() {
    #expect(throws: TensorError.self) { try checkingTensors { try loss(.zeros([1, 3])).values(Double.self) } }
  }
}
