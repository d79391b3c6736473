import Foundation
import GoldenSupport
import Metrics
import Testing
import Torch

/// Balls and who is in them, against the definition in plain float64, where the kernel's float32 products decide
/// nothing.
@Suite struct NeighbourTests {
  private func squared(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    zip(a, b).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
  }

  private func plain(_ real: Features, _ generated: Features, _ k: (Int, Int)) -> [Double] {
    func radii(_ x: Features, _ k: Int) -> [Double] {
      (0..<x.count).map { i in (0..<x.count).filter { $0 != i }.map { squared(x[i], x[$0]) }.sorted()[k - 1] }
    }
    let (inner, outer, own) = (radii(real, k.0), radii(real, k.1), radii(generated, k.0))
    let distances = (0..<real.count).map { i in (0..<generated.count).map { squared(real[i], generated[$0]) } }
    let (n, m) = (Double(real.count), Double(generated.count))
    let columns = 0..<generated.count
    return [
      Double(columns.count { j in inner.indices.contains { distances[$0][j] <= inner[$0] } }) / m,
      Double(inner.indices.count { i in columns.contains { distances[i][$0] <= own[$0] } }) / n,
      1 / Double(k.1)
        * (Double(columns.reduce(0) { sum, j in sum + outer.indices.count { distances[$0][j] < outer[$0] } }) / m),
      Double(outer.indices.count { i in columns.contains { distances[i][$0] < outer[i] } }) / n,
    ]
  }

  private func check(_ real: Features, _ generated: Features) throws {
    let found = try PrecisionRecall(real: real, generated: generated)
    #expect([found.precision, found.recall, found.density, found.coverage] == plain(real, generated, (3, 5)))
    for j in 0..<generated.count {
      let nearest = (0..<real.count).map { squared(real[$0], generated[j]) }.min()!
      #expect(relativeError(found.memberships.nearestSquared[j] + 1, nearest + 1) < 1e-13)
    }
  }

  @Test func pointsOfAllKindsAreJudgedAsTheDefinitionDoes() throws {
    try check(Formulas.features(1, 150, 5), Formulas.features(2, 120, 5))
    try check(Formulas.features(1, 150, 64), Formulas.features(2, 120, 64, shift: 0.03125))
    try check(Formulas.features(1, 9, 1), Formulas.features(2, 5, 1))
  }

  @Test func pointsThatRepeatAndPointsOnALatticeAreJudgedExactly() throws {
    // Whole numbers: many distances are equal, and none may be decided by rounding.
    func lattice(_ seed: UInt64, _ count: Int) throws -> Features {
      try Features(Formulas.uniform(seed, count * 3).map { ($0 * 6).rounded() }, dimensions: 3)
    }
    try check(lattice(1, 200), lattice(2, 180))
    // One point many times, as of a generator that has collapsed: more neighbours at one distance than candidates are
    // kept of.
    let collapsed = try Features(Array(repeating: [1, 2, 3] as [Float], count: 130).flatMap { $0 }, dimensions: 3)
    try check(lattice(1, 100), collapsed)
    try check(collapsed, lattice(1, 100))
  }

  @Test func pointsFarFromZeroAreJudgedExactly() throws {
    // |x|^2 is 1e9 times the squared distances: a product of uncentred float32 would know nothing of them.
    let far = { (x: Features) in try Features(x.values.map { $0 + 4_096 }, dimensions: x.dimensions) }
    try check(far(Formulas.features(1, 130, 16)), far(Formulas.features(2, 110, 16)))
  }

  @Test func pointsOfSeveralTilesAreJudgedExactly() throws {
    try check(Formulas.features(1, 1_100, 3), Formulas.features(2, 1_030, 3))
  }

  @Test func coverageOfSetsThatAreAlikeIsWhatIsExpected() throws {
    let normal = { (seed: UInt64) in
      try Features(try RandomStream(seed: seed).normal([2_000, 64]).values(Float.self), dimensions: 64)
    }
    let found = try PrecisionRecall(real: normal(1), generated: normal(2))
    // Of 2 N points the five nearest to a real one are all real with the probability 2^-5 or a little less (Naeem et
    // al. 2020): a share of 2 000, within five standard deviations.
    let (expected, deviation) = (1 - 1.0 / 32, (1.0 / 32 * 31 / 32 / 2_000).squareRoot())
    #expect(abs(found.coverage - expected) < 5 * deviation)
  }

  @Test(.enabled(if: PeakMemory.isKnown, "the system does not tell the peak of memory"))
  func memoryGrowsWithPointsAndNotWithPairs() throws {
    let normal = { (seed: UInt64) in
      try Features(try RandomStream(seed: seed).normal([6_000, 2_048]).values(Float.self), dimensions: 2_048)
    }
    let (real, generated) = (try normal(1), try normal(2))
    let before = try #require(residentMemory())
    PeakMemory.reset()
    _ = try PrecisionRecall(real: real, generated: generated)
    // Beside the points themselves; 6 000 x 6 000 distances would be 288 MB in float64, of which others hold three.
    #expect(try #require(PeakMemory.bytes()) - before < 200 << 20)
  }
}
