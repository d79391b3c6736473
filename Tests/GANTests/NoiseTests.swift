import GAN
import GoldenSupport
import Testing
import Torch

@Suite struct NoiseTests {
  @Test func uniformStaysInItsBounds() throws {
    let z = try Noise.uniform(-3, 2, dimensions: 4)(1000, RandomStream(seed: 1)).values()
    #expect(z.allSatisfy { -3 <= $0 && $0 < 2 } && z.min()! < -2.9 && z.max()! > 1.9)
  }

  @Test func stratifiedIsEvenlySpacedAndBarelyMoved() throws {
    let z = Noise.stratified(-3, 3, jitter: 0.01)(200, RandomStream(seed: 1))
    #expect(z.shape == [200, 1])
    let rounding = 3 * RoundingBound(.float32, sums: [2]).relative
    for (index, value) in try z.values(Double.self).enumerated() {
      let place = -3 + 6 * Double(index) / 199
      #expect(value >= place - rounding && value < place + 0.01 + rounding)
    }
  }

  @Test func severalSeedsHaveALeadingDimension() {
    #expect(Noise.normal(dimensions: 2)(5, RandomStream(seeds: [1, 2, 3])).shape == [3, 5, 2])
  }
}
