import GoldenSupport
import Testing
import Torch

/// Products large enough for another library than small ones take, against the same product in float64, which always
/// goes the same way. Sizes at which vectorised loops have remainders.
@Suite struct MatrixProductTests {
  private static let random = RandomStream(seed: 11)
  private func draw(_ name: String, _ shape: [Int]) -> Tensor { Self.random.stream(name).normal(shape) }

  /// Of products of at most 1400 terms, a scale and a bias.
  private static let bound = RoundingBound(.float32, sums: [1400, 2], functions: 1)

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
      try expectClose(found, expected, Self.bound.relative, index == 0 ? "output" : "gradient \(index)")
    }
  }

  @Test(arguments: [[129, 77, 65], [1, 700, 513], [300, 1, 999], [513, 700, 1], [220, 784, 1000]])
  func linearLayer(_ sizes: [Int]) throws {
    let (x, w, b) = (draw("x", [sizes[0], sizes[1]]), draw("w", [sizes[2], sizes[1]]), draw("b", [sizes[2]]))
    try expectAgreement([x, w, b]) { linear($0[0], weight: $0[1], bias: $0[2]) }
    try expectAgreement([x, w]) { linear($0[0], weight: $0[1]) }
  }

  /// Without a gradient, as samples are drawn: of products with few columns, which MKL rounds by the place, a row has
  /// the same bits wherever in the batch it stands. Wider ones go to libtorch as before.
  @Test(arguments: [6, 10, 64, 100, 501]) func aRowIsTheSameInEveryPlace(_ inputs: Int) throws {
    for outputs in [1, 3, 8, 11, 16] {
      let (w, b) = (draw("w", [outputs, inputs]), draw("b", [outputs]))
      for rows in [4, 12, 32] {
        let x = draw("x", [rows, inputs])
        let expected = try withoutGradient { try linear(x, weight: w, bias: b).values(Float.self) }
        for shift in 1..<rows {
          let moved = concatenated([x.sliced(0, shift..<rows), x.sliced(0, 0..<shift)], 0)
          let found = try withoutGradient { try linear(moved, weight: w, bias: b).values(Float.self) }
          let isSame = found == Array(expected[(shift * outputs)...] + expected[..<(shift * outputs)])
          #expect(isSame, "\(rows) rows of \(inputs) to \(outputs), moved by \(shift)")
        }
      }
    }
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

  /// Convolutions that are dense layers, large enough for oneDNN: the same as with a border of zeros that makes them
  /// convolutions again.
  @Test func convolutionsThatSeeAllOfTheImage() throws {
    let (x, w, b) = (draw("x", [33, 70, 4, 5]), draw("w", [65, 70, 4, 5]), draw("b", [65]))
    let border = Tensor.zeros([33, 70, 4, 1])
    func bordered(_ inputs: [Tensor]) -> Tensor {
      let x = concatenated([inputs[0], border.to(inputs[0].dtype)], 3)
      return conv2d(x, weight: inputs[1], bias: inputs.count > 2 ? inputs[2] : nil).sliced(3, 0..<1)
    }
    func whole(_ inputs: [Tensor]) -> Tensor {
      conv2d(inputs[0], weight: inputs[1], bias: inputs.count > 2 ? inputs[2] : nil)
    }
    for inputs in [[x, w], [x, w, b]] {
      try expectAgreement(inputs, whole)
      try expectClose(whole(inputs), bordered(inputs), Self.bound.ofTwo, "bordered")
    }
    let (z, v) = (draw("z", [129, 100, 1, 1]), draw("v", [100, 33, 4, 5]))
    let c = draw("c", [33])
    let pair = concatenated([z, .zeros([129, 100, 1, 1])], 3)
    for bias in [nil, c] {
      try expectAgreement([z, v] + [bias].compactMap { $0 }) { inputs in
        convTranspose2d(inputs[0], weight: inputs[1], bias: inputs.count > 2 ? inputs[2] : nil)
      }
      // Beside a pixel of zeros the first one's output stands where it stood.
      try expectClose(
        convTranspose2d(z, weight: v, bias: bias),
        convTranspose2d(pair, weight: v, bias: bias, stride: 5).sliced(3, 0..<5), Self.bound.ofTwo,
        "beside zeros")
    }
  }

  /// The same in bfloat16, where the sizes are worth the rounding.
  @Test(.enabled(if: Device.cpu.makesBFloat16Products, "this processor makes none"))
  func convolutionsThatSeeAllOfTheImageInBFloat16() throws {
    let (x, w) = (draw("x", [64, 256, 4, 4]), draw("w", [128, 256, 4, 4]))
    let rounded = withProducts(in: .bfloat16) { conv2d(x, weight: w) }
    // Two operands and the product are each rounded; errors of either sign add up as the terms do.
    try expectClose(rounded, conv2d(x, weight: w), 5 * RoundingBound.unit(.bfloat16), "bfloat16")
    #expect(rounded.dtype == .float32)
    #expect(try rounded.values(Float.self) != conv2d(x, weight: w).values(Float.self))
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
