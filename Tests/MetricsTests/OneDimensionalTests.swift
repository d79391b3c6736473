import GoldenSupport
import Metrics
import Testing
import Torch

@Suite struct OneDimensionalTests {
  /// In float64, of at most 100 terms, in units of the result.
  private static let rounding = RoundingBound(.float64, sums: [100], functions: 2).ofTwo

  /// Against SciPy.
  @Test(arguments: ["equal", "different"]) func wasserstein(_ name: String) throws {
    let golden = try Golden("metrics").tensors()
    func values(_ key: String) throws -> [Double] {
      try golden["wasserstein-1d-\(name).f64.\(key)"]!.values(Double.self)
    }
    let found = OneDimensional.wasserstein(try values("in.x"), try values("in.y"))
    #expect(abs(found - (try values("out.distance"))[0]) < 5 * Self.rounding)
  }

  @Test func wassersteinOfEqualAndOfShiftedSamples() {
    #expect(OneDimensional.wasserstein([3, 1, 2], [1, 2, 3]) == 0)
    #expect(abs(OneDimensional.wasserstein([0, 1], [5, 6]) - 5) < 5 * Self.rounding)
    #expect(abs(OneDimensional.wasserstein([0], [1, 3]) - 2) < 5 * Self.rounding)
  }

  @Test func sharesCoverEveryPoint() {
    #expect(OneDimensional.shares(of: [-5, 0, 0.5, 1, 9], between: [0, 1]) == [0.2, 0.4, 0.4])
    #expect(OneDimensional.shares(of: [], between: [0]) == [0, 0])
  }

  @Test func summaries() {
    let summary = Summary([1, 2, 3, 4])
    #expect(summary.mean == 2.5 && abs(summary.standardDeviation - 1.2909944487358056) < Self.rounding)
    #expect(Summary([7]).standardDeviation == 0)
  }
}
