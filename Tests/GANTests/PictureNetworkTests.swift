import Foundation
import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// Networks of pictures against PyTorch, in float64: outputs, features, and gradients by inputs and every parameter.
@Suite struct PictureNetworkTests {
  private var labels: Tensor { Tensor([Int64(2), 0, 1, 2]) }

  /// Every 61st element of what is large, as the reference stores it.
  private func few(_ x: Tensor) throws -> Tensor {
    guard x.count >= 1000 else { return x }
    let values = try x.values(Double.self)
    return Tensor(stride(from: 0, to: values.count, by: 61).map { values[$0] })
  }

  private func check<Model: Module>(
    _ name: String, _ model: Model, sourceLocation: SourceLocation = #_sourceLocation,
    _ forward: (Model, Tensor) -> [Tensor]
  ) throws {
    let golden = try Golden("picture_networks").tensors()
    func part(_ role: String) -> [String: Tensor] {
      let prefix = "\(name).\(role)."
      return Dictionary(
        uniqueKeysWithValues: golden.filter { $0.key.hasPrefix(prefix) }.map {
          (String($0.key.dropFirst(prefix.count)), $0.value)
        })
    }
    let network = try Network(model, seed: 1, dtype: .float64)
    let gradients = part("gradient")
    try network.load(part("parameter"))
    // Every trained parameter has a gradient to be compared.
    #expect(
      Set(gradients.keys) == Set(network.summary.filter { !$0.isFixed }.map(\.name)), sourceLocation: sourceLocation)
    try checkingTensors {
      let x = golden["\(name).in"]!.asVariable()
      let outputs = forward(model, x)
      for (index, y) in outputs.enumerated() {
        try expectClose(try few(y), golden["\(name).out.\(index)"]!, 1e-9, "\(name) output \(index)", sourceLocation)
      }
      let terms = outputs.map { y in
        (y * Tensor((0..<y.count).map { cos(Double($0)) }, shape: y.shape)).sum()
      }
      let total = terms.dropFirst().reduce(terms[0]) { $0 + $1 }
      let named = model.namedParameters.filter { gradients[$0.name] != nil }
      let found = gradient(of: total, by: [x] + named.map(\.parameter.value))
      try expectClose(try few(found[0]), golden["\(name).gradient"]!, 1e-9, "\(name) by its input", sourceLocation)
      for (entry, value) in zip(named, found.dropFirst()) {
        try expectClose(
          try few(value), gradients[entry.name]!, 1e-9, "\(name) by \(entry.name)", sourceLocation)
      }
    }
  }

  private func both(_ judgement: Judgement) -> [Tensor] { [judgement.logits, judgement.features] }

  @Test func dcganGenerators() throws {
    let plain = DCGANGenerator(size: 16, channels: 3, latent: 5, width: 3, normalization: .none)
    try check("dcgan-generator-none", plain) { [$0($1, .evaluation)] }
    try check("dcgan-generator-batch", DCGANGenerator(size: 16, channels: 3, latent: 5, width: 3, classes: 3)) {
      [$0($1, .evaluation(labels: labels))]
    }
  }

  /// The reference's rows are of each class in turn.
  @Test func dcganGeneratorWithVirtualBatchNorm() throws {
    let model = DCGANGenerator(
      size: 16, channels: 3, latent: 5, width: 3, normalization: .virtualBatch, classes: 3,
      reference: ReferenceBatch(3, of: .normal(dimensions: 5)))
    try check("dcgan-generator-virtual-batch", model) { [$0($1, .evaluation(labels: labels))] }
  }

  @Test(arguments: DCGANDiscriminator.Normalization.allCases)
  func dcganDiscriminators(_ normalization: DCGANDiscriminator.Normalization) throws {
    let model = DCGANDiscriminator(size: 16, channels: 3, width: 3, normalization: normalization, classes: 3)
    try check("dcgan-discriminator-\(normalization.rawValue)", model) {
      both($0($1, .evaluation(labels: labels)))
    }
  }

  @Test func dcganDiscriminatorWithMinibatchDiscrimination() throws {
    let model = DCGANDiscriminator(
      size: 16, channels: 3, width: 3, normalization: .none,
      minibatch: { MinibatchDiscrimination($0, kernels: 3, dimensions: 2) })
    try check("dcgan-discriminator-minibatch", model) { both($0($1, .evaluation)) }
  }

  @Test func thePapersPairForCIFAR10() throws {
    try check("conv-discriminator", ConvDiscriminator(outputs: 5, width: 4)) { both($0($1, .evaluation)) }
    try check("conv-generator-published", ConvGenerator.published(latent: 5, widths: [6, 4, 3])) {
      [$0($1, .evaluation)]
    }
  }

  @Test func vggDiscriminator() throws {
    let model = VGGDiscriminator(outputs: 5, widths: [3, 5, 6], convolutions: [2, 1, 2])
    try check("vgg-discriminator", model) { both($0($1, .evaluation)) }
  }

  @Test func thePapersPairForImageNet() throws {
    let generator = ConvGenerator.imageNet(
      latent: 5, width: 1, reference: ReferenceBatch(3, of: .normal(dimensions: 5)))
    try check("conv-generator-imagenet", generator) { [$0($1, .evaluation)] }
    let discriminator = ImageNetDiscriminator(
      size: 32, width: 1, minibatch: { MinibatchDiscrimination($0, kernels: 3, dimensions: 2) })
    try check("imagenet-discriminator", discriminator) { both($0($1, .evaluation)) }
  }

  @Test func r3ganPair() throws {
    try check(
      "r3gan-generator",
      R3GANGenerator(widths: [8, 8, 4], channels: 3, latent: 5, blocks: 1, groupWidth: 4, classes: 3)
    ) {
      [$0($1, .evaluation(labels: labels))]
    }
    try check(
      "r3gan-discriminator", R3GANDiscriminator(widths: [8, 8, 4], channels: 3, blocks: 1, groupWidth: 4, classes: 3)
    ) {
      both($0($1, .evaluation(labels: labels)))
    }
  }

  /// 16 and 24 pixels: the published sizes are not powers of two.
  @Test func snganGenerators() throws {
    try check(
      "sngan-generator-none", SNGANGenerator(size: 16, channels: 3, latent: 5, width: 1, normalization: .none)
    ) { [$0($1, .evaluation)] }
    try check("sngan-generator-batch", SNGANGenerator(size: 24, channels: 3, latent: 5, width: 1, classes: 3)) {
      [$0($1, .evaluation(labels: labels))]
    }
    let model = SNGANGenerator(
      size: 16, channels: 3, latent: 5, width: 1, normalization: .virtualBatch,
      reference: ReferenceBatch(3, of: .normal(dimensions: 5)))
    try check("sngan-generator-virtual-batch", model) { [$0($1, .evaluation)] }
  }

  /// 24 pixels: the published sizes are not powers of two.
  @Test func snganDiscriminators() throws {
    let plain = SNGANDiscriminator(
      size: 16, channels: 3, width: 2, normalization: .none,
      minibatch: { MinibatchDiscrimination($0, kernels: 3, dimensions: 2) })
    try check("sngan-discriminator-none", plain) { both($0($1, .evaluation)) }
    try check("sngan-discriminator-spectral", SNGANDiscriminator(size: 24, channels: 3, width: 2, classes: 3)) {
      both($0($1, .evaluation(labels: labels)))
    }
  }

  /// At their published sizes the networks have as many parameters as PyTorch's layers of these sizes.
  @Test func haveAsManyParametersAsPublished() throws {
    let golden = try Golden("picture_networks").tensors()
    func check<Model: Module>(_ name: String, _ model: Model) throws {
      #expect(try Network(model, seed: 1).parameterCount == Int(golden["count.\(name)"]!.item()), "\(name)")
    }
    try check("dcgan-generator-64", DCGANGenerator(size: 64, channels: 3))
    try check("dcgan-discriminator-64", DCGANDiscriminator(size: 64, channels: 3))
    try check("cifar10-discriminator", ConvDiscriminator(outputs: 10))
    try check("svhn-discriminator", ConvDiscriminator(outputs: 10, width: 64))
    try check("cifar10-generator", ConvGenerator.published())
    try check("sngan-generator-32", SNGANGenerator(size: 32, channels: 3))
    try check("sngan-discriminator-32", SNGANDiscriminator(size: 32, channels: 3, normalization: .none))

    let discriminator = try Network(ConvDiscriminator(outputs: 10), seed: 1).model
    var (h, shapes) = (Tensor.zeros([1, 3, 32, 32]), [[Int]]())
    for layer in discriminator.layers {
      h = layer(h, .evaluation)
      shapes.append(Array(h.shape.dropFirst()))
    }
    #expect(try shapes.joined().map(Int64.init) == golden["shapes.cifar10-discriminator"]!.values(Int64.self))
  }

  /// Sizes other than those of the reference: shapes only.
  @Test(arguments: [8, 16, 32, 64, 128])
  func makeAndJudgePicturesOfEverySize(_ size: Int) throws {
    let z = RandomStream(seed: 1).normal([2, 6])
    let sizes = size.trailingZeroBitCount - 1
    try checkingTensors {
      let dcgan = try Network(DCGANGenerator(size: size, channels: 2, latent: 6, width: 2), seed: 1)
      let x = dcgan.model(z, .evaluation)
      #expect(x.shape == [2, 2, size, size])
      let judge = try Network(DCGANDiscriminator(size: size, channels: 2, outputs: 3, width: 2), seed: 1)
      #expect(judge.model(x, .evaluation).logits.shape == [2, 3])
      #expect(judge.model(x, .evaluation).features.shape == [2, 2 * min(8, 1 << (sizes - 2)) * 16])
      let widths = Array(repeating: 4, count: sizes)
      let residual = try Network(R3GANGenerator(widths: widths, channels: 2, latent: 6, groupWidth: 4), seed: 1)
      #expect(residual.model(z, .evaluation).shape == [2, 2, size, size])
      let critic = try Network(R3GANDiscriminator(widths: widths, channels: 2, outputs: 3, groupWidth: 4), seed: 1)
      #expect(critic.model(x, .evaluation).logits.shape == [2, 3])
      #expect(critic.model(x, .evaluation).features.shape == [2, 4])
      if size >= 16 {
        let published = try Network(ConvDiscriminator(channels: 2, outputs: 3, width: 2), seed: 1)
        #expect(published.model(x, .evaluation).logits.shape == [2, 3])
      }
    }
    #expect(DCGANGenerator.allows(size: size) && !DCGANGenerator.allows(size: size + 4))
    #expect(!DCGANDiscriminator.allows(size: 4))
  }

  /// The first logits have a deviation of 0.1 and G's first pictures one of tanh of that, as in the released code.
  @Test func thePapersPairTakesItsFirstValuesFromABatch() throws {
    let judge = try Network(
      ConvDiscriminator(outputs: 4, width: 4, inputDropout: 0, hiddenDropout: 0), seed: 1, dtype: .float64)
    let x = RandomStream(seed: 1).uniform([30, 3, 12, 12], dtype: .float64) * 2 - 1
    try judge.initialize(on: x)
    let logits = judge.model(x, .evaluation).logits
    try expectClose(logits.mean(0) + 1, .ones([4], dtype: .float64), 1e-9)
    // 1e-6 is added to a variance that is far above it.
    try expectClose(sqrt(logits.variance(0)), .full(0.1, [4], dtype: .float64), 1e-3)

    let maker = try Network(ConvGenerator.published(latent: 6, widths: [8, 4]), seed: 1, dtype: .float64)
    let z = RandomStream(seed: 2).uniform([20, 6], dtype: .float64)
    try maker.initialize(from: z)
    let pixels = maker.model(z, .evaluation)
    let before = log((1 + pixels) / (1 - pixels)) * 0.5
    try expectClose(sqrt(before.variance(0, 2, 3)), .full(0.1, [3], dtype: .float64), 1e-3)
  }

  /// A residual block begins as the identity, and branches of many blocks as smaller ones.
  @Test func residualBlocksBeginAsTheIdentity() throws {
    struct Model: Module {
      let alone = ResidualBottleneck(32, expansion: 2, groupWidth: 16, blocks: 1)
      let many = ResidualBottleneck(32, expansion: 2, groupWidth: 16, blocks: 16)
    }
    let network = try Network(Model(), seed: 1)
    let x = RandomStream(seed: 1).normal([2, 32, 4, 4])
    #expect(try network.model.many(x, .evaluation).values() == x.values())
    for (block, gain) in [(network.model.alone, 1.0), (network.model.many, 0.5)] {
      for (weight, inputs) in [(block.expand.weight, 32.0), (block.grouped.weight, 16 * 9)] {
        let expected = gain * (2 / 1.04 / inputs).squareRoot()
        let found = try sqrt(weight.value.variance()).item()
        // The deviation of n normal numbers is itself one of 1 / sqrt(2 n) relative.
        #expect(abs(found / expected - 1) < 5 / (2 * Double(weight.value.count)).squareRoot())
      }
    }
  }

  /// Networks that are told a class make other pictures for another, and judge the same picture otherwise.
  @Test func listenToTheLabels() throws {
    let z = RandomStream(seed: 1).normal([3, 6])
    func expectOther(_ isOther: Bool, _ a: Tensor, _ b: Tensor) throws {
      #expect(try (abs(a - b).max().item() > 0) == isOther)
    }
    let (same, other) = (Context.evaluation(labels: Tensor([Int64(1)])), Context.evaluation(labels: Tensor([Int64(0)])))
    try checkingTensors {
      let dcgan = try Network(DCGANGenerator(size: 8, channels: 1, latent: 6, width: 4, classes: 2), seed: 1)
      let residual = try Network(
        R3GANGenerator(widths: [8, 8], channels: 1, latent: 6, groupWidth: 8, classes: 2), seed: 1)
      let x = dcgan.model(z, same)
      try expectOther(true, x, dcgan.model(z, other))
      try expectOther(true, residual.model(z, same), residual.model(z, other))
      let judge = try Network(DCGANDiscriminator(size: 8, channels: 1, width: 4, classes: 2), seed: 1)
      let critic = try Network(R3GANDiscriminator(widths: [8, 8], channels: 1, groupWidth: 8, classes: 2), seed: 1)
      try expectOther(true, judge.model(x, same).logits, judge.model(x, other).logits)
      try expectOther(true, critic.model(x, same).logits, critic.model(x, other).logits)
      try expectOther(false, critic.model(x, same).features, critic.model(x, other).features)
    }
    let network = try Network(DCGANGenerator(size: 8, channels: 1, latent: 6, width: 4, classes: 2), seed: 1)
    let error = #expect(throws: TensorError.self) { try checkingTensors { network.model(z, .evaluation) } }
    #expect(error?.description.contains("no labels") == true)
  }
}
