import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// Generators with and without virtual batch normalisation, dense and of images.
@Suite struct VirtualBatchGeneratorTests {
  private static let noise = Noise.uniform(0, 1, dimensions: 6)

  private func images(_ normalization: ConvGenerator.Normalization, weightNorm: Bool = false) -> ConvGenerator {
    ConvGenerator(
      latent: 6, widths: [16, 8, 4], channels: 3, normalization: normalization, normalizesWeights: weightNorm,
      reference: normalization == .virtualBatch ? ReferenceBatch(10, of: Self.noise) : nil)
  }
  private func vectors(_ normalization: DenseGenerator.Normalization) -> DenseGenerator {
    DenseGenerator(
      latent: 6, hidden: [20, 20], outputs: 3, activation: .relu, outputActivation: .tanh, normalization: normalization,
      reference: normalization == .virtualBatch ? ReferenceBatch(10, of: Self.noise) : nil)
  }

  /// Of `vectors`: a product, and a reference's mean and variance, in each layer.
  private static let ofVectors = RoundingBound(.float32, sums: [6, 10, 10, 20, 10, 10, 20], functions: 5)

  @Test(arguments: ConvGenerator.Normalization.allCases, [true, false])
  func makesImages(_ normalization: ConvGenerator.Normalization, _ weightNorm: Bool) throws {
    let network = try Network(images(normalization, weightNorm: weightNorm), seed: 1)
    let z = Self.noise(5, RandomStream(seed: 2))
    let x = network.model(z, Context(.training, random: RandomStream(seed: 0)))
    #expect(x.shape == [5, 3, 32, 32])
    #expect(try x.values().allSatisfy { Swift.abs($0) <= 1 })
    // Every trained parameter has a part in the picture.
    let gradient = try network.gradient(of: square(x).sum()).values()
    #expect(gradient.allSatisfy(\.isFinite) && gradient.count(where: { $0 != 0 }) > gradient.count * 9 / 10)
  }

  /// In training and in evaluation, an example is the same alone, among others and among other others.
  @Test func anImageDoesNotDependOnTheRestOfItsBatch() throws {
    let virtual = try Network(images(.virtualBatch), seed: 1)
    let batch = try Network(images(.batch), seed: 1)
    let dense = try Network(vectors(.virtualBatch), seed: 1)
    let first = Self.noise(1, RandomStream(seed: 2))
    func output<G: Generator>(_ network: Network<G>, beside seed: UInt64, count: Int, _ context: Context) -> Tensor {
      let z = concatenated([first, Self.noise(count, RandomStream(seed: seed))], 0)
      return network.model(z, context).sliced(0, 0..<1)
    }
    for context in [Context.evaluation, Context(.training, random: RandomStream(seed: 0))] {
      let alone = output(virtual, beside: 3, count: 7, context)
      #expect(try alone.values() == output(virtual, beside: 4, count: 7, context).values())
      // Another size may take another path through libtorch's products: equal but for rounding. In each layer a product
      // (of at most a quarter of 25 pixels of 16 channels, or of 20 units), a mean of the reference and a variance.
      let bound = RoundingBound(
        .float32, sums: [6, 160, 160, 112, 640, 640, 56, 2560, 2560, 28], functions: 8)
      try expectClose(output(virtual, beside: 4, count: 2, context), alone, bound.ofTwo)
      let vector = output(dense, beside: 3, count: 7, context)
      #expect(try vector.values() == output(dense, beside: 4, count: 7, context).values())
      try expectClose(output(dense, beside: 4, count: 2, context), vector, Self.ofVectors.ofTwo)
      #expect(
        try output(batch, beside: 3, count: 7, context).values() != output(batch, beside: 4, count: 7, context).values()
      )
    }
  }

  @Test func gradientThroughTheWholeGeneratorMatchesDifferences() throws {
    let model = ConvGenerator(
      latent: 3, side: 2, widths: [3, 2], channels: 1, normalization: .virtualBatch, outputActivation: .sigmoid,
      normalizesWeights: true, reference: ReferenceBatch(3, of: .normal(dimensions: 3)),
      weights: .normal(standardDeviation: 0.5))
    let network = try Network(model, seed: 4, dtype: .float64)
    let z = RandomStream(seed: 1).normal([2, 3], dtype: .float64)
    let weights = RandomStream(seed: 2).normal([2, 1, 8, 8], dtype: .float64)
    func loss() -> Tensor { (network.model(z, .evaluation) * weights).sum() }
    let found = network.gradient(of: loss())
    let start = try network.flat.values(Double.self)
    let differences = try start.indices.map { index in
      func value(_ change: Double) throws -> Double {
        var moved = start
        moved[index] += change
        return try network.with(Tensor(moved)) { try loss().item() }
      }
      return (try value(1e-6) - value(-1e-6)) / 2e-6
    }
    // The step 10^-6 leaves 10^-10 of the loss, and 10^-13 of its third derivative. ReLU has a corner that a difference
    // may straddle; none does with these seeds.
    try expectClose(found, Tensor(differences), 1e-6)
  }

  @Test func denseSeedsSideBySideEqualSeedsOneByOne() throws {
    let together = try Network(vectors(.virtualBatch), seeds: [4, 9])
    let shared = Self.noise(5, RandomStream(seed: 1))
    let separate = Self.noise(5, RandomStream(seeds: [1, 2]))
    for (index, seed) in [4, 9].enumerated() {
      let alone = try Network(vectors(.virtualBatch), seed: UInt64(seed))
      func slice(_ x: Tensor) -> Tensor { x.sliced(0, index..<index + 1).squeezed(0) }
      let tolerance = Self.ofVectors.ofTwo
      try expectClose(slice(together.model(shared, .evaluation)), alone.model(shared, .evaluation), tolerance)
      try expectClose(
        slice(together.model(separate, .evaluation)), alone.model(slice(separate), .evaluation), tolerance)
    }
  }

  /// Data-dependent initialisation of the last layer: mean 0 and deviation 1 of every channel before tanh.
  @Test func weightNormTakesItsFirstValuesFromTheBatch() throws {
    struct Model: Module {
      let layer = WeightNormConvTranspose2d(4, 3, kernel: 5, stride: 2, padding: 2, outputPadding: 1)
    }
    let model = Model()
    _ = try Network(model, seed: 1)
    let x = RandomStream(seed: 1).normal([8, 4, 6, 6]) * 3 + 1
    let y = withoutGradient { model.layer(x, Context(.initialization, random: RandomStream(seed: 0))) }
    #expect(y.shape == [8, 3, 12, 12])
    // Products of 4 channels of 25 pixels, statistics of 8 times 144 pixels, once by the layer and once here.
    let ofStatistics = RoundingBound(.float32, sums: [100, 1152, 1152], functions: 2)
    try expectClose(y.mean(0, 2, 3) + 1, .ones([3]), ofStatistics.ofTwo)
    try expectClose(y.variance(0, 2, 3), .ones([3]), ofStatistics.ofTwo)
    // W = g v / |v|, written out.
    let v = model.layer.direction.value
    let length = sqrt(square(v).permuted([1, 0, 2, 3]).reshaped([3, -1]).sum(-1) + 1e-6)
    let weight = v * (model.layer.gain.value / length).reshaped([1, 3, 1, 1])
    try expectClose(
      model.layer(x, .evaluation),
      convTranspose2d(x, weight: weight, bias: model.layer.bias.value, stride: 2, padding: 2, outputPadding: 1),
      RoundingBound(.float32, sums: [100, 100], functions: 2).ofTwo)
  }

  @Test func batchNormOfImagesIsThatOfTheirPixels() throws {
    struct Model: Module {
      let images = BatchNorm2d(4, epsilon: 1e-3)
      let rows = BatchNorm(4, epsilon: 1e-3)
    }
    let model = Model()
    _ = try Network(model, seed: 1)
    let x = RandomStream(seed: 1).normal([6, 4, 3, 5]) * 2 + 1
    for groups in [1, 2] {
      let context = Context(.training, random: RandomStream(seed: 0), groups: groups)
      let rows = model.rows(x.permuted([0, 2, 3, 1]).reshaped([-1, 4]), context)
      try expectClose(
        model.images(x, context), rows.reshaped([6, 3, 5, 4]).permuted([0, 3, 1, 2]),
        RoundingBound(.float32, sums: [90, 90], functions: 2).ofTwo)
    }
  }

  /// A whole game: G with virtual batch norm learns like any other, and its reference stays what it was.
  @Test func playsAGame() throws {
    let random = RandomStream(seed: 1)
    let generator = try Network(vectors(.virtualBatch), random: random.stream("G"))
    let discriminator = try Network(
      DenseDiscriminator(inputs: 3, hidden: [16], activation: .leakyReLU), random: random.stream("D"))
    let reference = try generator.fixed.values()
    #expect(reference.count == 60)
    let trainer = Trainer(
      generator: generator, discriminator: discriminator,
      data: { step, random in random.at(step).normal([16, 3]) * 0.1 + 0.5 }, noise: Self.noise,
      generatorTraining: Training(Adam(beta1: 0.5), learningRate: LearningRate(0.002)),
      discriminatorTraining: Training(Adam(beta1: 0.5), learningRate: LearningRate(0.002)), steps: 400,
      random: random.stream("game"))
    func distance() throws -> Double {
      let x = withoutGradient { generator.model(Self.noise(256, RandomStream(seed: 3)), .evaluation) }
      return try sqrt(square(x - 0.5).mean()).item()
    }
    let before = try distance()
    while try trainer.next() != nil {}
    let after = try distance()
    print("virtual batch norm: from \(before) to \(after) away from the data")
    #expect(after < before / 2)
    #expect(try generator.fixed.values() == reference)
  }
}
