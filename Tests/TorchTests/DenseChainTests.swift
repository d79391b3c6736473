import GoldenSupport
import Testing
import Torch

/// The chain of narrow layers in one operation against the same layers one by one: every activation, sizes at which
/// vectorised loops have remainders, seeds side by side, views, and numbers that are not finite.
@Suite struct DenseChainTests {
  private static let random = RandomStream(seed: 23)
  private func draw(_ name: String, _ shape: [Int]) -> Tensor { Self.random.stream(name).normal(shape) }

  private func stages(_ sizes: [Int], _ activations: [Activation], seeds: Int? = nil) -> [DenseStage] {
    let leading = seeds.map { [$0] } ?? []
    return activations.indices.map {
      DenseStage(
        weight: draw("w\($0)", leading + [sizes[$0 + 1], sizes[$0]]) * 0.7,
        bias: draw("b\($0)", leading + [sizes[$0 + 1]]),
        activation: activations[$0])
    }
  }

  /// Output, features, and the gradients of both by the input and by every parameter.
  private func outcome(_ x: Tensor, _ stages: [DenseStage], fused: Bool, dtype: DType) throws -> [Tensor] {
    try checkingTensors {
      let input = x.to(dtype).asVariable()
      let variables = stages.map {
        DenseStage(
          weight: $0.weight.to(dtype).asVariable(), bias: $0.bias.to(dtype).asVariable(), activation: $0.activation)
      }
      let (output, features) = denseChain(input, variables, fused: fused)
      func contracted(_ y: Tensor, _ name: String) -> Tensor {
        (y * Self.random.stream(name).normal(y.shape).to(dtype)).sum()
      }
      let loss = contracted(output, "output") + contracted(features, "features")
      return [output, features] + gradient(of: loss, by: [input] + variables.flatMap { [$0.weight, $0.bias] })
    }
  }

  private func expectAgreement(
    _ x: Tensor, _ stages: [DenseStage], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try outcome(x, stages, fused: false, dtype: .float64)
    // Forward a sum over every layer's inputs, backward over its outputs, last over the rows and seeds.
    let sums = stages.flatMap { [$0.weight.size(-1), $0.weight.size(-2)] } + [x.count / x.size(-1), 5]
    for dtype in [DType.float64, .float32] {
      let tolerance = RoundingBound(dtype, sums: sums, functions: 2 * stages.count).ofTwo
      for (index, found) in try outcome(x, stages, fused: true, dtype: dtype).enumerated() {
        try expectClose(found, expected[index], tolerance, "\(dtype), tensor \(index)", sourceLocation)
      }
    }
  }

  @Test(arguments: Activation.allCases) func everyActivation(_ activation: Activation) throws {
    try expectAgreement(draw("x", [33, 3]), stages([3, 7, 6, 2], [activation, activation, .identity]))
    try expectAgreement(draw("x", [33, 3]) * 9, stages([3, 5, 4], [.identity, activation]))
  }

  @Test(arguments: [1, 7, 16, 33, 200, 500]) func oddNumbersOfRows(_ rows: Int) throws {
    try expectAgreement(draw("x", [rows, 1]), stages([1, 32, 32, 1], [.tanh, .tanh, .identity]))
  }

  @Test(arguments: [[1, 1], [5, 1, 9], [128, 3, 128], [2, 13, 11, 10, 3]]) func oddWidths(_ sizes: [Int]) throws {
    try expectAgreement(draw("x", [37, sizes[0]]), stages(sizes, sizes.dropFirst().map { _ in .softplus }))
  }

  @Test func seedsSideBySide() throws {
    let stages = stages([2, 9, 4], [.tanh, .sigmoid], seeds: 5)
    try expectAgreement(draw("x", [5, 21, 2]), stages)
    try expectAgreement(draw("shared", [21, 2]), stages)
  }

  /// Each seed's slice has the bits of that seed alone, whatever the number of threads.
  @Test func aSeedAmongOthersIsTheSeedAlone() throws {
    let all = stages([1, 32, 32, 1], [.tanh, .tanh, .identity], seeds: 3)
    let x = draw("x", [3, 200, 1])
    func one(_ tensor: Tensor) -> Tensor { tensor.sliced(0, 1..<2).squeezed(0) }
    let alone = all.map { DenseStage(weight: one($0.weight), bias: one($0.bias), activation: $0.activation) }
    let together = try outcome(x, all, fused: true, dtype: .float32).map { try one($0).values(Float.self) }
    // The cotangent of the test differs from seed to seed: outputs and features only.
    let single = try outcome(one(x), alone, fused: true, dtype: .float32).map { try $0.values(Float.self) }
    #expect(together[0] == single[0] && together[1] == single[1])
  }

  /// Where no gradient is asked for, examples pass through all layers in groups and nothing else is kept: the outputs
  /// have the same bits, at numbers of rows around the end of a group.
  @Test(arguments: [1, 191, 192, 193, 400, 1000]) func outputsAloneAreTheSame(_ rows: Int) throws {
    for seeds in [nil, 3] {
      let stages = stages([2, 32, 17, 3], [.tanh, .leakyReLU, .identity], seeds: seeds)
      let x = draw("x", (seeds.map { [$0] } ?? []) + [2, rows]).transposed()
      let kept = denseChain(x.asVariable(), stages).output
      let alone = withoutGradient { denseChainOutput(x, stages) }
      #expect(try alone.values(Float.self) == kept.values(Float.self), "\(rows) rows, seeds \(seeds ?? 1)")
    }
  }

  /// Slices of a flat buffer, as a network's parameters are, and transposed inputs.
  @Test func viewsOfLargerTensors() throws {
    let flat = draw("flat", [4, 200])
    let stages = [
      DenseStage(
        weight: flat.sliced(-1, 3..<33).reshaped([4, 10, 3]), bias: flat.sliced(-1, 40..<50), activation: .tanh),
      DenseStage(
        weight: flat.sliced(-1, 60..<80).reshaped([4, 2, 10]), bias: flat.sliced(-1, 90..<92), activation: .identity),
    ]
    try expectAgreement(draw("x", [4, 3, 19]).transposed(), stages)
    let plain = stages.map {
      DenseStage(
        weight: $0.weight.sliced(0, 0..<1).squeezed(0).transposed().contiguous().transposed(),
        bias: $0.bias.sliced(0, 0..<1).squeezed(0), activation: $0.activation)
    }
    try expectAgreement(draw("x", [3, 19]).transposed(), plain)
  }

  /// A bias whose elements do not stand side by side.
  @Test func expandedAndStridedBiases() throws {
    let x = draw("x", [9, 3])
    for bias in [draw("b", [1]).expanded([5]), draw("bs", [5, 4]).sliced(-1, 2..<3).squeezed(-1)] {
      let stage = DenseStage(weight: draw("w", [5, 3]), bias: bias, activation: .tanh)
      try expectClose(
        denseChain(x, [stage]).output, denseChain(x, [stage], fused: false).output,
        RoundingBound(.float32, sums: [4], functions: 1).ofTwo)
    }
  }

  @Test func oneLayersFeaturesAreItsInput() throws {
    let x = draw("x", [9, 3])
    try expectAgreement(x, stages([3, 4], [.tanh]))
    try expectAgreement(x, stages([3, 4], [.tanh], seeds: 2))
  }

  /// Wider layers take the composed way by themselves.
  @Test func wideLayers() throws {
    let x = draw("x", [9, 4])
    let stages = stages([4, 129, 1], [.relu, .identity])
    let (found, expected) = (
      try outcome(x, stages, fused: true, dtype: .float32), try outcome(x, stages, fused: false, dtype: .float32)
    )
    #expect(try zip(found, expected).allSatisfy { try $0.values(Float.self) == $1.values(Float.self) })
  }

  @Test(arguments: Activation.allCases) func nanStaysInItsRow(_ activation: Activation) throws {
    let x = concatenated([draw("x", [20, 3]), Tensor.full(.nan, [1, 3])], 0)
    let y = try denseChain(x, stages([3, 8, 2], [activation, activation])).output.values(Float.self)
    #expect(y.prefix(40).allSatisfy(\.isFinite) && y.suffix(2).allSatisfy(\.isNaN))
  }

  @Test(arguments: Activation.allCases) func infinitySaturates(_ activation: Activation) throws {
    let one = DenseStage(
      weight: Tensor([1 as Float], shape: [1, 1]), bias: Tensor([0 as Float]), activation: activation)
    let x = Tensor([Float.infinity, -.infinity, 1e30, -1e30, 88, -88, 1e-30], shape: [7, 1])
    let (found, expected) = (
      try denseChain(x, [one]).output.values(Float.self), try activation(x).values(Float.self)
    )
    let tolerance = Float(RoundingBound(.float32, functions: 1).ofTwo)
    for (f, e) in zip(found, expected) { #expect(f == e || abs(f - e) <= tolerance * max(1, abs(e)), "\(f), not \(e)") }
  }

  @Test func anEmptyBatchHasNoRows() throws {
    let (y, features) = denseChain(Tensor.zeros([0, 3]), stages([3, 8, 2], [.tanh, .identity]))
    #expect(y.shape == [0, 2] && features.shape == [0, 8])
  }

  @Test func wrongSizesAreNamed() {
    for (x, stages) in [
      (draw("x", [5, 2]), stages([3, 8, 2], [.tanh, .identity])),
      (draw("x", [5, 3]), [DenseStage(weight: draw("w", [8, 3]), bias: draw("b", [7]), activation: .tanh)]),
      (draw("x", [3]), stages([3, 8], [.tanh])),
    ] {
      #expect(throws: TensorError.self) {
        try checkingTensors { try denseChain(x, stages).output.sum().item() as Double }
      }
    }
  }
}
