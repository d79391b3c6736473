import GoldenSupport
import Testing
import Torch

/// The logistic loss in one operation against the formula, and numbers at its limits.
@Suite struct LogisticLossTests {
  @Test(arguments: [[1, 1], [7, 1], [33, 1], [16, 3], [4, 33, 1]], [0, 0.9, 1])
  func agreesWithTheFormula(_ shape: [Int], _ target: Double) throws {
    let logits = RandomStream(seed: 5).normal(shape) * 6
    func outcome(_ dtype: DType, fused: Bool) throws -> [Tensor] {
      try checkingTensors {
        let a = logits.to(dtype).asVariable()
        let loss = logisticLoss(a, target: target, fused: fused)
        let weights = RandomStream(seed: 6).normal(loss.shape).to(dtype)
        return [loss, gradient(of: (loss * weights).sum(), by: [a])[0]]
      }
    }
    for (found, expected) in zip(try outcome(.float32, fused: true), try outcome(.float64, fused: false)) {
      // A mean over at most 33 rows and 3 logits, exp and log, and the weight.
      try expectClose(
        found, expected, RoundingBound(.float32, sums: [33, 3], functions: 3).relative, "target \(target)")
    }
  }

  /// Far out the loss is a line and its slope 0 or 1: nothing overflows.
  @Test func extremes() throws {
    func loss(_ logit: Float, _ target: Double) throws -> (Double, Double) {
      let a = Tensor([logit], shape: [1, 1]).asVariable()
      let loss = logisticLoss(a, target: target)
      return (try loss.item(), try gradient(of: loss, by: [a])[0].item())
    }
    #expect(try loss(1e30, 0) == (Double(Float(1e30)), 1) && loss(-1e30, 0) == (0, 0))
    #expect(try loss(-200, 1) == (200, -1) && loss(200, 1) == (0, 0))
    #expect(try loss(.nan, 0).0.isNaN && loss(.nan, 0).1.isNaN)
    // Small losses and slopes keep their digits, on both sides.
    for (logit, target) in [(-20, 0), (20, 1)] as [(Float, Double)] {
      let (small, slope) = try loss(logit, target)
      let bound = RoundingBound(.float32, functions: 3).relative
      #expect(abs(small / 2.061153620314381e-9 - 1) < bound && abs(abs(slope) / 2.0611536e-9 - 1) < bound)
    }
    #expect(try loss(.infinity, 1).0 == 0 && loss(-.infinity, 0).0 == 0)
  }

  @Test func anEmptyBatchIsRefused() {
    #expect(throws: TensorError.self) {
      try checkingTensors { try logisticLoss(Tensor.zeros([0, 1]), target: 1).item() }
    }
  }

  @Test func finiteOrNot() throws {
    for count in [1, 15, 16, 17, 1000, 1 << 20] {
      #expect(try Tensor.full(3e38, [count]).isAllFinite())
      for bad in [Float.nan, .infinity, -.infinity] {
        var values = [Float](repeating: 1, count: count)
        values[count - 1] = bad
        #expect(try !Tensor(values).isAllFinite())
      }
    }
    #expect(try Tensor.zeros([0]).isAllFinite() && !Tensor([1, Double.nan]).isAllFinite())
    #expect(try !Tensor([1, Float.nan, 1, 1], shape: [2, 2]).transposed().isAllFinite())
  }
}
