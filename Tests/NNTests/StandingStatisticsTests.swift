import NN
import Testing
import Torch

/// Batch norm by statistics that no batch changes any more.
@Suite struct StandingStatisticsTests {
  private struct Layers: Module {
    let dense = BatchNorm(3)
    let pictures = BatchNorm2d(3)
  }

  /// Gathered from four batches they are mean and variance of all rows together, which normalise any row by itself.
  @Test func areThoseOfAllRowsTogether() throws {
    let network = try Network(Layers(), random: RandomStream(seed: 1))
    let stream = RandomStream(seed: 2)
    try checkingTensors {
      try withoutGradient {
        // Exact in float64, far from 0, where a difference of squares would lose the variance.
        let rows = stream.normal([40, 3]).to(.float64) * 2 + 1_000
        let pictures = rows.reshaped([40, 3, 1, 1]) + stream.at(1).normal([40, 3, 2, 2]).to(.float64)
        try network.withParameters(as: .float64) { () throws -> Void in
          let standing = StandingStatistics()
          for batch in 0..<4 {
            let context = Context.evaluation(standing: standing)
            _ = network.model.dense(rows.sliced(0, batch * 10..<batch * 10 + 10), context)
            _ = network.model.pictures(pictures.sliced(0, batch * 10..<batch * 10 + 10), context)
          }
          #expect(standing.layers == 2)
          standing.finish()
          let context = Context.evaluation(standing: standing)
          let together = (
            network.model.dense(rows, Context(.evaluation, random: stream)),
            network.model.pictures(pictures, Context(.evaluation, random: stream))
          )
          let found = (network.model.dense(rows, context), network.model.pictures(pictures, context))
          for (a, b) in [(together.0, found.0), (together.1, found.1)] {
            // Numbers near 1000 of deviation 2, in float64: the difference from the mean keeps 2^-53 * 1000 / 2 of a
            // unit.
            let apart = try abs(a - b).max().item()
            #expect(apart < 1e-11)
          }
          let one = Context.evaluation(standing: standing)
          let alone = network.model.dense(rows.sliced(0, 5..<6), one)
          let apart = try abs(alone - found.0.sliced(0, 5..<6)).max().item()
          #expect(apart == 0)
        }
      }
    }
  }
}
