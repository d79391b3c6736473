import Foundation
import GAN
import NN
import Settings
import Testing
import Torch

/// What recipes say of networks of pictures: which pictures they are for, and what is told where one does not fit.
@Suite struct PictureSettingsTests {
  private func generators() -> [any GeneratorSettings] {
    [
      DCGANGenerator.Settings(width: 4), ConvGenerator.Settings(widths: [8, 4]),
      R3GANGenerator.Settings(widths: [8, 8, 8, 8], groupWidth: 8),
    ]
  }
  private func discriminators() -> [any DiscriminatorSettings] {
    [
      DCGANDiscriminator.Settings(width: 4), ConvDiscriminator.Settings(width: 4),
      ImageNetDiscriminator.Settings(width: 2), R3GANDiscriminator.Settings(widths: [8, 8, 8, 8], groupWidth: 8),
      VGGDiscriminator.Settings(widths: [4, 6], convolutions: [2, 1]),
    ]
  }

  /// A pair of any two goes together.
  @Test func makeNetworksForTheExample() throws {
    let example = ExampleShape.image(channels: 1, height: 32, width: 32)
    let noise = Noise.normal(dimensions: 6)
    func play<G: Generator>(_ generator: G) throws -> Tensor {
      let network = try Network(generator, seed: 1)
      return try withExtendedLifetime(network) {
        try checkingTensors { withoutGradient { generator(noise(3, RandomStream(seed: 1)), .evaluation) } }
      }
    }
    func judge<D: Discriminator>(_ discriminator: D, _ x: Tensor) throws -> [Int] {
      let network = try Network(discriminator, seed: 1)
      return try withExtendedLifetime(network) {
        try checkingTensors { withoutGradient { discriminator(x, .evaluation) } }.logits.shape
      }
    }
    for settings in generators() {
      try settings.validate(SettingsCheck("generator"))
      try settings.validate(SettingsCheck("generator"), for: example)
      let x = try play(settings.make(GeneratorTask(latent: 6, example: example, noise: noise, batchSize: 4)))
      #expect(x.shape == [3, 1, 32, 32])
      for settings in discriminators() {
        try settings.validate(SettingsCheck("discriminator"))
        try settings.validate(SettingsCheck("discriminator"), for: example)
        let task = DiscriminatorTask(
          example: example, outputs: 2, minibatch: { MinibatchDiscrimination($0, kernels: 2, dimensions: 2) })
        #expect(try judge(settings.make(task), x) == [3, 2])
      }
    }
    let virtual = try #require(generators()[0].withVirtualBatchNorm())
    #expect(
      try play(virtual.make(GeneratorTask(latent: 6, example: example, noise: noise, batchSize: 4))).shape == x32)
  }
  private let x32 = [3, 1, 32, 32]

  /// The default settings are written and read, and their kinds are found by name.
  @Test func areFoundByTheirNames() throws {
    for kind in GeneratorFamily.kinds {
      let chosen = Chosen<GeneratorFamily>(any: kind.init())
      #expect(try JSONDecoder().decode(Chosen<GeneratorFamily>.self, from: JSONEncoder().encode(chosen)) == chosen)
    }
    for kind in DiscriminatorFamily.kinds {
      let chosen = Chosen<DiscriminatorFamily>(any: kind.init())
      #expect(try JSONDecoder().decode(Chosen<DiscriminatorFamily>.self, from: JSONEncoder().encode(chosen)) == chosen)
    }
    // Recipes name them: none that was there may go.
    #expect(
      Set(GeneratorFamily.kinds.map { $0.kind }).isSuperset(of: ["dense", "dcgan", "conv", "r3gan", "sngan"]))
    #expect(
      Set(DiscriminatorFamily.kinds.map { $0.kind }).isSuperset(
        of: ["dense", "dcgan", "conv", "imagenet", "r3gan", "sngan"]))
    for kinds in [GeneratorFamily.kinds, DiscriminatorFamily.kinds] {
      // Meant by recipes of before there was a choice, which name none.
      #expect(kinds.first?.kind == "dense")
      #expect(Set(kinds.map { $0.kind }).count == kinds.count)
    }
  }

  /// Which key, and what it should be.
  @Test func sayWhichPicturesDoNotFit() throws {
    func reason(_ body: () throws -> Void) -> String? {
      #expect(throws: SettingsError.self, performing: body)?.description
    }
    func image(_ height: Int, _ width: Int) -> ExampleShape { .image(channels: 3, height: height, width: width) }
    let (g, d) = (SettingsCheck("generator"), SettingsCheck("discriminator"))
    let digits = reason { try DCGANGenerator.Settings().validate(g, for: image(28, 28)) }
    #expect(digits?.contains("'generator.network'") == true && digits?.contains("28 x 28") == true)
    #expect(reason { try DCGANDiscriminator.Settings().validate(d, for: image(32, 64)) }?.contains("square") == true)
    #expect(reason { try DCGANGenerator.Settings().validate(g, for: .vector(3072)) }?.contains("images") == true)
    #expect(reason { try ConvGenerator.Settings().validate(g, for: image(28, 28)) }?.contains("widths") == true)
    try ConvGenerator.Settings(widths: [8, 4]).validate(g, for: image(28, 28))
    #expect(reason { try ConvDiscriminator.Settings().validate(d, for: image(8, 8)) }?.contains("9 x 9") == true)
    try ConvDiscriminator.Settings().validate(d, for: image(20, 9))
    let vgg = VGGDiscriminator.Settings(widths: [4, 6, 8], convolutions: [1, 2, 1])
    try vgg.validate(d)
    try vgg.validate(d, for: image(4, 7))
    #expect(reason { try vgg.validate(d, for: image(4, 3)) }?.contains("4 x 4 pixels or more") == true)
    #expect(
      reason { try VGGDiscriminator.Settings(widths: [4, 6], convolutions: [1]).validate(d) }?.contains(
        "as many numbers as widths, 2, are 1") == true)
    #expect(reason { try ImageNetDiscriminator.Settings().validate(d, for: image(40, 40)) }?.contains("32") == true)
    #expect(reason { try SNGANGenerator.Settings().validate(g, for: image(28, 28)) }?.contains("of 8") == true)
    try SNGANGenerator.Settings().validate(g, for: image(48, 48))
    #expect(reason { try SNGANDiscriminator.Settings().validate(d, for: image(48, 32)) }?.contains("square") == true)
    let residual = R3GANGenerator.Settings()
    #expect(reason { try residual.validate(g, for: image(64, 64)) }?.contains("must be 5") == true)
    try residual.validate(g, for: image(32, 32))
    #expect(
      reason { try R3GANDiscriminator.Settings(widths: [12], expansion: 1).validate(d) }?.contains("groupWidth") == true
    )
    #expect(
      reason { try ConvDiscriminator.Settings(width: 4, inputDropout: 1).validate(d) }?.contains("below 1") == true)
    #expect(reason { try DCGANGenerator.Settings(width: 0).validate(g) }?.contains("at least 1") == true)
    #expect(
      reason { try ConvGenerator.Settings(widths: [4], outputStride: 3).validate(g) }?.contains("outputStride") == true)
  }
}
