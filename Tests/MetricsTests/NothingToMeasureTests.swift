import Metrics
import Testing
import Torch

/// What is measured of nothing, or of numbers that do not fit, is NaN or an error; nothing ends the process.
@Suite struct NothingToMeasureTests {
  @Test func ofNoValues() {
    #expect(Summary([]).mean.isNaN && Summary([]).standardDeviation.isNaN && Summary([]).count == 0)
    #expect(OneDimensional.wasserstein([], [1]).isNaN && OneDimensional.wasserstein([1], []).isNaN)
    let none = Bootstrap.meanInterval([])
    #expect(none.lowerBound.isNaN && none.upperBound.isNaN && !none.contains(0))
    #expect(Bootstrap.differenceInterval([1], []).lowerBound.isNaN)
    #expect(Bootstrap.meanInterval([1, 2], level: 1.5).lowerBound.isNaN)
    // A game that falls apart ends with such numbers.
    #expect(Bootstrap.meanInterval([1, .nan, 2]).lowerBound.isNaN)
  }

  @Test func ofNumbersThatDoNotFit() throws {
    #expect(throws: ScoreError.self) { try Features([1, 2, 3], dimensions: 2) }
    #expect(throws: ScoreError.self) { try Features([1, 2], dimensions: 0) }
    #expect(throws: ScoreError.self) { try FeatureStatistics(mean: [1, 2], covariance: [1, 2, 3], count: nil) }
    let x = try Features([1, 2, 3, 4, 5, 6], dimensions: 2)
    #expect(throws: ScoreError.self) {
      try PrecisionRecall(real: x, generated: x, neighbours: .init(precisionRecall: 0, densityCoverage: 1))
    }
    for (subsets, size) in [(0, 2), (2, 1)] {
      #expect(throws: ScoreError.self) { try KernelDistance(real: x, generated: x, subsets: subsets, subsetSize: size) }
    }
    #expect(throws: TensorError.self) { try FeatureKernels.nearestOthers([1, 2, 3], dimensions: 2, count: 1) }
    #expect(throws: TensorError.self) { try FeatureKernels.cubicSums([1, 2], [1, 2, 3], dimensions: 2) }
  }
}
