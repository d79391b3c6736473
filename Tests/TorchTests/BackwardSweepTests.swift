import GoldenSupport
import Testing
import Torch

/// Gradients by this package's walk through the graph against those by libtorch's engine, which takes over whenever a
/// leaf is not among those asked for.
@Suite struct BackwardSweepTests {
  private static let random = RandomStream(seed: 31)
  private func leaf(_ name: String, _ shape: [Int]) -> Tensor { Self.random.stream(name).normal(shape).asVariable() }

  /// The same gradients with and without another leaf in the graph, whose share of `y` is 0.
  private func expectAgreement(
    _ leaves: [Tensor], cotangent: Tensor? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: ([Tensor]) -> Tensor
  ) throws {
    let swept = gradient(of: body(leaves), by: leaves, cotangent: cotangent)
    let stranger = leaf("stranger", [1])
    let y = body(leaves)
    let byEngine = gradient(of: y + (stranger * 0).sum(), by: leaves, cotangent: cotangent)
    // They may add in another order: the longest graph is of 120 operations, the largest sum of 20 terms.
    let tolerance = RoundingBound(.float32, sums: [120, 20], functions: 2).ofTwo
    for (index, (found, expected)) in zip(swept, byEngine).enumerated() {
      try expectClose(found, expected, tolerance, "gradient \(index)", sourceLocation)
    }
  }

  /// A variable used several times gathers its gradients; broadcasting sums them; what is not used has zeros.
  @Test func branchesThatMeetAgain() throws {
    let (a, b, unused) = (leaf("a", [4, 3]), leaf("b", [3]), leaf("unused", [2]))
    try expectAgreement([a, b, unused]) { v in
      let shared = tanh(v[0] * v[1] + v[1])
      return (square(shared) + shared * v[0] - exp(shared * 0.1)).sum()
    }
  }

  @Test func severalLossesAtOnceAndACotangent() throws {
    let (x, w) = (leaf("x", [5, 4, 3]), leaf("w", [5, 2, 3]))
    let losses: ([Tensor]) -> Tensor = { v in square(linear(v[0], weight: v[1])).mean(-2, -1) }
    try expectAgreement([x, w], losses)
    try expectAgreement([x, w], cotangent: Self.random.stream("cotangent").normal([5]), losses)
  }

  /// More nodes than a list is searched for.
  @Test func longGraphs() throws {
    try expectAgreement([leaf("x", [7])]) { v in
      (0..<60).reduce(v[0]) { sin($0) + v[0] * (0.01 * Double($1)) }.sum()
    }
  }

  @Test func aGraphCanBeKeptAndIsUsedUpOtherwise() throws {
    let x = leaf("x", [3])
    let y = (x * x * x).sum()
    let first = try gradient(of: y, by: [x], keepsGraph: true)[0].values(Float.self)
    #expect(try gradient(of: y, by: [x])[0].values(Float.self) == first)
    #expect(throws: TensorError.self) {
      try checkingTensors { try gradient(of: y, by: [x])[0].values(Float.self) }
    }
  }

  /// A kernel of ours would read beyond a cotangent that is too small.
  @Test func aCotangentOfAnotherShapeIsRefused() {
    let m = leaf("m", [9, 3, 2])
    #expect(throws: TensorError.self) {
      try checkingTensors {
        try gradient(of: pairwiseL1Similarity(m), by: [m], cotangent: Tensor.ones([1, 1]))[0].values(Float.self)
      }
    }
  }

  /// The gradient of a sum is all ones, and the caller's to change.
  @Test func gradientsAreTheCallersOwn() throws {
    for _ in 0..<2 {
      let x = Tensor([2 as Float]).asVariable()
      let g = gradient(of: x.sum(), by: [x])[0]
      #expect(try g.item() == 1)
      try g.assign(Tensor([5 as Float]))
    }
  }

  /// What a graph was made with must not have changed when it is differentiated.
  @Test func aGraphOfParametersThatHaveMovedIsRefused() throws {
    let (x, moment) = (Tensor([1, 2] as [Float]), Tensor.zeros([2]))
    let w = x.asVariable()
    let y = square(w).sum()
    try adamStep(
      x, gradient: Tensor.ones([2]), firstMoment: moment, secondMoment: moment.copied(), step: 1, rate: 0.1, beta1: 0.9,
      beta2: 0.999, epsilon: 1e-8, epsilonInsideRoot: false)
    #expect(throws: TensorError.self) { try checkingTensors { try gradient(of: y, by: [w])[0].values(Float.self) } }
    let stages = [
      DenseStage(weight: Tensor.ones([3, 2]).asVariable(), bias: Tensor.zeros([3]), activation: .tanh)
    ]
    let (output, _) = denseChain(Tensor.ones([4, 2]), stages)
    let loss = square(output).sum()
    try withoutGradient { try output.assign(Tensor.zeros([4, 3])) }
    #expect(throws: TensorError.self) {
      try checkingTensors { try gradient(of: loss, by: [stages[0].weight])[0].values(Float.self) }
    }
  }

  /// Where only one of two leaves is asked for, and for a variable that an operation made.
  @Test func partOfTheLeavesAndWhatIsNoLeaf() throws {
    let (x, w) = (leaf("x", [3]), leaf("w", [3]))
    #expect(try gradient(of: (x * w).sum(), by: [x])[0].values(Float.self) == w.values(Float.self))
    let h = x * w
    let expected = try (h * 2).values(Float.self)
    #expect(try gradient(of: square(h).sum(), by: [h])[0].values(Float.self) == expected)
  }
}
