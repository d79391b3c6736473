import GoldenSupport
import Metrics
import Testing
import Torch

/// The signs by which a doctor judges: right to the last example, and at their ends where batches are alike and where
/// one has collapsed.
@Suite struct BatchSignsTests {
  private func signs(_ real: Tensor, _ generated: Tensor, threshold: Double = 1, compared: Int = 4_096) throws
    -> BatchSigns
  {
    // The examples are their own features; D is sure of what it is shown.
    try BatchSigns(
      probabilities: (Tensor([0.9, 0.7, 0.2]), Tensor([0.1, 0.45])), realTarget: threshold, features: (real, generated),
      examples: (real, generated), compared: compared)
  }

  /// Against NumPy, example by example.
  @Test(arguments: ["line", "plane", "wide"]) func agreesWithTheReference(_ name: String) throws {
    let golden = try Golden("metrics").tensors()
    func tensor(_ key: String) -> Tensor { golden["neighbours-\(name).f64.\(key)"]! }
    let found = try signs(tensor("in.real"), tensor("in.generated"))
    let neighbours = try #require(found.neighbours)
    for (value, key) in [
      (neighbours.coverage, "coverage"), (neighbours.precision, "precision"), (neighbours.recall, "recall"),
      (neighbours.density, "density"), (found.nearDuplicates, "duplicates"),
      (try #require(found.featureSpread), "spread"),
    ] {
      let expected = try tensor("out.\(key)").item()
      // Shares are counts, averaged in float32; the spread is a root of such means.
      let bound = RoundingBound(.float32, sums: [100, 100], functions: 2)
      #expect(abs(value - expected) < bound.relative * max(1, expected), "\(key)")
    }
  }

  @Test func batchesThatAreAlike() throws {
    let random = RandomStream(seed: 4)
    let found = try signs(random.stream("a").normal([2_000, 2]), random.stream("b").normal([2_000, 2]))
    let neighbours = try #require(found.neighbours)
    // 1 - 2^-5, as is to be expected of five neighbours.
    #expect(abs(neighbours.coverage - 0.969) < 0.02)
    #expect(neighbours.precision > 0.95)
    #expect(abs(try #require(found.featureSpread) - 1) < 0.05)
    #expect(found.nearDuplicates < 0.03)
  }

  @Test func aBatchThatHasCollapsed() throws {
    let random = RandomStream(seed: 4)
    let found = try signs(random.normal([500, 2]), .zeros([500, 2]))
    #expect(found.featureSpread == 0)
    #expect(found.nearDuplicates == 1)
    // All in the middle of the data: on them, and reaching next to nothing.
    #expect(try #require(found.neighbours).precision == 1)
    #expect(try #require(found.neighbours).coverage < 0.1)
  }

  /// Only so many examples are compared; what is not finite is near nothing.
  @Test func examplesThatAreNotComparedOrNotFinite() throws {
    let real = RandomStream(seed: 4).normal([100, 1])
    let generated = concatenated([real.sliced(0, 0..<50), real.sliced(0, 0..<50) + .infinity], 0)
    #expect(try #require(signs(real, generated, compared: 50).neighbours).precision == 1)
    #expect(try #require(signs(real, generated).neighbours).precision == 0.5)
    #expect(try signs(real.sliced(0, 0..<5), generated).neighbours == nil)
    #expect(try signs(.full(3, [9, 1]), real).featureSpread == nil, "nothing to compare with")
  }

  /// D is right about what it gives at least half of what it is taught for real examples.
  @Test func accuracyGoesByTheTarget() throws {
    let x = RandomStream(seed: 1).normal([9, 1])
    let rounding = RoundingBound(.float32, sums: [3], functions: 1).relative
    #expect(abs(try signs(x, x).accuracy - (2.0 / 3 + 1) / 2) < rounding)
    #expect(abs(try signs(x, x, threshold: 0.8).accuracy - (2.0 / 3 + 0.5) / 2) < rounding)
    #expect(abs(try signs(x, x).probabilityOfReal - 0.6) < rounding)
    #expect(abs(try signs(x, x).probabilityOfGenerated - 0.275) < rounding)
  }
}
