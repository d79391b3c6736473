import Testing
import Torch

/// A process that plays with some rows of a batch draws their numbers: those of the whole draw, to the last bit.
@Suite struct RowsOfDrawsTests {
  /// Rows of widths that no vector divides, some of them none, in one or several ranges.
  private static let ranges: [[Range<Int>]] = [
    [0..<10], [0..<4], [3..<10], [9..<10], [5..<5], [1..<3, 6..<9], [0..<2, 4..<4, 7..<10],
  ]

  private func expectRows(
    _ whole: Tensor, _ draw: (RandomStream, Int) -> Tensor, _ random: RandomStream, at dimension: Int
  ) throws {
    for ranges in Self.ranges {
      let rows = ranges.reduce(0) { $0 + $1.count }
      let expected = concatenated(ranges.map { whole.sliced(dimension, $0) }, dimension)
      let found = draw(random.rows(ranges), rows)
      #expect(found.shape == expected.shape)
      #expect(try found.rawBytes() == expected.rawBytes(), "\(ranges)")
    }
  }

  @Test(arguments: [1, 3, 7, 64, 257], [DType.float32, .float64, .bfloat16])
  func drawsOfRowsAreRowsOfTheDraw(width: Int, dtype: DType) throws {
    for (random, dimension) in [(RandomStream(seed: 3), 0), (RandomStream(seeds: [3, 4, 5]), 1)] {
      try expectRows(
        random.uniform([10, width], dtype: dtype), { $0.uniform([$1, width], dtype: dtype) }, random, at: dimension)
      try expectRows(
        random.normal([10, width], dtype: dtype), { $0.normal([$1, width], dtype: dtype) }, random, at: dimension)
    }
  }

  @Test(arguments: [3, 700], [DType.float32, .float64]) func noiseAndDropoutOfRowsAreThoseOfTheWhole(
    width: Int, dtype: DType
  ) throws {
    let random = RandomStream(seed: 8)
    let x = RandomStream(seed: 9).normal([10, 2, width], dtype: dtype)
    for ranges in Self.ranges {
      let rows = concatenated(ranges.map { x.sliced(0, $0) }, 0)
      func of(_ whole: Tensor) -> Tensor { concatenated(ranges.map { whole.sliced(0, $0) }, 0) }
      let own = random.rows(ranges)
      #expect(
        try own.addingNormal(to: rows, deviation: 0.5).rawBytes()
          == of(random.addingNormal(to: x, deviation: 0.5)).rawBytes())
      #expect(try own.dropout(rows, rate: 0.4).rawBytes() == of(random.dropout(x, rate: 0.4)).rawBytes())
    }
  }

  @Test func streamsDerivedFromItDrawTheSameRows() throws {
    let (whole, rows) = (RandomStream(seed: 1), RandomStream(seed: 1).rows([2..<5]))
    #expect(
      try rows.stream("noise").at(7).uniform([3, 4]).values(Float.self)
        == whole.stream("noise").at(7).uniform([6, 4]).sliced(0, 2..<5).values(Float.self))
    #expect(rows.permutation(9) == whole.permutation(9))
  }

  @Test func anotherNumberOfRowsIsRefused() throws {
    let rows = RandomStream(seed: 1).rows([2..<5])
    #expect(throws: TensorError.self) { try rows.uniform([4, 4]).checked() }
    #expect(throws: TensorError.self) { try rows.addingNormal(to: .zeros([2, 4]), deviation: 1).checked() }
  }
}
