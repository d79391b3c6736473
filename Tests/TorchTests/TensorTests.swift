import GoldenSupport
import Testing
import Torch

@Suite struct TensorTests {
  @Test func keepsValuesShapesAndKinds() throws {
    let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    #expect(x.shape == [2, 3] && x.dtype == .float32 && x.count == 6 && x.size(-1) == 3)
    #expect(try x.transposed(0, 1).values() == [1, 4, 2, 5, 3, 6])
    #expect(try x.to(.float64).values(Double.self) == [1, 2, 3, 4, 5, 6])
    #expect(try x.to(.int64).sum().item() == 21)
    #expect(try Tensor([Float](), shape: [0, 3]).values().isEmpty)
    #expect(try Tensor.range(4).values(Int64.self) == [0, 1, 2, 3])
    #expect(try Tensor.linspace(-1, 1, count: 3).values() == [-1, 0, 1])
  }

  @Test func comparisons() throws {
    let (x, y) = (Tensor([1, 2, 3] as [Float]), Tensor([3, 2, 1] as [Float]))
    #expect(try (x .> y).values(Bool.self) == [false, false, true])
    #expect(try (x .>= y).values(Bool.self) == [false, true, true])
    #expect(try (x .== y).values(Bool.self) == [false, true, false])
    #expect(try Tensor([1, .nan, .infinity] as [Float]).isFinite.values(Bool.self) == [true, false, false])
  }

  @Test func assignmentChangesViewsToo() throws {
    let x = Tensor.zeros([2, 2])
    let row = x.sliced(0, 1..<2)
    try row.assign(.ones([1, 2]))
    #expect(try x.values() == [0, 0, 1, 1])
    #expect(throws: TensorError.self) { try checkingTensors { try row.assign(.ones([3])) } }
  }

  @Test func gradientModeIsScoped() throws {
    let x = Tensor([2] as [Double]).asVariable()
    let y = withoutGradient { square(x) }
    #expect(try gradient(of: y, by: [x])[0].item() == 0)
    #expect(try gradient(of: square(x), by: [x])[0].item() == 4)
  }

  @Test func unusedVariablesHaveZeroGradient() throws {
    let (x, y) = (Tensor([2] as [Double]).asVariable(), Tensor([1, 1] as [Double]).asVariable())
    #expect(try gradient(of: square(x), by: [y])[0].values(Double.self) == [0, 0])
  }
}

/// The pairwise kernel is written three times (vectorised float, plain double, broadcast for other devices): sizes that
/// do not fill a vector, ties and separate batches are where such code goes wrong.
@Suite struct PairwiseL1SimilarityTests {
  @Test(arguments: [(1, 1, 1), (7, 1, 3), (8, 2, 2), (9, 4, 5), (33, 5, 1), (40, 3, 7), (17, 2, 11)])
  func agreesWithTheFormula(_ n: Int, _ b: Int, _ c: Int) throws {
    for dtype in [DType.float64, .float32] {
      // Distances are sums of c, similarities of n; both forms are rounded.
      let tolerance = RoundingBound(dtype, sums: [c, n], functions: 1).ofTwo
      let m = RandomStream(seed: 5).normal([2, n, b, c], dtype: dtype).asVariable()
      let cotangent = RandomStream(seed: 6).normal([2, n, b], dtype: dtype)
      let plain = exp(-abs(m.unsqueezed(-3) - m.unsqueezed(-4)).sum(-1)).sum(-2)
      let fast = pairwiseL1Similarity(m)
      try expectClose(fast, plain, tolerance, "output")
      try expectClose(
        gradient(of: fast, by: [m], cotangent: cotangent)[0], gradient(of: plain, by: [m], cotangent: cotangent)[0],
        RoundingBound(dtype, sums: [c, n, 2], functions: 1).ofTwo, "gradient")
    }
  }

  @Test func takesViewsThatAreNotContiguous() throws {
    let m = RandomStream(seed: 1).normal([5, 3, 12]).transposed(0, 2)
    try expectClose(pairwiseL1Similarity(m), pairwiseL1Similarity(m.contiguous()), 0)
  }

  @Test func distantPointsDoNotTouchAndNaNIsNotHidden() throws {
    let m = Tensor([0, 1000, -1000] as [Float], shape: [3, 1, 1])
    #expect(try pairwiseL1Similarity(m).values() == [1, 1, 1])
    let broken = Tensor([0, .nan, 1] as [Float], shape: [3, 1, 1])
    #expect(try pairwiseL1Similarity(broken).values().allSatisfy(\.isNaN))
  }

  @Test func refusesAnEmptyBatch() {
    let error = #expect(throws: TensorError.self) {
      try checkingTensors { _ = pairwiseL1Similarity(.zeros([0, 2, 3])) }
    }
    #expect(error?.description.contains("batch is empty") == true)
  }

  @Test func goldenValues() throws {
    for name in ["1-1-1", "7-1-3", "33-5-1", "9-4-5"] {
      try Golden("layers").check("pairwise-l1-similarity-\(name)") { pairwiseL1Similarity($0["m"]!) }
    }
  }
}
