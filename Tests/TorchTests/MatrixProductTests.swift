import GoldenSupport
import Testing
import Torch

/// Products large enough for another library than small ones take, against the same product in float64, which always goes
/// the same way. Sizes at which vectorised loops have remainders.
@Suite struct MatrixProductTests {
  private static let random = RandomStream(seed: 11)
  private func draw(_ name: String, _ shape: [Int]) -> Tensor { Self.random.stream(name).normal(shape) }

  /// Compares `body` and its gradients by all `inputs` in float32 with those in float64.
  private func expectAgreement(_ inputs: [Tensor], _ body: ([Tensor]) -> Tensor) throws {
    func outcome(_ dtype: DType) throws -> [Tensor] {
      try checkingTensors {
        let variables = inputs.map { $0.to(dtype).asVariable() }
        let y = body(variables)
        let cotangent = Self.random.stream("cotangent").normal(y.shape).to(dtype)
        return [y] + gradient(of: y, by: variables, cotangent: cotangent)
      }
    }
    for (index, (found, expected)) in zip(try outcome(.float32), try outcome(.float64)).enumerated() {
      try expectClose(found, expected, 2e-6, index == 0 ? "output" : "gradient \(index)")
    }
  }

  @Test(arguments: [[129, 77, 65], [1, 700, 513], [300, 1, 999], [513, 700, 1], [220, 784, 1000]])
  func linearLayer(_ sizes: [Int]) throws {
    let (x, w, b) = (draw("x", [sizes[0], sizes[1]]), draw("w", [sizes[2], sizes[1]]), draw("b", [sizes[2]]))
    try expectAgreement([x, w, b]) { linear($0[0], weight: $0[1], bias: $0[2]) }
    try expectAgreement([x, w]) { linear($0[0], weight: $0[1]) }
  }

  /// Views with strides of their own, as slices of the flat parameters and transposes are.
  @Test func viewsOfLargerTensors() throws {
    try expectAgreement([draw("x", [90, 300]), draw("w", [400, 130])]) { inputs in
      linear(inputs[0].sliced(-1, 7..<137), weight: inputs[1].sliced(0, 1..<400))
    }
    try expectAgreement([draw("x", [130, 90]), draw("w", [130, 400])]) { inputs in
      linear(inputs[0].transposed(), weight: inputs[1].transposed())
    }
  }

  @Test func weightNorm() throws {
    let inputs = [draw("x", [220, 501]), draw("v", [250, 501]), draw("g", [250]), draw("b", [250])]
    try expectAgreement(inputs) {
      weightNormLinear($0[0], direction: $0[1], gain: $0[2], bias: $0[3], epsilon: 1e-6)
    }
  }

  /// Only what is asked for: the gradient by the input where the weights are constants, and the other way round.
  @Test func constantsHaveNoGradient() throws {
    let (x, w, b) = (draw("x", [129, 77]), draw("w", [65, 77]), draw("b", [65]))
    try expectAgreement([x]) { linear($0[0], weight: w.to($0[0].dtype), bias: b.to($0[0].dtype)) }
    try expectAgreement([w]) { linear(x.to($0[0].dtype), weight: $0[0]) }
  }

  /// What a product of this kind cannot hide: one NaN spoils its row and no other.
  @Test func nanStaysInItsRow() throws {
    let x = concatenated([draw("x", [128, 77]), Tensor.full(.nan, [1, 77])], 0)
    let y = try linear(x, weight: draw("w", [65, 77])).values(Float.self)
    #expect(y.prefix(128 * 65).allSatisfy(\.isFinite) && y.suffix(65).allSatisfy(\.isNaN))
  }

  @Test func wrongSizesAreNamed() {
    #expect(throws: TensorError.self) {
      try checkingTensors { try linear(draw("x", [300, 70]), weight: draw("w", [300, 71])).sum().item() as Double }
    }
    #expect(throws: TensorError.self) {
      try checkingTensors {
        try linear(draw("x", [300, 70]), weight: draw("w", [300, 70]), bias: draw("b", [299])).sum().item() as Double
      }
    }
    #expect(throws: TensorError.self) {
      try checkingTensors {
        let bias = draw("b", [300]).to(.float64)
        return try linear(draw("x", [300, 70]), weight: draw("w", [300, 70]), bias: bias).sum().item() as Double
      }
    }
  }
}
