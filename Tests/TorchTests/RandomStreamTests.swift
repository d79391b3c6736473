import Foundation
import GoldenSupport
import Testing

import Torch

/// Draws are a function of seed, purpose and step: nothing else may change them.
@Suite struct RandomStreamTests {
  static let keys: [UInt64] = [0, 1, 0x1234_5678_9abc_def0, .max]

  /// Against Philox and Box and Muller written in NumPy, itself checked with the published known answers.
  @Test(arguments: ["uniform32", "uniform64", "normal32", "normal64"]) func agreesWithPhilox(_ kind: String) throws {
    let golden = try Golden("random").tensors()
    for index in Self.keys.indices {
      let stream = rawStream(key: Self.keys[index])
      let dtype: DType = kind.hasSuffix("64") ? .float64 : .float32
      let expected = try #require(golden["\(kind).\(index).out"])
      let found =
        kind.hasPrefix("uniform")
        ? stream.uniform([expected.count], dtype: dtype) : stream.normal([expected.count], dtype: dtype)
      if kind.hasPrefix("uniform") {
        #expect(try found.values(Double.self) == expected.values(Double.self))
      } else {
        // A logarithm, a root, a sine.
        try expectClose(found, expected, RoundingBound(dtype, functions: 3).ofTwo, kind)
      }
    }
  }

  @Test func repeatsItselfAndTellsPurposesApart() throws {
    let stream = RandomStream(seed: 7)
    let values = try stream.stream("a").at(3).uniform([100]).values()
    #expect(try stream.stream("a").at(3).uniform([100]).values() == values)
    #expect(try stream.stream("a").at(4).uniform([100]).values() != values)
    #expect(try stream.stream("b").at(3).uniform([100]).values() != values)
    #expect(try RandomStream(seed: 8).stream("a").at(3).uniform([100]).values() != values)
  }

  /// What makes a study of many seeds equal to the seeds one by one.
  @Test func severalSeedsDrawWhatEachAloneWould() throws {
    let together = try RandomStream(seeds: [3, 4, 5]).stream("z").at(2).normal([7, 2]).values()
    let alone = try [3, 4, 5].flatMap { try RandomStream(seed: $0).stream("z").at(2).normal([7, 2]).values() }
    #expect(together == alone)
  }

  /// The counter-based generator promises it; a chunk that starts at the wrong block would break it.
  @Test func doesNotDependOnTheNumberOfThreads() throws {
    let threads = Libtorch.threads
    defer { Libtorch.threads = threads }
    Libtorch.threads = 1
    let one = try RandomStream(seeds: [1, 2]).normal([100_001]).values()
    Libtorch.threads = 2
    #expect(try RandomStream(seeds: [1, 2]).normal([100_001]).values() == one)
  }

  @Test func hasTheMomentsItShould() throws {
    let normal = try RandomStream(seed: 11).normal([200_000]).values(Double.self)
    let mean = normal.reduce(0, +) / 200_000
    let square = normal.reduce(0) { $0 + $1 * $1 } / 200_000
    let fourth = normal.reduce(0) { $0 + $1 * $1 * $1 * $1 } / 200_000
    // Five standard errors each.
    #expect(Swift.abs(mean) < 5 / 200_000.0.squareRoot())
    #expect(Swift.abs(square - 1) < 5 * (2 / 200_000.0).squareRoot())
    #expect(Swift.abs(fourth - 3) < 5 * (96 / 200_000.0).squareRoot())
    let uniform = try RandomStream(seed: 11).uniform([200_000]).values(Double.self)
    #expect(uniform.allSatisfy { 0 <= $0 && $0 < 1 })
    let uniformMean = uniform.reduce(0, +) / 200_000
    #expect(Swift.abs(uniformMean - 0.5) < 0.0033)
  }

  @Test func permutationHoldsEveryIndexOnce() {
    let order = RandomStream(seed: 1).permutation(1000)
    #expect(order.sorted() == Array(0..<1000))
    #expect(order != Array(0..<1000))
    #expect(RandomStream(seed: 1).permutation(1000) == order)
    #expect(RandomStream(seed: 2).permutation(0).isEmpty)
  }
}
