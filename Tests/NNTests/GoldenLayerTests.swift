import GoldenSupport
import NN
import Testing
import Torch

/// Layers with given parameters, and optimisers over several steps, against PyTorch.
@Suite struct GoldenLayerTests {
  /// A model whose only property is the layer under test.
  private struct Holder<L: Layer>: Module { let layer: L }

  private func network<L: Layer>(_ layer: L, _ parameters: [String: Tensor], _ dtype: DType) throws -> Network<
    Holder<L>
  > {
    let network = try Network(Holder(layer: layer), seed: 1, dtype: dtype)
    try network.load(Dictionary(uniqueKeysWithValues: parameters.map { ("layer.\($0)", $1) }))
    return network
  }

  @Test func batchNorm() throws {
    try Golden("layers").check("batch-norm") { inputs, dtype in
      let layer = BatchNorm(4, gain: false, epsilon: 1e-6)
      let network = try network(layer, ["bias": inputs["bias"]!.detached()], dtype)
      // Through the variables of the test, so that the gradient by the bias can be compared too.
      return [network.model.layer(inputs["x"]!, .evaluation) - layer.bias.value.detached() + inputs["bias"]!]
    }
  }

  @Test func batchNormsGradientAgreesWithDifferences() throws {
    let layer = BatchNorm(3)
    let network = try Network(Holder(layer: layer), seed: 1, dtype: .float64)
    try withExtendedLifetime(network) {
      let point = try RandomStream(seed: 3).normal([12], dtype: .float64).values(Double.self)
      let weights = RandomStream(seed: 4).normal([4, 3], dtype: .float64)
      try expectGradientMatchesDifferences(at: point, shape: [4, 3]) { layer($0, .evaluation) * weights }
    }
  }

  @Test func batchNormWithGain() throws {
    let all = try Golden("layers").tensors()
    for (dtype, label) in [(DType.float64, "f64"), (.float32, "f32")] {
      func tensor(_ key: String) -> Tensor { all["batch-norm-gain.\(label).\(key)"]! }
      let layer = BatchNorm(4)
      let network = try network(layer, ["gain": tensor("in.gain"), "bias": tensor("in.bias")], dtype)
      let x = tensor("in.x").asVariable()
      let y = network.model.layer(x, .evaluation)
      try expectClose(y, tensor("out.y"), Golden.tolerance(dtype), "\(label) output")
      let names = ["x", "gain", "bias"]
      let found = gradient(
        of: y, by: [x, layer.gain!.value, layer.bias.value], cotangent: tensor("cotangent.y"))
      for (name, value) in zip(names, found) {
        try expectClose(value, tensor("grad.\(name)"), Golden.tolerance(dtype), "\(label) gradient by \(name)")
      }
    }
  }

  /// Examples of one group must not move those of another.
  @Test func batchNormKeepsGroupsApart() throws {
    let layer = BatchNorm(3)
    _ = try Network(Holder(layer: layer), seed: 1)
    let (a, b) = (RandomStream(seed: 1).normal([5, 3]), RandomStream(seed: 2).normal([5, 3]) * 4 + 1)
    let together = layer(concatenated([a, b], 0), Context(.training, random: RandomStream(seed: 0), groups: 2))
    let tolerance = RoundingBound(.float32, sums: [5, 5], functions: 2).ofTwo
    try expectClose(together.sliced(0, 0..<5), layer(a, .evaluation), tolerance)
    try expectClose(together.sliced(0, 5..<10), layer(b, .evaluation), tolerance)
  }

  @Test func weightNorm() throws {
    try Golden("layers").check("weight-norm-linear") { inputs, dtype in
      let layer = WeightNormLinear(4, 5)
      let network = try network(
        layer, inputs.filter { $0.key != "x" }.mapValues { $0.detached() }, dtype)
      let y = network.model.layer(inputs["x"]!, .evaluation)
      // The layer's own parameters are variables of their own: rebuild the value from the test's for its gradients.
      let (v, g, b) = (inputs["direction"]!, inputs["gain"]!, inputs["bias"]!)
      let again = matmul(inputs["x"]!, (v * (g / sqrt(square(v).sum(-1) + 1e-6)).unsqueezed(-1)).transposed()) + b
      try expectClose(y, again, Golden.tolerance(dtype), "the layer and its formula")
      return [again]
    }
  }

  @Test func weightNormTakesItsFirstValuesFromTheBatch() throws {
    try Golden("layers").check("weight-norm-init") { inputs, dtype in
      let layer = WeightNormLinear(4, 5)
      let parameters = [
        "direction": inputs["direction"]!.detached(), "gain": Tensor.ones([5], dtype: dtype),
        "bias": .zeros([5], dtype: dtype),
      ]
      let network = try network(layer, parameters, dtype)
      let context = Context(.initialization, random: RandomStream(seed: 0))
      let y = withoutGradient { network.model.layer(inputs["x"]!.detached(), context) }
      return [layer.bias.value, layer.gain.value, y]
    }
  }

  @Test func batchNormOfImages() throws {
    try Golden("layers").check("batch-norm-2d") {
      batchNorm2d($0["x"]!, gain: $0["gain"]!, bias: $0["bias"]!, epsilon: 1e-5)
    }
  }

  private func deconvolution(_ inputs: [String: Tensor], _ dtype: DType) throws -> (
    Network<Holder<WeightNormConvTranspose2d>>, WeightNormConvTranspose2d
  ) {
    let layer = WeightNormConvTranspose2d(4, 3, kernel: 5, stride: 2, padding: 2, outputPadding: 1)
    let parameters = [
      "direction": inputs["direction"]!.detached(), "gain": inputs["gain"]?.detached() ?? .ones([3], dtype: dtype),
      "bias": inputs["bias"]?.detached() ?? .zeros([3], dtype: dtype),
    ]
    return (try network(layer, parameters, dtype), layer)
  }

  /// The output, and the gradients by the layer's own parameters.
  @Test func weightNormOfTransposedConvolutions() throws {
    let all = try Golden("layers").tensors()
    for (dtype, label) in [(DType.float64, "f64"), (.float32, "f32")] {
      func tensor(_ key: String) -> Tensor { all["weight-norm-conv-transpose2d.\(label).\(key)"]! }
      let names = ["x", "direction", "gain", "bias"]
      let (network, layer) = try deconvolution(
        Dictionary(uniqueKeysWithValues: names.map { ($0, tensor("in.\($0)")) }), dtype)
      let x = tensor("in.x").asVariable()
      let y = network.model.layer(x, .evaluation)
      try expectClose(y, tensor("out.y"), Golden.tolerance(dtype), "\(label) output")
      let variables = [x, layer.direction.value, layer.gain.value, layer.bias.value]
      for (name, found) in zip(names, gradient(of: y, by: variables, cotangent: tensor("cotangent.y"))) {
        try expectClose(found, tensor("grad.\(name)"), Golden.tolerance(dtype), "\(label) gradient by \(name)")
      }
    }
  }

  @Test func transposedConvolutionsTakeTheirFirstValuesFromTheBatch() throws {
    try Golden("layers").check("weight-norm-conv-transpose2d-init") { inputs, dtype in
      let (network, layer) = try deconvolution(inputs, dtype)
      let context = Context(.initialization, random: RandomStream(seed: 0))
      let y = withoutGradient { network.model.layer(inputs["x"]!.detached(), context) }
      return [layer.bias.value, layer.gain.value, y]
    }
  }

  @Test(arguments: AverageStart.allCases) func weightAverages(_ start: AverageStart) throws {
    struct Model: Module { let layer = Linear(6, 1) }
    try Golden("optimizers").check("weight-average-\(start.rawValue)") { inputs, dtype in
      let path = inputs["path"]!.detached()
      func point(_ index: Int) -> Tensor { path.sliced(0, index..<index + 1).squeezed(0) }
      let network = try Network(Model(), seed: 1, dtype: dtype)
      try network.flat.assign(point(0))
      let average = try WeightAverage(of: network, rate: 0.3, start: start)
      let means = try (1..<6).map { index in
        try network.flat.assign(point(index))
        try average.update()
        return average.values.copied()
      }
      return [stacked(means, 0)]
    }
  }

  @Test(arguments: ["sgd", "momentum", "adam-torch", "adam-outside-1e-4", "adam-release", "adam-beta2-cosine"])
  func optimizers(_ name: String) throws {
    try Golden("optimizers").check(name) { inputs, _ in
      let (optimizer, rate): (any Optimizer, Double) =
        switch name {
        case "sgd": (Momentum(0), 0.1)
        case "momentum": (Momentum(0.6), 0.1)
        case "adam-torch": (Adam(beta1: 0.5), 0.003)
        case "adam-outside-1e-4": (Adam(beta1: 0.5, epsilon: 1e-4), 0.003)
        case "adam-beta2-cosine": (Adam(beta1: 0, beta2: CosineSchedule(from: 0.9, to: 0.99, over: 0..<4)), 0.003)
        default: (Adam(beta1: 0.5, epsilonPlace: .insideRoot), 0.003)
        }
      let parameters = inputs["p"]!.detached().copied()
      let path = try (0..<5).map { step in
        try optimizer.step(
          parameters, gradient: inputs["g"]!.detached().sliced(0, step..<step + 1).squeezed(0), learningRate: rate)
        return parameters.copied()
      }
      return [stacked(path, 0)]
    }
  }

  @Test func stepwiseDecay() throws {
    let expected = try Golden("optimizers").tensors()["stepwise-decay.f64.out.lr"]!
    let annealed = try Golden("optimizers").tensors()["cosine-schedule.f64.out.lr"]!
    let cosine = LearningRate(CosineSchedule(from: 2e-4, to: 5e-5, over: 0..<8))
    try expectClose(Tensor((0..<9).map { cosine($0) }), annealed, 1e-12)
    let rate = LearningRate(0.001, factor: 0.95, every: 3)
    try expectClose(Tensor((0..<10).map { rate($0) }), expected, RoundingBound(.float64, functions: 2).ofTwo)
    #expect(LearningRate(0.5)(1_000_000_000) == 0.5)
  }
}
