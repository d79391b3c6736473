import GoldenSupport
import Testing
import Torch

/// Our own kernels share their work out among threads; no result depends on how many there are.
@Suite(.serialized) struct KernelThreadsTests {
  private static let random = RandomStream(seed: 41)

  private func outcomes(_ threads: Int) throws -> [[Float]] {
    let before = Libtorch.threads
    Libtorch.threads = threads
    defer { Libtorch.threads = before }
    let draw = { (name: String, shape: [Int]) in Self.random.stream(name).normal(shape) }
    return try checkingTensors {
      let m = draw("m", [70, 9, 5]).asVariable()
      let similarity = pairwiseL1Similarity(m)
      // Seeds are taken whole where there are enough for all threads, in strips of examples where not.
      let x = draw("x", [3, 3_000, 4]).asVariable(), shared = draw("shared", [200, 4]).asVariable()
      let weights = [draw("w1", [3, 20, 4]).asVariable(), draw("w2", [3, 1, 20]).asVariable()]
      let biases = [draw("b1", [3, 20]), draw("b2", [3, 1])]
      let stages = (0..<2).map { DenseStage(weight: weights[$0], bias: biases[$0], activation: .tanh) }
      let chain = denseChain(x, stages).output, ofShared = denseChain(shared, stages).output
      let large = draw("large", [1_000, 300])
      return try [
        similarity, gradient(of: square(similarity).sum(), by: [m])[0], chain,
        concatenated(gradient(of: square(chain).sum(), by: weights + [x]).map { $0.reshaped([-1]) }, 0),
        withoutGradient { denseChainOutput(x, stages) }, gradient(of: square(ofShared).sum(), by: [shared])[0],
        Self.random.stream("noise").addingNormal(to: large, deviation: 0.3), draw("rows", [40, 501]).sortedValues(-1),
        try large.isAllFinite() ? large : -large,
      ].map { try $0.values(Float.self) }
    }
  }

  @Test func aResultDoesNotDependOnTheNumberOfThreads() throws {
    let one = try outcomes(1)
    for threads in [2, 3, 5] {
      for (index, (found, expected)) in zip(try outcomes(threads), one).enumerated() {
        #expect(found == expected, "result \(index) with \(threads) threads")
      }
    }
  }

  /// A loop that does not reach the threads would be a loop on one: the second thread has to have been there. Time is
  /// no measure on a shared machine; the number of a thread is.
  @Test func loopsReachTheirThreads() {
    let before = Libtorch.threads
    Libtorch.threads = 2
    defer { Libtorch.threads = before }
    #if os(Linux)
      #expect(Libtorch.threadsOfALoop == 2)
    #endif
  }
}

/// Values in order, noise added in one pass, and products in bfloat16.
@Suite struct SmallKernelTests {
  private static let random = RandomStream(seed: 43)

  @Test(arguments: [1, 2, 7, 16, 33, 200, 1000, 5000]) func sortsAnyLength(_ count: Int) throws {
    for shape in [[count], [count, 1], [3, count], [2, count, 19]] {
      let x = Self.random.stream("\(shape)").normal(shape)
      let dimension = shape.count == 1 ? 0 : shape.firstIndex(of: count)!
      #expect(
        try x.sortedValues(dimension).values(Float.self) == x.sorted(dimension).values.values(Float.self), "\(shape)")
    }
  }

  @Test func sortsViewsAndPutsNaNLast() throws {
    let x = Self.random.normal([50, 7])
    #expect(
      try x.transposed().sortedValues(-1).values(Float.self) == x.transposed().sorted(-1).values.values(Float.self))
    let sorted = try Tensor([3, Float.nan, -1, .infinity]).sortedValues(0).values(Float.self)
    #expect(sorted[0] == -1 && sorted[1] == 3 && sorted[2] == .infinity && sorted[3].isNaN)
    #expect(
      try Tensor([2, Float.infinity, -.infinity]).sortedValues(0).values(Float.self) == [-.infinity, 2, .infinity])
    #expect(try Tensor([Double(2), 1]).sortedValues(0).values(Double.self) == [1, 2])
    #expect(Tensor.zeros([0]).sortedValues(0).count == 0)
  }

  @Test(arguments: [[1], [63], [64, 65], [33, 7, 3]]) func noiseIsAddedAsItIsDrawn(_ shape: [Int]) throws {
    let x = Self.random.stream("x").normal(shape).asVariable()
    let y = Self.random.stream("n").addingNormal(to: x, deviation: 0.7)
    try expectClose(
      y, x + Self.random.stream("n").normal(like: x) * 0.7,
      RoundingBound(.float32, sums: [2]).ofTwo)
    let cotangent = Self.random.stream("c").normal(shape)
    #expect(try gradient(of: y, by: [x], cotangent: cotangent)[0].values(Float.self) == cotangent.values(Float.self))
    let double = Self.random.stream("x").normal(shape, dtype: .float64)
    try expectClose(
      Self.random.stream("n").addingNormal(to: double, deviation: 2),
      double + Self.random.stream("n").normal(shape, dtype: .float64) * 2,
      RoundingBound(.float64, sums: [2]).ofTwo)
  }

  @Test func everySeedHasNoiseOfItsOwn() throws {
    let x = Tensor.zeros([2, 5, 3])
    let both = try RandomStream(seeds: [8, 9]).addingNormal(to: x, deviation: 1).values(Float.self)
    let second = try RandomStream(seed: 9).normal([5, 3]).values(Float.self)
    #expect(Array(both.suffix(15)) == second)
    #expect(throws: TensorError.self) {
      try checkingTensors { try RandomStream(seeds: [1, 2, 3]).addingNormal(to: x, deviation: 1).sum().item() }
    }
  }

  /// Rounded to eight bits, and no more than that; the scope ends with its block.
  @Test(.enabled(if: Device.cpu.makesBFloat16Products, "this processor makes none"))
  func productsInBFloat16() throws {
    let (x, v) = (Self.random.stream("x").normal([200, 300]), Self.random.stream("v").normal([250, 300]))
    let (g, b) = (Self.random.stream("g").normal([250]), Self.random.stream("b").normal([250]))
    func outcome() throws -> [Tensor] {
      let variables = [x.asVariable(), v.asVariable(), g.asVariable(), b.asVariable()]
      let y = weightNormLinear(
        variables[0], direction: variables[1], gain: variables[2], bias: variables[3], epsilon: 1e-6)
      let z = linear(variables[0], weight: variables[1], bias: variables[3])
      return [y, z] + gradient(of: square(y).sum() + square(z).sum() * 1e-3, by: variables)
    }
    let exact = try outcome()
    let rounded = try withProducts(in: .bfloat16) { try outcome() }
    for (index, (found, expected)) in zip(rounded, exact).enumerated() {
      #expect(found.dtype == .float32)
      // Two products, of which two operands and the result are each rounded, one after the other; errors of either sign
      // add up as the terms do.
      try expectClose(found, expected, 10 * RoundingBound.unit(.bfloat16), "tensor \(index)")
    }
    #expect(try rounded[0].values(Float.self) != exact[0].values(Float.self), "nothing was rounded")
    #expect(try outcome()[0].values(Float.self) == exact[0].values(Float.self), "the scope has not ended")
  }

  @Test func flattensWithoutCopyingWhatStandsTogether() throws {
    let flat = Self.random.normal([2, 12])
    let parts = [flat.sliced(-1, 0..<6).reshaped([2, 2, 3]), flat.sliced(-1, 6..<12)]
    let joined = flattened(parts, leading: 2)
    #expect(try joined.values(Float.self) == flat.values(Float.self))
    try joined.assign(Tensor.ones([2, 12]))
    #expect(try flat.sum().item() == 24, "a copy was made")
    let apart = [Self.random.stream("a").normal([2, 3]), Self.random.stream("b").normal([4])]
    #expect(try flattened(apart).values(Float.self) == apart[0].values(Float.self) + apart[1].values(Float.self))
    let variable = Self.random.stream("v").normal([5]).asVariable()
    let pieces = flattened(variable.split(0, sizes: [2, 3]))
    #expect(try gradient(of: pieces.sum(), by: [variable])[0].values(Float.self) == [1, 1, 1, 1, 1])
    let swapped = flattened([flat.sliced(0, 1..<2), flat.sliced(0, 0..<1)])
    #expect(
      try swapped.values(Float.self) == flat.sliced(0, 1..<2).values(Float.self)
        + flat.sliced(0, 0..<1).values(Float.self))
  }
}
