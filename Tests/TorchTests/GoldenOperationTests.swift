import GoldenSupport
import Testing
import Torch

/// Every operation and its gradient against PyTorch, in float64 and float32. A wrong formula, operand order or
/// default of a binding shows here.
@Suite struct GoldenOperationTests {
  static let unaryOperations: [(String, @Sendable (Tensor) -> Tensor)] = [
    ("neg", { -$0 }), ("abs", { abs($0) }), ("exp", { exp($0) }), ("log", { log($0) }), ("log1p", { log1p($0) }),
    ("sqrt", { sqrt($0) }), ("square", { square($0) }), ("reciprocal", { 1 / $0 }), ("tanh", { tanh($0) }),
    ("sigmoid", { sigmoid($0) }), ("softplus", { softplus($0) }), ("relu", { relu($0) }),
    ("leaky-relu", { leakyReLU($0, slope: 0.2) }), ("sin", { sin($0) }), ("cos", { cos($0) }),
    ("clamp", { $0.clamped(-0.5, 0.5) }), ("pow-scalar", { pow($0, 2.5) }),
    ("sum-all", { $0.sum() }), ("mean-all", { $0.mean() }), ("sum-dim1", { $0.sum(1) }),
    ("sum-dims02", { $0.sum(0, 2) }), ("mean-lastdim-keep", { $0.mean(-1, keep: true) }),
    ("amax-dim1", { $0.max(1) }), ("amin-dim1", { $0.min(1) }), ("logsumexp-lastdim", { $0.logSumExp(-1) }),
    ("variance-dim0", { $0.variance(0) }), ("cumsum-dim1", { $0.cumulativeSum(1) }), ("argmax-dim1", { $0.argmax(1) }),
    ("transpose-01", { $0.transposed(0, 1) }), ("permute-201", { $0.permuted([2, 0, 1]) }),
    ("narrow", { $0.sliced(1, 1..<3) }), ("flip", { $0.flipped(0) }), ("expand", { $0.expanded([4, 3]) }),
  ]
  @Test(arguments: unaryOperations.map(\.0)) func unary(_ name: String) throws {
    let operation = Self.unaryOperations.first { $0.0 == name }!.1
    try Golden("operations").check(name) { operation($0["x"]!) }
  }

  static let binaryOperations: [(String, @Sendable (Tensor, Tensor) -> Tensor)] = [
    ("add", { $0 + $1 }), ("sub", { $0 - $1 }), ("mul", { $0 * $1 }), ("div", { $0 / $1 }),
    ("maximum", { maximum($0, $1) }), ("minimum", { minimum($0, $1) }), ("concat", { concatenated([$0, $1], 0) }),
    ("stack", { stacked([$0, $1], 0) }), ("matmul", { matmul($0, $1) }), ("matmul-batched", { matmul($0, $1) }),
  ]
  @Test(arguments: binaryOperations.map(\.0)) func binary(_ name: String) throws {
    let operation = Self.binaryOperations.first { $0.0 == name }!.1
    try Golden("operations").check(name) { operation($0["x"]!, $0["y"]!) }
  }

  @Test func indexing() throws {
    let golden = Golden("operations")
    try golden.check("gather-dim1") { $0["x"]!.gathered(1, $0["index"]!) }
    try golden.check("index-select") { $0["x"]!.selecting(0, $0["index"]!) }
    try golden.check("where") { select($0["condition"]!.to(.bool), $0["x"]!, $0["y"]!) }
    try golden.check("sort-lastdim") { inputs, _ in
      let (values, indices) = inputs["x"]!.sorted(-1)
      return [indices, values]
    }
  }

  @Test(arguments: ["linear", "linear-seeds", "linear-seeds-shared-input"]) func linearLayers(_ name: String) throws {
    try Golden("operations").check(name) { linear($0["x"]!, weight: $0["weight"]!, bias: $0["bias"]!) }
  }
  @Test func linearWithoutBias() throws {
    try Golden("operations").check("linear-no-bias") { linear($0["x"]!, weight: $0["weight"]!) }
  }

  @Test func convolutions() throws {
    try Golden("operations").check("conv2d") {
      conv2d($0["x"]!, weight: $0["weight"]!, bias: $0["bias"]!, stride: 2, padding: 1)
    }
    try Golden("operations").check("conv-transpose2d") {
      convTranspose2d($0["x"]!, weight: $0["weight"]!, bias: $0["bias"]!, stride: 2, padding: 2, outputPadding: 1)
    }
    try Golden("operations").check("conv2d-whole") {
      conv2d($0["x"]!, weight: $0["weight"]!, bias: $0["bias"]!, stride: 1, padding: 0)
    }
    try Golden("operations").check("conv-transpose2d-pixel") {
      convTranspose2d($0["x"]!, weight: $0["weight"]!, bias: $0["bias"]!, stride: 1, padding: 0, outputPadding: 0)
    }
  }

  @Test func reshaping() throws {
    let golden = Golden("operations")
    let shape = try golden.tensors()["reshape.f64.out.y"]!.shape
    try golden.check("reshape") { $0["x"]!.reshaped(shape) }
  }
}
