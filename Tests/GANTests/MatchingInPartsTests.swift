import GAN
import Testing
import Torch

/// What feature matching would be if each process matched the means of its own rows: why these are exchanged.
@Suite struct MatchingInPartsTests {
  private let real = RandomStream(seed: 1).normal([12, 5], dtype: .float64)
  private let generated = RandomStream(seed: 2).normal([12, 5], dtype: .float64) * 0.7 + 0.2

  private func loss(_ rows: Range<Int>, of generated: Tensor) -> Tensor {
    func judged(_ features: Tensor) -> Judgement {
      Judgement(logits: .zeros([rows.count, 1], dtype: .float64), features: features.sliced(0, rows))
    }
    return FeatureMatching(.paper)(real: judged(real), generated: judged(generated))
  }

  /// mean_r ||d_r||^2 = ||d||^2 + mean_r ||d_r - d||^2: the rest has nothing to do with how far apart the two are.
  @Test(arguments: [2, 3, 4, 6]) func theLossOfPartsIsLargerByTheSpreadOfTheirMeans(parts: Int) throws {
    let size = 12 / parts
    let whole = try loss(0..<12, of: generated).item()
    let apart =
      try (0..<parts).map { try loss($0 * size..<($0 + 1) * size, of: generated).item() }.reduce(0, +) / Double(parts)
    let differences = (0..<parts).map {
      let rows = $0 * size..<($0 + 1) * size
      return real.sliced(0, rows).mean(0) - generated.sliced(0, rows).mean(0)
    }
    let difference = real.mean(0) - generated.mean(0)
    let spread = try differences.map { try square($0 - difference).sum().item() }.reduce(0, +) / Double(parts)
    // A handful of sums of twelve numbers near 1: some units in the last place.
    #expect(abs(apart - (whole + spread)) < 1e-14)
    #expect(spread > 0.1 * whole)
  }

  /// Its gradient pulls examples of a part together, that of the whole batch moves all alike.
  @Test func theGradientOfPartsIsAnother() throws {
    let x = generated.asVariable()
    let whole = gradient(of: loss(0..<12, of: x), by: [x])[0]
    let apart = gradient(of: (loss(0..<6, of: x) + loss(6..<12, of: x)) * 0.5, by: [x])[0]
    func rows(_ tensor: Tensor) throws -> [[Double]] {
      let values = try tensor.values(Double.self)
      return (0..<12).map { Array(values[$0 * 5..<($0 + 1) * 5]) }
    }
    let (ofWhole, ofParts) = try (rows(whole), rows(apart))
    for row in ofWhole { #expect(zip(row, ofWhole[0]).allSatisfy { abs($0 - $1) < 1e-15 }) }
    #expect(zip(ofParts[0], ofParts[11]).contains { abs($0 - $1) > 0.01 })
  }
}
