import Datasets
import Metrics
import Testing
import Torch

/// Which modes were found, and how sure a mean over few seeds is.
@Suite struct ModeCoverageTests {
  @Test func pointsBelongToTheNearestModeWithinThreeDeviations() {
    let modes: [[Double]] = [[0, 0], [1, 0], [0, 2]]
    let coverage = ModeCoverage(
      [[0.29, 0], [0, -0.3], [0.31, 0], [1, 0.1], [5, 5], [.nan, 0]], modes: modes, standardDeviation: 0.1)
    #expect(coverage.counts == [2, 1, 0])
    #expect(coverage.covered == 2)
    // Two points a mode would be even.
    #expect(coverage.found(share: 0.5) == 2 && coverage.found(share: 0.6) == 1 && coverage.found(share: 0) == 2)
    #expect(coverage.highQualityShare == 3.0 / 6)
  }

  /// Real points of the mixtures cover all modes, and 98.9 % of them (1 - e^-4.5) lie within three deviations.
  @Test(arguments: ["ring", "grid"]) func realPointsCoverEverything(_ name: String) throws {
    let mixture = try name == "ring" ? GaussianMixture.ring() : .grid()
    let values = try mixture.sample(20_000, RandomStream(seed: 1)).values(Double.self)
    let points = stride(from: 0, to: values.count, by: 2).map { [values[$0], values[$0 + 1]] }
    let coverage = ModeCoverage(points, modes: mixture.modes, standardDeviation: mixture.standardDeviation)
    #expect(coverage.covered == mixture.modes.count)
    #expect(abs(coverage.highQualityShare - 0.9889) < 0.004)
    let share = 20_000 / Double(mixture.modes.count)
    #expect(coverage.counts.allSatisfy { abs(Double($0) - share) < 0.2 * share })
  }

  @Test func seedsSideBySideDrawWhatEachDrawsAlone() throws {
    let together = try GaussianMixture.grid().sample(50, RandomStream(seeds: [3, 4]))
    #expect(together.shape == [2, 50, 2])
    for (index, seed) in [3, 4].enumerated() {
      let alone = try GaussianMixture.grid().sample(50, RandomStream(seed: UInt64(seed)))
      #expect(try together.sliced(0, index..<index + 1).values() == alone.values())
    }
  }

  @Test func theGridAndTheRingAreWhereTheyShouldBe() throws {
    let grid = try GaussianMixture.grid()
    #expect(grid.modes.count == 25 && grid.modes.first == [-4, -4] && grid.modes.last == [4, 4])
    #expect(try GaussianMixture.ring().modes.allSatisfy { abs($0[0] * $0[0] + $0[1] * $0[1] - 4) < 1e-12 })
  }

  @Test func intervalsHoldTheMeanAndShrinkWithMoreValues() {
    let few = [1.0, 2, 3, 4, 10]
    let interval = Bootstrap.meanInterval(few)
    #expect(interval.contains(4) && interval == Bootstrap.meanInterval(few))
    #expect(interval.lowerBound > 1 && interval.upperBound < 10)
    let many = Bootstrap.meanInterval([Double](repeating: 0, count: 40).flatMap { _ in few })
    #expect(many.contains(4))
    #expect(many.upperBound - many.lowerBound < (interval.upperBound - interval.lowerBound) / 4)
    #expect(Bootstrap.meanInterval([7]) == 7...7)
    // For many normal values: 1.96 standard errors to each side.
    let normal = (0..<400).map { index in Double(index % 20) }
    let wide = Bootstrap.meanInterval(normal)
    let error = Summary(normal).standardDeviation / 20
    #expect(abs((wide.upperBound - wide.lowerBound) / (2 * 1.96 * error) - 1) < 0.06)
  }

  /// The difference of two means is as sure as both together: sqrt(a^2 + b^2) for many values of spreads a and b.
  @Test func theIntervalOfADifference() {
    let (x, y) = ((0..<400).map { Double($0 % 20) }, (0..<100).map { Double($0 % 10) + 3 })
    let interval = Bootstrap.differenceInterval(x, y)
    #expect(interval.contains(9.5 - 7.5) && !interval.contains(0))
    func variance(_ x: [Double]) -> Double { Summary(x).standardDeviation * Summary(x).standardDeviation }
    let error = (variance(x) / 400 + variance(y) / 100).squareRoot()
    #expect(abs((interval.upperBound - interval.lowerBound) / (2 * 1.96 * error) - 1) < 0.06)
    // Equal values on both sides are resampled apart: their difference is not known to be 0.
    #expect(Bootstrap.differenceInterval(x, x).contains(0) && Bootstrap.differenceInterval(x, x) != 0...0)
    #expect(Bootstrap.differenceInterval([3], [1]) == 2...2)
  }
}
