import Foundation
import GoldenSupport
import NN
import Testing
import Torch

/// Layers of networks of pictures against PyTorch: outputs, and gradients by inputs and parameters.
@Suite struct PictureLayerTests {
  private struct Holder<L: Module>: Module { let layer: L }

  /// Compares a case's outputs and gradients, the layer's parameters having the case's inputs of their names.
  private func check<L: Module>(
    _ name: String, _ layer: () -> L, outputs: [String] = ["y"], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (L, [String: Tensor]) throws -> [Tensor]
  ) throws {
    let all = try Golden("picture_layers").tensors()
    for (dtype, label) in [(DType.float64, "f64"), (.float32, "f32")] {
      func part(_ role: String) -> [String: Tensor] {
        let prefix = "\(name).\(label).\(role)."
        return Dictionary(
          uniqueKeysWithValues: all.filter { $0.key.hasPrefix(prefix) }.map {
            (String($0.key.dropFirst(prefix.count)), $0.value)
          })
      }
      let (inputs, expected, gradients) = (part("in"), part("out"), part("grad"))
      try #require(!expected.isEmpty, "no case \(name).\(label)", sourceLocation: sourceLocation)
      let network = try Network(Holder(layer: layer()), seed: 1, dtype: dtype)
      // The last part of a parameter's name: all are different.
      let named = network.model.namedParameters.map { ($0.name.split(separator: ".").last.map(String.init)!, $0) }
      try network.load(
        Dictionary(
          uniqueKeysWithValues: named.map { short, entry in
            (entry.name, inputs[short] ?? network.state[entry.name]!)
          }))
      var variables = inputs.mapValues { $0.dtype == dtype ? $0.asVariable() : $0 }
      for (short, entry) in named where entry.parameter.role == .trained { variables[short] = entry.parameter.value }
      try checkingTensors {
        let found = try body(network.model.layer, variables)
        let tolerance = Golden.tolerance(dtype)
        for (key, value) in zip(outputs, found) {
          try expectClose(value, expected[key]!, tolerance, "\(name).\(label).out.\(key)", sourceLocation)
        }
        guard !gradients.isEmpty else { return }
        let cotangents = part("cotangent")
        let terms = zip(outputs, found).compactMap { key, y in cotangents[key].map { (y * $0).sum() } }
        let total = terms.dropFirst().reduce(terms[0]) { $0 + $1 }
        let keys = gradients.keys.sorted()
        for (key, value) in zip(keys, gradient(of: total, by: keys.map { variables[$0]! })) {
          try expectClose(value, gradients[key]!, tolerance, "\(name).\(label).grad.\(key)", sourceLocation)
        }
      }
    }
  }

  private func context(_ mode: Context.Mode = .training) -> Context { Context(mode, random: RandomStream(seed: 7)) }

  @Test func convolutionsInGroups() throws {
    try check("conv2d-groups") {
      Conv2d(6, 4, kernel: 3, stride: 2, padding: 1, groups: 2)
    } _: {
      [$0($1["x"]!)]
    }
    try check("conv-transpose2d-groups") {
      ConvTranspose2d(4, 6, kernel: 3, stride: 2, padding: 1, outputPadding: 1, groups: 2)
    } _: {
      [$0($1["x"]!)]
    }
  }

  /// One that sees all of the image is a dense layer only without groups.
  @Test func convolutionsOfEachChannelByItself() throws {
    try check("conv2d-depthwise-whole") {
      Conv2d(4, 4, kernel: 4, groups: 4, bias: false)
    } _: {
      [$0($1["x"]!)]
    }
  }

  @Test func weightNormOfConvolutions() throws {
    try check("weight-norm-conv2d") {
      WeightNormConv2d(3, 4, kernel: 3, stride: 2, padding: 1)
    } _: {
      [$0($1["x"]!, .evaluation)]
    }
  }

  /// Mean 0 and the wanted deviation of every channel over examples and pixels.
  @Test func convolutionsTakeTheirFirstValuesFromTheBatch() throws {
    try check(
      "weight-norm-conv2d-init",
      { WeightNormConv2d(3, 4, kernel: 3, stride: 2, padding: 1, initialDeviation: 0.1) },
      outputs: ["bias", "gain", "y"]
    ) { layer, inputs in
      try layer.gain.value.assign(.ones([4], dtype: inputs["x"]!.dtype))
      try layer.bias.value.assign(.zeros([4], dtype: inputs["x"]!.dtype))
      let y = layer(inputs["x"]!.detached(), context(.initialization))
      return [layer.bias.value, layer.gain.value, y]
    }
  }

  @Test func meansOverPixels() throws {
    try check("global-mean-pool") {
      GlobalMeanPool()
    } _: {
      [$0($1["x"]!, .evaluation)]
    }
  }

  @Test func resampling() throws {
    try check("upsample") {
      Upsample2d()
    } _: {
      [$0($1["x"]!, .evaluation)]
    }
    try check("downsample") {
      Downsample2d()
    } _: {
      [$0($1["x"]!, .evaluation)]
    }
  }

  /// Which elements are dropped is a function of the seed, of where the layer stands, and of nothing else; PyTorch
  /// knows the mask from an own Philox.
  @Test func dropout() throws {
    try check("dropout") {
      Dropout(0.2)
    } _: {
      [$0($1["x"]!, context())]
    }
  }

  @Test func dropoutKeepsTheMeanAndIsOffInEvaluation() throws {
    let x = Tensor.ones([200, 500])
    let layer = Dropout(0.3)
    #expect(try layer(x, .evaluation).values() == x.values())
    let y = try layer(x, context()).values()
    // Zeros are Bernoulli: their share is within 5 standard deviations of the rate.
    let share = Double(y.count { $0 == 0 }) / Double(y.count)
    #expect(abs(share - 0.3) < 5 * (0.3 * 0.7 / Double(y.count)).squareRoot())
    #expect(Set(y) == [0, Float(1 / 0.7)])
    #expect(try layer(x, context()).values() == y)
    #expect(try layer(x, Context(.training, random: RandomStream(seed: 7), noiseScale: 0.5)).values() == y)
    let other = Context(.training, random: RandomStream(seed: 8))
    #expect(try layer(x, other).values() != y)
    // The same elements wherever the image's channels stand in memory.
    let image = RandomStream(seed: 1).normal([2, 3, 4, 5])
    let innermost = image.permuted([0, 2, 3, 1]).contiguous().permuted([0, 3, 1, 2])
    #expect(try layer(image, context()).values() == layer(innermost, context()).values())
    let error = #expect(throws: TensorError.self) { try checkingTensors { Dropout(1)(x, context()) } }
    #expect(error?.description.contains("rate") == true)
  }

  @Test func spectralNorm() throws {
    try check(
      "spectral-norm-linear", { SpectralNormLinear(4, 5, bias: false) }, outputs: ["first", "second", "vector"]
    ) { layer, inputs in
      let first = layer(inputs["x"]!, context()), second = layer(inputs["x"]! * 2, context())
      return [first, second, layer.norm.vector.value.copied()]
    }
    try check(
      "spectral-norm-conv2d", { SpectralNormConv2d(3, 4, kernel: 3, stride: 2, padding: 1, bias: false) },
      outputs: ["first", "second", "vector"]
    ) { layer, inputs in
      let first = layer(inputs["x"]!, context()), second = layer(inputs["x"]! * 2, context())
      return [first, second, layer.norm.vector.value.copied()]
    }
  }

  /// After many passes the largest singular value is 1: that of an orthogonal matrix times known values is known.
  @Test func spectralNormFindsTheLargestSingularValue() throws {
    let network = try Network(Holder(layer: SpectralNormLinear(3, 3, bias: false)), seed: 2, dtype: .float64)
    let layer = network.model.layer
    // A rotation of the rows of diag(5, 2, 0.5).
    let (c, s) = (0.6, 0.8)
    let matrix = [5 * c, -2 * s, 0, 5 * s, 2 * c, 0, 0, 0, 0.5]
    try layer.weight.value.assign(Tensor(matrix, shape: [3, 3]))
    let x = Tensor([1.0, 0, 0, 0, 1, 0, 0, 0, 1], shape: [3, 3])
    for _ in 0..<40 { _ = layer(x, context()) }
    // The error shrinks by (2 / 5)^2 a pass: below 1e-30 after 40.
    try expectClose(layer(x, .evaluation), Tensor(matrix, shape: [3, 3]).transposed() * 0.2, 1e-12)
  }

  /// Evaluation looks at the vector and leaves it; training goes on from what was saved as if nothing had been in
  /// between.
  @Test func spectralNormIsPartOfTheState() throws {
    func make() throws -> Network<Holder<SpectralNormConv2d>> {
      try Network(Holder(layer: SpectralNormConv2d(3, 4, kernel: 3)), seed: 2)
    }
    let (a, b) = (try make(), try make())
    let x = RandomStream(seed: 1).normal([2, 3, 5, 5])
    func output(_ network: Network<Holder<SpectralNormConv2d>>, _ context: Context) throws -> [Float] {
      try checkingTensors { try network.model.layer(x, context).values() }
    }
    #expect(a.fixed.shape == [4] && a.names.contains("layer.norm.vector"))
    _ = try output(a, context())
    let saved = a.state
    let evaluated = try output(a, .evaluation)
    #expect(try output(a, .evaluation) == evaluated)
    #expect(try a.fixed.values() == saved["layer.norm.vector"]!.values())
    let next = try output(a, context())
    #expect(next == evaluated)
    #expect(try a.fixed.values() != saved["layer.norm.vector"]!.values())
    try b.load(saved)
    #expect(try output(b, context()) == next)
    #expect(try a.fixed.values() == b.fixed.values())
  }

  @Test func spectralNormOfSeedsSideBySideEqualsThemOneByOne() throws {
    let together = try Network(Holder(layer: SpectralNormLinear(4, 5)), seeds: [3, 8])
    let x = RandomStream(seed: 1).normal([6, 4])
    let y = together.model.layer(x, context())
    for (index, seed) in [3, 8].enumerated() {
      let alone = try Network(Holder(layer: SpectralNormLinear(4, 5)), seed: UInt64(seed))
      try expectClose(y.sliced(0, index..<index + 1).squeezed(0), alone.model.layer(x, context()), 1e-5)
    }
  }

  @Test func embeddingsOfClasses() throws {
    try check("embedding") {
      Embedding(4, 3)
    } _: {
      [$0($1["labels"]!)]
    }
    try check("projection") {
      ProjectionHead(4, features: 3, weight: .normal(standardDeviation: 1))
    } _: {
      [$0($1["x"]!, .evaluation(labels: $1["labels"]!))]
    }
  }

  /// A class that there is none of must not pass for one.
  @Test func labelsThatDoNotFitAreNoticed() throws {
    let network = try Network(Holder(layer: ProjectionHead(4, features: 3, weight: .constant(1))), seed: 1)
    let x = Tensor.ones([2, 3])
    func scores(_ labels: Tensor?) throws -> [Float] {
      try checkingTensors { try network.model.layer(x, .evaluation(labels: labels)).values() }
    }
    #expect(try scores(Tensor([Int64(1), 3])) == [3, 3])
    #expect(try scores(Tensor([Int64(1)])) == [3, 3])
    #expect(try scores(Tensor([Int64(1), 4]))[1].isNaN)
    #expect(try scores(Tensor([Int64(-1), 0]))[0].isNaN)
    let none = #expect(throws: TensorError.self) { try scores(nil) }
    #expect(none?.description.contains("no labels") == true)
    let few = #expect(throws: TensorError.self) { try scores(Tensor([Int64(1), 1, 1])) }
    #expect(few?.description.contains("[3]") == true)
  }
}
