import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// The layer in its three readings, against pair-by-pair sums in PyTorch.
@Suite struct MinibatchDiscriminationTests {
  private struct Holder: Module { let layer: MinibatchDiscrimination }

  private func layer(
    _ reading: MinibatchDiscrimination.Reading, _ inputs: [String: Tensor], _ dtype: DType, seeds: Bool = false
  ) throws -> Network<Holder> {
    let holder = Holder(layer: MinibatchDiscrimination(4, kernels: 3, dimensions: 2, reading: reading))
    let network =
      seeds ? try Network(holder, seeds: [1, 2], dtype: dtype) : try Network(holder, seed: 1, dtype: dtype)
    var state: [String: Tensor] = [:]
    for (name, value) in inputs where name != "x" {
      state["layer.\(name == "theta" ? "kernel" : name)"] = value.detached()
    }
    try network.load(state)
    return network
  }

  /// The layer's output, and the gradients by its parameters in the order of their golden names.
  private func check(_ name: String, _ reading: MinibatchDiscrimination.Reading, groups: Int = 1, seeds: Bool = false)
    throws
  {
    let golden = Golden("layers")
    let all = try golden.tensors()
    for (dtype, label) in [(DType.float64, "f64"), (.float32, "f32")] {
      func tensor(_ key: String) -> Tensor? { all["\(name).\(label).\(key)"] }
      let names = ["x", "kernel", "theta", "logScale", "bias"].filter { tensor("in.\($0)") != nil }
      let inputs = Dictionary(uniqueKeysWithValues: names.map { ($0, tensor("in.\($0)")!) })
      let network = try layer(reading, inputs, dtype, seeds: seeds)
      let x = inputs["x"]!.asVariable()
      let y = network.model.layer(x, Context(.training, random: RandomStream(seed: 0), groups: groups))
      try expectClose(y, try #require(tensor("out.y")), Golden.tolerance(dtype), "\(name).\(label) output")
      let parameters = Dictionary(
        uniqueKeysWithValues: network.model.layer.namedParameters.map { ($0.name, $0.parameter.value) })
      let variables = names.map { $0 == "x" ? x : parameters[$0 == "theta" ? "kernel" : $0]! }
      let gradients = gradient(of: y, by: variables, cotangent: tensor("cotangent.y")!)
      for (name, found) in zip(names, gradients) {
        if reading == .tutorial, name == "bias" {
          // The tutorial's bias cancels in every difference: whatever it is, nothing depends on it.
          let ofKernel = try abs(gradients[names.firstIndex(of: "kernel")!]).max().item()
          #expect(try found.values(Double.self).allSatisfy { abs($0) <= Golden.tolerance(dtype) * ofKernel })
          continue
        }
        try expectClose(found, tensor("grad.\(name)")!, Golden.tolerance(dtype), "\(label) gradient by \(name)")
      }
    }
  }

  @Test func paper() throws { try check("minibatch-paper", .paper) }
  @Test func release() throws { try check("minibatch-release", .release) }
  @Test func tutorial() throws { try check("minibatch-tutorial", .tutorial) }
  /// Real and generated examples pass through D together and must not see each other.
  @Test func groupsStayApart() throws { try check("minibatch-paper-groups", .paper, groups: 2) }
  @Test func seedsSideBySide() throws { try check("minibatch-paper-seeds", .paper, seeds: true) }

  @Test(arguments: MinibatchDiscrimination.Reading.allCases)
  func gradientsAgreeWithDifferences(_ reading: MinibatchDiscrimination.Reading) throws {
    let holder = Holder(layer: MinibatchDiscrimination(2, kernels: 3, dimensions: 2, reading: reading))
    let network = try Network(holder, seed: 1, dtype: .float64)
    let weights = RandomStream(seed: 6).normal([4, 5], dtype: .float64)
    let point = try RandomStream(seed: 7).normal([8], dtype: .float64).values(Double.self)
    try expectGradientMatchesDifferences(at: point, shape: [4, 2]) {
      network.model.layer($0, .evaluation) * weights
    }
  }

  /// A scale multiplies what the layer adds, and nothing else.
  @Test(arguments: MinibatchDiscrimination.Reading.allCases)
  func theScaleMultipliesTheSimilarities(_ reading: MinibatchDiscrimination.Reading) throws {
    func output(_ scale: Double) throws -> [Double] {
      let layer = MinibatchDiscrimination(2, kernels: 3, dimensions: 2, reading: reading, scale: scale)
      let network = try Network(Holder(layer: layer), seed: 1, dtype: .float64)
      let x = RandomStream(seed: 7).normal([4, 2], dtype: .float64)
      return try network.model.layer(x, .evaluation).values(Double.self)
    }
    let (whole, quarter) = (try output(1), try output(0.25))
    for (index, (value, scaled)) in zip(whole, quarter).enumerated() {
      // Rows of two features and three similarities; a quarter is exact.
      #expect(scaled == (index % 5 < 2 ? value : value * 0.25))
    }
  }

  @Test func firstBatchInitialization() throws {
    try Golden("layers").check("minibatch-release-init") { inputs, dtype in
      let zeros = ["logScale": Tensor.zeros([3, 2], dtype: dtype), "bias": .full(-1, [3], dtype: dtype)]
      let network = try layer(.release, inputs.merging(zeros) { $1 }, dtype)
      let context = Context(.initialization, random: RandomStream(seed: 0))
      let y = withoutGradient { network.model.layer(inputs["x"]!.detached(), context) }
      return [network.model.layer.bias!.value, network.model.layer.logScale!.value, y]
    }
  }

  @Test func aBatchOfOneCannotInitializeTheRelease() throws {
    let holder = Holder(layer: MinibatchDiscrimination(4, kernels: 3, dimensions: 2, reading: .release))
    _ = try Network(holder, seed: 1)
    let error = #expect(throws: TensorError.self) {
      try checkingTensors {
        _ = withoutGradient { holder.layer(.zeros([1, 4]), Context(.initialization, random: RandomStream(seed: 0))) }
      }
    }
    #expect(error?.description.contains("no neighbour") == true)
  }
}
