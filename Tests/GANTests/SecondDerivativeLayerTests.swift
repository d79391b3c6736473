import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// Layers and players under `twiceDifferentiable`: the gradient of their slope by their parameters against differences.
@Suite struct SecondDerivativeLayerTests {
  private static let random = RandomStream(seed: 41)

  /// In float64 along a line through the parameters; float32 against float64, but for layers that draw, whose draws in
  /// float64 are others. Spectral norm takes its singular vectors for constants, which they are to first order once
  /// `settle`, called again and again, has led them to where they stay.
  private func check<M: Module>(
    _ name: String, _ model: () -> M, _ shape: [Int], draws: Bool = false,
    settle: ((M, Tensor) -> Void)? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ apply: (M, Tensor) -> Tensor
  ) throws {
    func slope(_ network: Network<M>) -> Tensor {
      let dtype = network.flat.dtype
      let x = Self.random.stream(name).normal(shape, dtype: .float64).to(dtype).asVariable()
      let y = twiceDifferentiable { apply(network.model, x) }
      let cotangent = Self.random.stream("cotangent").normal(y.shape, dtype: .float64).to(dtype)
      return square(gradient(of: y, by: [x], cotangent: cotangent, createsGraph: true)[0]).sum()
    }
    let network = try Network(model(), random: Self.random, dtype: .float64)
    if let settle {
      let x = Self.random.normal(shape, dtype: .float64)
      for _ in 0..<2000 { withoutGradient { settle(network.model, x) } }
    }
    let found = try checkingTensors { network.gradient(of: slope(network)) }
    #expect(try found.values(Double.self).contains { $0 != 0 }, "\(name)", sourceLocation: sourceLocation)
    let direction = Self.random.stream("direction").normal(network.flat.shape, dtype: .float64)
    func norm(_ offset: Double) throws -> Double {
      try checkingTensors { try network.with(network.flat + direction * offset) { try slope(network).item() } }
    }
    // As in SecondDerivativeTests: short, so as not to lead over a kink; float64 leaves some 1e-9 of the norm.
    let step = 1e-6
    let difference = (8 * (try norm(step) - norm(-step)) - (try norm(2 * step) - norm(-2 * step))) / (12 * step)
    let along = try (found * direction).sum().item()
    let scale = try Swift.max(Swift.abs(difference), norm(0))
    #expect(
      Swift.abs(along - difference) < 1e-7 * scale,
      "\(name): \(along) along a line, differences say \(difference)", sourceLocation: sourceLocation)
    if draws { return }
    let rounded = try Network(model(), random: Self.random)
    try rounded.flat.assign(network.flat.to(.float32))
    try rounded.fixed.assign(network.fixed.to(.float32))
    // Three products of at most 1280 terms each, of which every one is rounded to 6e-8 of itself.
    try expectClose(
      checkingTensors { rounded.gradient(of: slope(rounded)).to(.float64) }, found, 3 * 1280 * 6e-8,
      "\(name), float32", sourceLocation)
  }

  private struct Holder<L: Layer>: Module { let layer: L }
  private func check<L: Layer>(
    layer name: String, _ shape: [Int], context: @escaping () -> Context = { .evaluation }, draws: Bool = false,
    settles: Bool = false, sourceLocation: SourceLocation = #_sourceLocation, _ layer: () -> L
  ) throws {
    let settle: ((Holder<L>, Tensor) -> Void)? =
      settles
      ? { model, x in _ = model.layer(x, Context(.training, random: Self.random, labels: context().labels)) } : nil
    try check(name, { Holder(layer: layer()) }, shape, draws: draws, settle: settle, sourceLocation: sourceLocation) {
      model, x in
      let y = model.layer(x, context())
      return square(y) + y
    }
  }

  @Test func layersOfVectors() throws {
    try check(layer: "Linear", [5, 4]) { Linear(4, 3) }
    try check(layer: "Linear, large", [64, 80]) { Linear(80, 64) }
    try check(layer: "WeightNormLinear", [5, 4]) { WeightNormLinear(4, 3) }
    try check(layer: "WeightNormLinear, large", [64, 80]) { WeightNormLinear(80, 64) }
    try check(layer: "BatchNorm", [6, 3]) { BatchNorm(3) }
    let groups = { Context(.training, random: Self.random, groups: 2) }
    try check(layer: "BatchNorm, groups", [6, 3], context: groups) {
      BatchNorm(3)
    }
    let training = { Context(.training, random: Self.random) }
    try check(layer: "GaussianNoise and Dropout", [6, 3], context: training, draws: true) {
      Sequential(Linear(3, 9), Activation.tanh, GaussianNoise(0.1), Dropout(0.4), Linear(9, 2))
    }
    try check(layer: "SpectralNormLinear", [5, 4], settles: true) { SpectralNormLinear(4, 3) }
    try check(layer: "SpectralNormLinear, large", [64, 80], settles: true) { SpectralNormLinear(80, 64) }
    let classes = { Context(.evaluation, random: Self.random, labels: Tensor([0, 2, 2, 1, 0] as [Int64])) }
    for isSpectral in [false, true] {
      try check(layer: "ProjectionHead", [5, 4], context: classes, settles: isSpectral) {
        ProjectionHead(3, features: 4, weight: .normal(standardDeviation: 1), isSpectral: isSpectral)
      }
    }
    for reading in MinibatchDiscrimination.Reading.allCases {
      try check(layer: "MinibatchDiscrimination, \(reading)", [6, 4]) {
        MinibatchDiscrimination(
          4, kernels: 3, dimensions: 2, reading: reading, weight: .normal(standardDeviation: 0.5))
      }
    }
    let reference = { Context(.training, random: Self.random, referenceCount: 4) }
    try check(layer: "VirtualBatchNorm", [9, 3], context: reference) { VirtualBatchNorm(3) }
    try check(layer: "VirtualBatchNorm, images", [7, 2, 3, 4], context: reference) { VirtualBatchNorm(2) }
  }

  @Test func layersOfImages() throws {
    try check(layer: "Conv2d", [2, 3, 6, 5]) { Conv2d(3, 4, kernel: 3, stride: 2, padding: 1) }
    try check(layer: "Conv2d of all, large", [40, 32, 4, 4]) { Conv2d(32, 16, kernel: 4) }
    try check(layer: "Conv2d, groups", [2, 4, 6, 5]) { Conv2d(4, 6, kernel: 3, padding: 1, groups: 2) }
    try check(layer: "WeightNormConv2d", [2, 3, 6, 5]) { WeightNormConv2d(3, 4, kernel: 3, stride: 2, padding: 1) }
    try check(layer: "SpectralNormConv2d", [2, 3, 6, 5], settles: true) {
      SpectralNormConv2d(3, 4, kernel: 3, stride: 2, padding: 1)
    }
    try check(layer: "resampling", [2, 3, 6, 4]) {
      Sequential(Conv2d(3, 4, kernel: 3, padding: 1), Upsample2d(), Activation.tanh, Downsample2d(), GlobalMeanPool())
    }
    try check(layer: "ConvTranspose2d", [2, 3, 3, 4]) {
      ConvTranspose2d(3, 2, kernel: 5, stride: 2, padding: 2, outputPadding: 1)
    }
    try check(layer: "WeightNormConvTranspose2d", [2, 3, 3, 4]) {
      WeightNormConvTranspose2d(3, 2, kernel: 5, stride: 2, padding: 2, outputPadding: 1)
    }
    try check(layer: "BatchNorm2d", [4, 3, 3, 5]) { BatchNorm2d(3) }
    let groups = { Context(.training, random: Self.random, groups: 2) }
    try check(layer: "BatchNorm2d, groups", [4, 3, 3, 5], context: groups) { BatchNorm2d(3) }
  }

  /// Chains of up to 128 units, and wider ones; small products, and those of 2^18 multiplications and more.
  @Test(arguments: [(6, [7, 5]), (64, [128, 128]), (64, [129, 64])]) func players(_ rows: Int, _ widths: [Int]) throws {
    for normalization in DenseDiscriminator.Normalization.allCases {
      try check(
        "DenseDiscriminator, \(normalization), \(widths)",
        { DenseDiscriminator(inputs: 3, hidden: widths, activation: .softplus, normalization: normalization) },
        [rows, 3]
      ) { $0($1, .evaluation).logits }
    }
    try check(
      "DenseDiscriminator with a minibatch layer, \(widths)",
      {
        DenseDiscriminator(
          inputs: 3, hidden: widths, activation: .tanh,
          minibatch: { MinibatchDiscrimination($0, kernels: 3, dimensions: 2) })
      }, [min(rows, 6), 3]  // of many examples a pair is always close to a kink
    ) { $0($1, .evaluation).logits }
    try check(
      "DenseGenerator, \(widths)",
      {
        DenseGenerator(
          latent: 3, hidden: widths, outputs: 4, activation: .softplus, outputActivation: .sigmoid,
          normalization: .batch, normalizesWeights: true)
      }, [rows, 3]
    ) { $0($1, .evaluation) }
  }

  @Test func convolutionalPlayers() throws {
    try check(
      "ConvGenerator",
      { ConvGenerator(latent: 3, side: 2, widths: [4, 3], channels: 2, normalizesWeights: true) }, [3, 3]
    ) { $0($1, .evaluation) }
    try check(
      "R3GANGenerator", { R3GANGenerator(widths: [8, 8], channels: 2, latent: 3, groupWidth: 8) }, [2, 3]
    ) { $0($1, .evaluation) }
    for normalization in DCGANDiscriminator.Normalization.allCases {
      try check(
        "DCGANDiscriminator, \(normalization)",
        { DCGANDiscriminator(size: 8, channels: 2, width: 4, normalization: normalization) }, [4, 2, 8, 8],
        settle: normalization == .spectral ? { _ = $0($1, Context(.training, random: Self.random)) } : nil
      ) { $0($1, .evaluation).logits }
    }
    try check(
      "R3GANDiscriminator", { R3GANDiscriminator(widths: [8, 8], channels: 2, groupWidth: 8) }, [3, 2, 8, 8]
    ) { $0($1, .evaluation).logits }
    try check("ConvDiscriminator", { ConvDiscriminator(channels: 2, outputs: 3, width: 4) }, [3, 2, 12, 12]) {
      $0($1, .evaluation).logits
    }
  }
}
