import Foundation
import Metrics
import Scores
import Testing
import Torch

/// Scores of features, against the tools that publish them (Golden/generate.py), all in float64: what is left are
/// orders of additions, some hundred roundings of 1e-16 of numbers a thousand times as large as the result.
@Suite struct FeatureScoreTests {
  private let real: Features
  private let generated: Features

  init() throws {
    real = try Formulas.features(1, 300, 64)
    generated = try Formulas.features(2, 200, 64, shift: 0.0625)
  }

  @Test func theFrechetDistanceIsThatOfTorchFidelity() throws {
    let golden = try ScoreGolden()
    let statistics = try FeatureStatistics(of: generated)
    for (found, expected) in zip(statistics.mean, try golden.values("fid.mean")) {
      #expect(abs(found - expected) < 1e-13)
    }
    for (found, expected) in zip(statistics.covariance, try golden.values("fid.covariance")) {
      #expect(abs(found - expected) < 1e-13)
    }
    let distance = try FrechetDistance(try FeatureStatistics(of: real), statistics)
    #expect(relativeError(distance.value, try golden.number("fid")) < 1e-9)
  }

  @Test func fewerPicturesThanDimensionsAreExact() throws {
    let golden = try ScoreGolden()
    let (few, fewer) = (real.selecting(0..<40), generated.selecting(0..<30))
    let distance = try FrechetDistance(real: .init(of: few), generated: .init(of: fewer))
    #expect(relativeError(distance.value, try golden.number("fid.few")) < 1e-11)
    let oneSided = try FrechetDistance(real: .init(of: real), generated: .init(of: fewer))
    #expect(relativeError(oneSided.value, try golden.number("fid.one-side-few")) < 1e-11)
    // Of statistics alone the smallest eigenvalues are known to the root of float64's rounding only.
    let known = try FrechetDistance(try FeatureStatistics(of: few), try FeatureStatistics(of: fewer))
    #expect(relativeError(known.value, try golden.number("fid.few")) < 1e-5)
  }

  @Test func sameSetsAreAtDistanceZeroWhateverTheirOrder() throws {
    let backwards = real.selecting((0..<300).reversed())
    for count in [300, 40] {
      let (one, other) = (real.selecting(0..<count), backwards.selecting((300 - count)..<300))
      #expect(try FrechetDistance(real: .init(of: one), generated: .init(of: other)).value == 0)
    }
    // Sets that differ in one picture are not at 0.
    #expect(
      try FrechetDistance(try FeatureStatistics(of: real), try FeatureStatistics(of: real.selecting(0..<299))).value > 0
    )
  }

  @Test func theOrderOfPicturesChangesNoBit() throws {
    let shuffled = generated.selecting(RandomStream(seed: 3).permutation(200))
    #expect(try FeatureStatistics(of: shuffled) == FeatureStatistics(of: generated))
  }

  @Test func sumsDoNotCancelFarFromZero() throws {
    // Variances around 1e6 with deviations of 1/8: sums of squares in float32, or less their mean's square, would keep
    // nothing.
    let far = try Features(real.values.map { (1e6 + ($0 * 8).rounded() / 8) }, dimensions: 64)
    let near = try Features(real.values.map { ($0 * 8).rounded() / 8 }, dimensions: 64)
    let (a, b) = (try FeatureStatistics(of: far), try FeatureStatistics(of: near))
    for (found, expected) in zip(a.covariance, b.covariance) { #expect(abs(found - expected) < 1e-9) }
  }

  @Test func theCovarianceOfAllPicturesIsThatOfTheirParts() throws {
    // 1 200 rows are three blocks, which are merged.
    let many = try Formulas.features(8, 1_200, 16)
    let statistics = try FeatureStatistics(of: many)
    var (mean, covariance) = ([Double](repeating: 0, count: 16), [Double](repeating: 0, count: 256))
    for row in 0..<1_200 { for (i, x) in many[row].enumerated() { mean[i] += Double(x) / 1_200 } }
    for row in 0..<1_200 {
      let x = many[row].enumerated().map { Double($1) - mean[$0] }
      for i in 0..<16 { for j in 0..<16 { covariance[i * 16 + j] += x[i] * x[j] / 1_199 } }
    }
    for (found, expected) in zip(statistics.mean, mean) { #expect(abs(found - expected) < 1e-14) }
    for (found, expected) in zip(statistics.covariance, covariance) { #expect(abs(found - expected) < 1e-14) }
    let byCount = try FeatureStatistics(of: many, divisor: .count)
    #expect(relativeError(byCount.covariance[0], statistics.covariance[0] * 1_199 / 1_200) < 1e-14)
  }

  @Test func theKernelDistanceIsThatOfTorchFidelity() throws {
    let golden = try ScoreGolden()
    let distance = try KernelDistance(real: real, generated: generated, subsets: 20, subsetSize: 100)
    #expect(abs(distance.mean - (try golden.number("kid.mean"))) < 1e-12)
    #expect(abs(distance.standardDeviation - (try golden.number("kid.deviation"))) < 1e-12)
    #expect(distance.interval.contains(distance.mean))
  }

  @Test func precisionAndRecallAreThoseOfTorchFidelity() throws {
    let golden = try ScoreGolden()
    let found = try PrecisionRecall(real: real, generated: generated)
    // The means of torch-fidelity are float32.
    #expect(abs(found.precision - (try golden.number("precision.3"))) < 1e-7)
    #expect(abs(found.recall - (try golden.number("recall.3"))) < 1e-7)
    #expect(found.precision > 0.05 && found.precision < 1, "a share that says nothing would hide mistakes")
  }

  @Test func densityAndCoverageAreThoseOfPRDCExactly() throws {
    let golden = try ScoreGolden()
    let found = try PrecisionRecall(
      real: real, generated: generated, neighbours: .init(precisionRecall: 5, densityCoverage: 5, isStrict: true))
    #expect(found.density == (try golden.number("prdc.density")))
    #expect(found.coverage == (try golden.number("prdc.coverage")))
    #expect(found.precision == (try golden.number("prdc.precision")))
    #expect(found.recall == (try golden.number("prdc.recall")))
  }

  @Test func theInceptionScoreIsThatOfTorchFidelity() throws {
    let golden = try ScoreGolden()
    let logits = try Formulas.features(3, 200, 10, scale: 8)
    let features = PictureFeatures(features: logits, logits: logits, logitsWithoutBias: logits, indices: Array(0..<200))
    let value = try InceptionMetric.compute(
      ScoreInput(generated: features, realFeatures: nil, realStatistics: nil, settings: ScoreSettings()))
    #expect(relativeError(value.value, try golden.number("is.mean")) < 1e-12)
    #expect(abs(try #require(value.deviation) - golden.number("is.deviation")) < 1e-12)
  }

  @Test func drawsAreNumPys() throws {
    let golden = try ScoreGolden()
    var random = NumPyRandom(seed: 2_020)
    let choices = (0..<3).flatMap { _ in random.choice(of: 300, count: 100) }
    #expect(choices.map(Double.init) == (try golden.values("choice")))
    var other = NumPyRandom(seed: 7)
    #expect(other.permutation(1_000).map(Double.init) == (try golden.values("permutation")))
  }

  @Test func onePictureIsRefusedAndNumbersThatAreNotFiniteAreNamed() throws {
    #expect(throws: ScoreError.tooFewPictures(1, needed: 2)) { try FeatureStatistics(of: real.selecting(0..<1)) }
    #expect(throws: ScoreError.tooFewPictures(5, needed: 6)) {
      try PrecisionRecall(real: real.selecting(0..<5), generated: generated)
    }
    var values = generated.values
    values[7 * 64 + 3] = .nan
    let broken = try Features(values, dimensions: 64)
    #expect(throws: ScoreError.featuresNotFinite(picture: 7)) { try FeatureStatistics(of: broken) }
    #expect(throws: ScoreError.featuresNotFinite(picture: 7)) { try KernelDistance(real: real, generated: broken) }
    #expect(throws: ScoreError.featuresNotFinite(picture: 7)) { try PrecisionRecall(real: real, generated: broken) }
    #expect(throws: ScoreError.otherDimensions(64, 32)) {
      try FrechetDistance(try FeatureStatistics(of: real), try FeatureStatistics(of: Formulas.features(1, 40, 32)))
    }
  }

  @Test func anyNumberOfThreadsGivesTheSameBytes() throws {
    let before = Libtorch.threads
    defer { Libtorch.threads = before }
    func all() throws -> [Double] {
      let statistics = (try FeatureStatistics(of: real), try FeatureStatistics(of: generated))
      let neighbours = try PrecisionRecall(real: real, generated: generated)
      return [
        try FrechetDistance(statistics.0, statistics.1).value,
        try FrechetDistance(real: .init(of: real.selecting(0..<50)), generated: .init(of: generated)).value,
        try KernelDistance(real: real, generated: generated, subsets: 3, subsetSize: 150).mean,
        neighbours.precision, neighbours.recall, neighbours.density, neighbours.coverage,
      ] + neighbours.memberships.nearestSquared + statistics.0.covariance
    }
    Libtorch.threads = 1
    let one = try all()
    for threads in [2, 3] {
      Libtorch.threads = threads
      #expect(try all() == one, "\(threads) threads")
    }
  }

  @Test func intervalsHoldTheScoreAndShrinkWithMorePictures() throws {
    func width(_ count: Int) throws -> Double {
      let features = try Formulas.features(5, count, 16, shift: 0.0625)
      let (r, g) = (
        try FrechetDistance.Side(of: Formulas.features(4, 2_000, 16)), try FrechetDistance.Side(of: features)
      )
      let distance = try FrechetDistance(real: r, generated: g)
      let interval = try distance.interval(real: r, generated: g, features: features)
      #expect(interval.contains(distance.value))
      return interval.upperBound - interval.lowerBound
    }
    let (few, many) = (try width(200), try width(3_200))
    // Sixteen times the pictures, a quarter of the width.
    #expect(many < few / 2.5 && many > few / 7)
  }
}
