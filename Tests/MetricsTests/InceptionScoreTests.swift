import Foundation
import GoldenSupport
import Metrics
import Testing
import Torch

@Suite struct InceptionScoreTests {
  private static let golden = Golden("inception_score")
  /// Scores are computed in float64: sums over at most 1000 samples and 100 classes, logarithms whose differences are
  /// summed, and the exponential of that.
  private static let rounding = RoundingBound(.float64, sums: [1000, 100], functions: 6, amplification: 10).ofTwo

  private func score(
    _ x: Tensor, splits: Int, batch: Int? = nil, isLogits: Bool = true
  ) throws -> InceptionScore.Result {
    let count = x.size(0)
    var score = try InceptionScore(samples: count, splits: splits)
    for first in stride(from: 0, to: count, by: batch ?? count) {
      let part = x.sliced(0, first..<min(count, first + (batch ?? count)))
      try score.add(isLogits ? .logits(part) : .probabilities(part))
    }
    return try score.result()
  }

  /// Against SciPy's relative entropies, one sample at a time; cut into batches that meet the splits' borders and cross
  /// them.
  @Test(arguments: ["one-split", "ten-splits", "large-logits", "all-alike", "all-sure", "probabilities"])
  func agreesWithTheDefinition(_ name: String) throws {
    let golden = try Self.golden.tensors()
    func values(_ key: String) throws -> [Double] { try #require(golden["\(name).f64.\(key)"]).values(Double.self) }
    let scores = try values("out.scores")
    let isLogits = name != "probabilities"
    let x = try #require(golden["\(name).f64.in.\(isLogits ? "logits" : "probabilities")"])
    for batch in [nil, 1, 3, 7, x.size(0) / scores.count] {
      let found = try score(x, splits: scores.count, batch: batch, isLogits: isLogits)
      for (a, b) in zip(found.scores, scores) {
        #expect(abs(a - b) < Self.rounding * b, "batches of \(batch ?? x.size(0))")
      }
      #expect(abs(found.mean - (try values("out.mean"))[0]) < Self.rounding)
      #expect(abs(found.standardDeviation - (try values("out.deviation"))[0]) < Self.rounding)
      #expect(found.samples == x.size(0) && found.splits == scores.count && found.classes == x.size(1))
    }
  }

  @Test func liesBetweenOneAndTheNumberOfClasses() throws {
    let alike = Tensor([1, 2, 3] as [Float], shape: [1, 3]).expanded([10, 3])
    #expect(abs(try score(alike, splits: 2).mean - 1) < Self.rounding)
    let sure = Tensor((0..<16).map { $0 / 4 == $0 % 4 ? 1 : 0 }.map(Float.init), shape: [4, 4])
    #expect(abs(try score(sure, splits: 1, isLogits: false).mean - 4) < Self.rounding)
    #expect(abs(try score(sure * 500, splits: 1).mean - 4) < Self.rounding)
    // One of two classes for all: sure, but without variety.
    #expect(
      abs(try score(sure.sliced(0, 0..<1).expanded([4, 4]), splits: 1, isLogits: false).mean - 1) < Self.rounding)
  }

  /// Two splits of scores 1 and 2: 0.5 with S in the denominator, sqrt(0.5) with S - 1.
  @Test func bothDeviationsAreThere() throws {
    let p = Tensor([1, 0, 1, 0, 1, 0, 0, 1] as [Float], shape: [4, 2])
    let found = try score(p, splits: 2, isLogits: false)
    #expect(abs(found.scores[0] - 1) < Self.rounding && abs(found.scores[1] - 2) < Self.rounding)
    #expect(abs(found.mean - 1.5) < Self.rounding && abs(found.standardDeviation - 0.5) < Self.rounding)
    #expect(abs(found.unbiasedDeviation - 0.5.squareRoot()) < Self.rounding)
  }

  @Test func roundedProbabilitiesAreDividedByTheirSum() throws {
    let p = Tensor([0.7, 0.3, 0.2, 0.8] as [Double], shape: [2, 2])
    let (exact, rounded) = (
      try score(p, splits: 1, isLogits: false), try score(p * 1.0009, splits: 1, isLogits: false)
    )
    #expect(abs(exact.mean - rounded.mean) < Self.rounding)
  }

  @Test func saysWhatIsWrong() throws {
    #expect(throws: ScoreError.splitsDoNotDivide(samples: 10, splits: 3)) {
      try InceptionScore(samples: 10, splits: 3)
    }
    #expect(throws: ScoreError.splitsDoNotDivide(samples: 0, splits: 1)) { try InceptionScore(samples: 0, splits: 1) }
    #expect(throws: ScoreError.splitsDoNotDivide(samples: 4, splits: 0)) { try InceptionScore(samples: 4, splits: 0) }

    let x = RandomStream(seed: 1).normal([6, 3])
    var score = try InceptionScore(samples: 6, splits: 2, classes: 3)
    #expect(throws: ScoreError.wrongShape([6, 2], classes: 3)) { try score.add(logits: x.sliced(1, 0..<2)) }
    #expect(throws: ScoreError.wrongShape([6], classes: 3)) { try score.add(logits: x.sum(1)) }
    #expect(throws: ScoreError.wrongShape([6, 1], classes: nil)) {
      var score = try InceptionScore(samples: 6, splits: 2)
      try score.add(logits: x.sliced(1, 0..<1))
    }
    #expect(throws: ScoreError.tooManySamples(12, of: 6)) { try score.add(logits: concatenated([x, x], 0)) }
    try score.add(logits: x.sliced(0, 0..<4))
    #expect(throws: ScoreError.tooFewSamples(4, of: 6)) { try score.result() }
    for bad in [Float.nan, .infinity, -.infinity] {
      let rest = Tensor([1, 2, 3, 4, bad, 6] as [Float], shape: [2, 3])
      // A class whose logit is minus infinity has no probability: that is sound.
      if bad != -.infinity { #expect(throws: ScoreError.notFinite(sample: 5)) { try score.add(logits: rest) } }
      #expect(throws: ScoreError.notFinite(sample: 5)) { try score.add(probabilities: rest) }
    }
    #expect(throws: ScoreError.notProbabilities(sample: 5, sum: 1.25)) {
      try score.add(probabilities: Tensor([0.5, 0.25, 0.25, 0.75, 0.25, 0.25] as [Double], shape: [2, 3]))
    }
    #expect(throws: ScoreError.notProbabilities(sample: 4, sum: 1)) {
      try score.add(probabilities: Tensor([1.25, -0.25, 0, 1, 0, 0] as [Double], shape: [2, 3]))
    }
    #expect(throws: TensorError.self) { try checkingTensors { try score.add(logits: matmul(x, x)) } }
    // What was refused has left no trace.
    #expect(score.count == 4)
    try score.add(logits: x.sliced(0, 4..<6))
    #expect(try score.result() == self.score(x, splits: 2, batch: 4))
    #expect(ScoreError.notFinite(sample: 5).description.contains("sample 5"))
  }

  /// 20 times the samples, kept, would be 76 MB of float64.
  @Test(.enabled(if: residentMemory() != nil, "this system does not tell a process its memory"))
  func memoryDoesNotGrowWithTheSamples() throws {
    func run(_ samples: Int) throws -> Double {
      let random = RandomStream(seed: 3)
      var score = try InceptionScore(samples: samples, splits: 10)
      for batch in 0..<samples / 1000 { try score.add(logits: random.at(batch).normal([1000, 10])) }
      return try score.result().mean
    }
    _ = try run(50_000)
    let before = try #require(residentMemory())
    let mean = try run(1_000_000)
    let growth = try #require(residentMemory()) - before
    print("Inception score: \(growth / 1024) KiB more after 1 000 000 samples than after 50 000")
    #expect(growth < 4 << 20, "\(growth) bytes more")
    #expect(mean > 1 && mean < 10)
  }
}
