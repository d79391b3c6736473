import GAN
import NN
import Torch

/// Radford et al. 2016 at 32 x 32 and, by the networks of the recipe `dcgan-64`, at 64 x 64: 4 x 4 kernels, batch norm,
/// batches of 64.
enum DCGAN {
  struct G: Generator {
    let layers = [
      ConvTranspose2d(100, 256, kernel: 4, weight: weights, bias: false),
      ConvTranspose2d(256, 128, kernel: 4, stride: 2, padding: 1, weight: weights, bias: false),
      ConvTranspose2d(128, 64, kernel: 4, stride: 2, padding: 1, weight: weights, bias: false),
    ]
    let norms = [BatchNorm2d(256), BatchNorm2d(128), BatchNorm2d(64)]
    let output = ConvTranspose2d(64, 3, kernel: 4, stride: 2, padding: 1, weight: weights)

    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
      var h = z.reshaped([-1, 100, 1, 1])
      for (layer, norm) in zip(layers, norms) { h = relu(norm(layer(h), context)) }
      return tanh(output(h))
    }
  }

  struct D: Discriminator {
    let first = Conv2d(3, 64, kernel: 4, stride: 2, padding: 1, weight: weights)
    let layers = [
      Conv2d(64, 128, kernel: 4, stride: 2, padding: 1, weight: weights, bias: false),
      Conv2d(128, 256, kernel: 4, stride: 2, padding: 1, weight: weights, bias: false),
    ]
    let norms = [BatchNorm2d(128), BatchNorm2d(256)]
    let output = Conv2d(256, 1, kernel: 4, weight: weights)

    func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
      var h = leakyReLU(first(x))
      for (layer, norm) in zip(layers, norms) { h = leakyReLU(norm(layer(h), context)) }
      return Judgement(logits: output(h).reshaped([-1, 1]), features: h.reshaped([x.size(0), -1]))
    }
  }

  private static let weights = Initializer.normal(standardDeviation: 0.02)
  private static let batch = 64

  static func contestant() throws -> Contestant {
    try contestant(
      side: 32, generator: { try Network(G(), random: $0) }, discriminator: { try Network(D(), random: $0) })
  }

  /// - Parameter processes: those that play it together; nil for this one alone.
  static func contestant64(processes: ProcessGroup? = nil) throws -> Contestant {
    try contestant(
      side: 64, processes: processes, generator: { try Network(DCGANGenerator(size: 64, channels: 3), random: $0) },
      discriminator: { try Network(DCGANDiscriminator(size: 64, channels: 3), random: $0) })
  }

  private static func contestant<G: Generator, D: Discriminator>(
    side: Int, processes: ProcessGroup? = nil, generator: (RandomStream) throws -> Network<G>,
    discriminator: (RandomStream) throws -> Network<D>
  ) throws -> Contestant {
    let random = RandomStream(seed: 1)
    let noise = Noise.normal(dimensions: 100)
    let rows = processes?.rows(of: batch) ?? 0..<batch
    let real = random.stream("pictures").uniform([batch, 3, side, side]).sliced(0, rows).contiguous() * 2 - 1
    func training() -> Training { Training(Adam(beta1: 0.5), learningRate: LearningRate(2e-4)) }
    let streams = GameStreams(game: random.stream("game"))
    let trainer = Trainer(
      generator: try generator(random.stream("G")), discriminator: try discriminator(random.stream("D")),
      objective: Logistic(), data: { _, _ in real }, noise: noise, generatorTraining: training(),
      discriminatorTraining: training(), updates: .alternatingShared, steps: .max, random: streams.game)
    if let processes { try trainer.share(with: processes, batchSize: batch) }
    return Contestant(playing: trainer) { steps in
      ["real": real, "z": stackedDraws(steps) { noise(batch, streams.noise("discriminator", $0)) }]
    }
  }
}
