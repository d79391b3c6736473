import Foundation
import GAN
import Testing
import Torch

/// One-sided label smoothing (Salimans et al. 2016, section 3.4).
@Suite struct LabelSmoothingTests {
  /// A D that is free at every point of two known densities is trained to the end: it must arrive at
  /// alpha p_data / (p_data + p_model), whatever it starts from.
  @Test(arguments: [1.0, 0.9, 0.75]) func theOptimumIsAlphaTimesTheShareOfData(_ alpha: Double) throws {
    let data = [8, 5, 4, 2, 1], model = [1, 2, 3, 6, 8]
    func examples(_ counts: [Int]) -> Tensor {
      Tensor(counts.enumerated().flatMap { [Int64](repeating: Int64($0), count: $1) })
    }
    let (real, generated) = (examples(data), examples(model))
    let objective = Logistic(realTarget: alpha)
    var logits = Tensor([2.0, -1, 0, 3, -2])
    for _ in 0..<20_000 {
      let at = logits.asVariable()
      func judgement(_ points: Tensor) -> Judgement {
        let rows = at.selecting(0, points).unsqueezed(-1)
        return Judgement(logits: rows, features: rows)
      }
      let loss = objective.discriminatorLoss(real: judgement(real), generated: judgement(generated))
      logits = logits - gradient(of: loss, by: [at])[0] * 2
    }
    let found = try objective.probability(logits).values(Double.self)
    for (point, probability) in found.enumerated() {
      let (p, q) = (Double(data[point]) / 20, Double(model[point]) / 20)
      // So near have 20 000 steps come, in float64.
      #expect(abs(probability - alpha * p / (p + q)) < 1e-6, "point \(point): \(probability)")
    }
  }
}
