import GoldenSupport
import Testing
import Torch

/// Gradients of gradients: every kernel of ours, in the composed form that it takes inside `twiceDifferentiable`,
/// against differences; and outside, where it has one derivative only, the refusal.
@Suite struct SecondDerivativeTests {
  /// A function of variables, of which one is differentiated by first.
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    /// Of the variables; the first is x.
    let shapes: [[Int]]
    /// For which kinds of numbers a kernel without a second derivative computes it.
    var kernels: Set<DType> = []
    let function: @Sendable ([Tensor]) -> Tensor
    var testDescription: String { name }

    func variables(_ dtype: DType) -> [Tensor] {
      shapes.enumerated().map { index, shape in
        (RandomStream(seed: 11).stream(name).at(index).normal(shape, dtype: .float64) * 0.5).to(dtype).asVariable()
      }
    }

    /// || d (y . c) / d x ||^2, c drawn.
    func slope(_ variables: [Tensor], plain: Bool = true) -> Tensor {
      let y = plain ? twiceDifferentiable { function(variables) } : function(variables)
      let cotangent = RandomStream(seed: 12).stream(name).normal(y.shape, dtype: .float64).to(y.dtype)
      return square(gradient(of: y, by: [variables[0]], cotangent: cotangent, createsGraph: true)[0]).sum()
    }
  }

  static func chain(
    _ name: String, _ rows: Int, _ sizes: [Int], _ activations: [Activation], seeds: Int? = nil, kernels: Set<DType>
  ) -> Case {
    let leading = seeds.map { [$0] } ?? []
    let layers = activations.indices.flatMap { [leading + [sizes[$0 + 1], sizes[$0]], leading + [sizes[$0 + 1]]] }
    return Case(name: name, shapes: [leading + [rows, sizes[0]]] + layers, kernels: kernels) { v in
      let stages = activations.indices.map {
        DenseStage(weight: v[1 + 2 * $0], bias: v[2 + 2 * $0], activation: activations[$0])
      }
      let (output, features) = denseChain(v[0], stages)
      return concatenated([output, square(features)], -1)
    }
  }

  // From 2^18 multiplications on, products in float32 are oneDNN's; up to 128 units, chains are one operation.
  static let cases: [Case] =
    Activation.allCases.map {
      chain("chain-\($0.rawValue)", 9, [3, 7, 6, 2], [$0, $0, .identity], kernels: [.float32, .float64])
    } + [
      chain("chain-seeds", 5, [3, 4, 2], [.tanh, .identity], seeds: 2, kernels: [.float32, .float64]),
      chain("chain-128", 4, [128, 3, 128], [.softplus, .tanh], kernels: [.float32, .float64]),
      chain("chain-129-small", 4, [129, 3, 2], [.softplus, .tanh], kernels: []),
      chain("chain-129-large", 64, [129, 64, 2], [.softplus, .tanh], kernels: [.float32]),
      Case(name: "linear-small", shapes: [[4, 3], [2, 3], [2]]) { square(linear($0[0], weight: $0[1], bias: $0[2])) },
      Case(name: "linear-large", shapes: [[64, 80], [64, 80], [64]], kernels: [.float32]) {
        square(linear($0[0], weight: $0[1], bias: $0[2]))
      },
      Case(name: "linear-large-without-bias", shapes: [[64, 80], [64, 80]], kernels: [.float32]) {
        tanh(linear($0[0], weight: $0[1]))
      },
      Case(name: "linear-seeds", shapes: [[2, 4, 3], [2, 5, 3], [2, 5]]) {
        square(linear($0[0], weight: $0[1], bias: $0[2]))
      },
      Case(name: "matmul-large", shapes: [[64, 80], [80, 64]]) { square(matmul($0[0], $0[1])) },
      Case(name: "weight-norm-small", shapes: [[4, 3], [2, 3], [2], [2]], kernels: [.float32, .float64]) {
        square(weightNormLinear($0[0], direction: $0[1], gain: $0[2], bias: $0[3], epsilon: 1e-6))
      },
      Case(name: "weight-norm-large", shapes: [[64, 80], [64, 80], [64], [64]], kernels: [.float32, .float64]) {
        square(weightNormLinear($0[0], direction: $0[1], gain: $0[2], bias: $0[3], epsilon: 1e-6))
      },
      Case(name: "weight-norm-seeds", shapes: [[2, 4, 3], [2, 5, 3], [2, 5], [2, 5]]) {
        square(weightNormLinear($0[0], direction: $0[1], gain: $0[2], bias: $0[3], epsilon: 1e-6))
      },
      Case(name: "convolution", shapes: [[2, 3, 7, 6], [4, 3, 3, 3], [4]]) {
        square(conv2d($0[0], weight: $0[1], bias: $0[2], stride: 2, padding: 1))
      },
      Case(name: "convolution-by-winograd", shapes: [[1, 16, 4, 4], [16, 16, 3, 3], [16]], kernels: [.float32]) {
        square(conv2d($0[0], weight: $0[1], bias: $0[2], padding: 1))
      },
      Case(name: "convolution-of-patches", shapes: [[2, 3, 7, 6], [16, 3, 3, 3], [16]], kernels: [.float32]) {
        square(conv2d($0[0], weight: $0[1], bias: $0[2], stride: 2, padding: 1))
      },
      Case(name: "convolution-of-all-small", shapes: [[2, 3, 4, 4], [2, 3, 4, 4], [2]]) {
        square(conv2d($0[0], weight: $0[1], bias: $0[2]))
      },
      Case(name: "convolution-of-all-large", shapes: [[40, 32, 4, 4], [16, 32, 4, 4], [16]], kernels: [.float32]) {
        square(conv2d($0[0], weight: $0[1], bias: $0[2]))
      },
      Case(name: "transposed", shapes: [[2, 3, 4, 3], [3, 4, 5, 5], [4]]) {
        square(convTranspose2d($0[0], weight: $0[1], bias: $0[2], stride: 2, padding: 2, outputPadding: 1))
      },
      Case(name: "transposed-of-a-pixel-small", shapes: [[2, 3, 1, 1], [3, 2, 4, 4], [2]]) {
        square(convTranspose2d($0[0], weight: $0[1], bias: $0[2]))
      },
      Case(name: "transposed-of-a-pixel-large", shapes: [[40, 32, 1, 1], [32, 16, 4, 4], [16]], kernels: [.float32]) {
        square(convTranspose2d($0[0], weight: $0[1], bias: $0[2]))
      },
      Case(name: "similarities", shapes: [[7, 3, 5]], kernels: [.float32, .float64]) { pairwiseL1Similarity($0[0]) },
      Case(name: "similarities-groups", shapes: [[2, 9, 2, 7]], kernels: [.float32, .float64]) {
        pairwiseL1Similarity($0[0])
      },
      Case(name: "virtual-batch-norm", shapes: [[9, 5], [5], [5]], kernels: [.float32, .float64]) {
        square(virtualBatchNorm($0[0], gain: $0[1], bias: $0[2], referenceCount: 4))
      },
      Case(name: "virtual-batch-norm-images", shapes: [[5, 2, 3, 4], [2], [2]], kernels: [.float32, .float64]) {
        square(virtualBatchNorm($0[0], gain: $0[1], bias: $0[2], referenceCount: 3))
      },
      Case(name: "virtual-batch-norm-seeds", shapes: [[2, 6, 3], [2, 3], [2, 3]], kernels: [.float32, .float64]) {
        square(virtualBatchNorm($0[0], gain: $0[1], bias: $0[2], referenceCount: 3))
      },
      Case(name: "batch-norm", shapes: [[9, 5], [5], [5]]) { square(batchNorm2d($0[0], gain: $0[1], bias: $0[2])) },
      Case(name: "batch-norm-images", shapes: [[4, 2, 3, 5], [2], [2]]) {
        square(batchNorm2d($0[0], gain: $0[1], bias: $0[2]))
      },
      Case(name: "logistic-loss", shapes: [[9, 1], [7, 1]], kernels: [.float32]) {
        logisticLoss([($0[0], 0.9), ($0[1], 0)])
      },
      Case(name: "logistic-loss-seeds", shapes: [[2, 9, 1], [2, 7, 1]], kernels: [.float32]) {
        logisticLoss([($0[0], 0.9), ($0[1], 0)])
      },
      // Of a size that makes no difference: float32 and float64 have draws of their own.
      Case(name: "noise", shapes: [[5, 3]]) {
        tanh(RandomStream(seed: 1).addingNormal(to: $0[0], deviation: 1e-9))
      },
    ]

  /// Along a line through the space of all variables, in float64; then float32 against float64.
  @Test(arguments: cases) func agreesWithDifferences(_ one: Case) throws {
    let exact = one.variables(.float64)
    let second = try checkingTensors { gradient(of: one.slope(exact), by: exact) }
    #expect(try second[0].values(Double.self).contains { $0 != 0 }, "x has a second derivative")
    let directions = exact.enumerated().map { RandomStream(seed: 13).at($0).normal($1.shape, dtype: .float64) }
    func norm(_ offset: Double) throws -> Double {
      try checkingTensors { try one.slope(zip(exact, directions).map { ($0 + $1 * offset).asVariable() }).item() }
    }
    // The differences of fourth order err by step^4 and by float64's rounding of the norm over the step: some 1e-9 of
    // the norm. A longer step would more often lead over a kink.
    let step = 1e-6
    let difference =
      (8 * (try norm(step) - norm(-step)) - (try norm(2 * step) - norm(-2 * step))) / (12 * step)
    let along = try checkingTensors {
      try zip(second, directions).reduce(0.0) { try $0 + ($1.0 * $1.1).sum().item() }
    }
    let scale = try Swift.max(Swift.abs(difference), norm(0))
    #expect(Swift.abs(along - difference) < 1e-7 * scale, "\(along) along a line, differences say \(difference)")

    // Three products of at most 1280 terms each, of which every one is rounded to 6e-8 of itself.
    let rounded = one.variables(.float32)
    let found = try checkingTensors { gradient(of: one.slope(rounded), by: rounded) }
    for (index, (a, b)) in zip(found, second).enumerated() {
      try expectClose(a.to(.float64), b, 3 * 1280 * 6e-8, "float32, variable \(index)")
    }
  }

  /// A gradient that is not known must not pass for 0.
  @Test(arguments: cases.filter { !$0.kernels.isEmpty }) func aKernelOutsideTheScopeRefuses(_ one: Case) throws {
    for dtype in [DType.float32, .float64] where one.kernels.contains(dtype) {
      for index in one.shapes.indices {
        let error = #expect(throws: TensorError.self, "\(one.name), \(dtype), variable \(index)") {
          let variables = one.variables(dtype)
          try checkingTensors {
            let slope = one.slope(variables, plain: false)
            _ = try gradient(of: slope, by: [variables[index]])[0].values(Float.self)
          }
        }
        #expect(error?.description.contains("cannot be differentiated") == true, "\(error as Any)")
      }
    }
  }

  /// Where no kernel of ours is, the scope is not needed.
  @Test(arguments: cases.filter { $0.kernels.isEmpty }) func otherOperationsNeedNoScope(_ one: Case) throws {
    let variables = one.variables(.float64)
    func second(plain: Bool) throws -> [Tensor] {
      try checkingTensors { gradient(of: one.slope(variables, plain: plain), by: variables) }
    }
    let (outside, inside) = (try second(plain: false), try second(plain: true))
    for (a, b) in zip(outside, inside) { #expect(try a.values(Double.self) == b.values(Double.self)) }
  }

  /// The scope and the graph leave values and first gradients as they are, to float32's rounding, and end with their
  /// block.
  @Test func theScopeEnds() throws {
    let one = Self.chain("ends", 33, [3, 7, 2], [.tanh, .identity], kernels: [.float32])
    let v = one.variables(.float32)
    let before = try checkingTensors { try one.function(v).values(Float.self) }
    let inside = twiceDifferentiable { one.function(v) }
    let after = try checkingTensors { try one.function(v).values(Float.self) }
    #expect(before == after)
    try expectClose(inside, Tensor(before, shape: inside.shape), 1e-6)
    let plain = gradient(of: one.function(v).sum(), by: [v[0]])[0]
    try expectClose(gradient(of: inside.sum(), by: [v[0]], createsGraph: true)[0], plain, 1e-6)
    struct Stop: Error {}
    #expect(throws: Stop.self) { try twiceDifferentiable { throw Stop() } }
    #expect(try one.function(v).values(Float.self) == before)
  }

  /// Without a graph a gradient is a constant, with one x^3's third derivative is 6.
  @Test func aGraphIsMadeWhereItIsAskedFor() throws {
    let x = Tensor([2.0]).asVariable()
    let y = x * x * x
    let constant = gradient(of: y, by: [x], keepsGraph: true)[0]
    #expect(try gradient(of: constant, by: [x])[0].item() == 0)
    let first = gradient(of: y, by: [x], createsGraph: true)[0]
    let second = gradient(of: first, by: [x], createsGraph: true)[0]
    #expect(try (first.item(), second.item(), gradient(of: second, by: [x])[0].item()) == (12, 12, 6))
    // Also where nothing else is recorded.
    let alone = withoutGradient { gradient(of: y, by: [x], createsGraph: true)[0] }
    #expect(try gradient(of: alone, by: [x])[0].item() == 12)
  }
}
