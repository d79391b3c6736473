import Datasets
import GAN
import NN
import Torch

/// Two small networks on points of N(0, 1).
struct SmallGame {
  var width = 32
  var seeds: [UInt64]?
  /// The tutorial's game "A": 10 hidden units, evenly spaced noise, sorted batches, momentum, G's output times 5.
  var isTutorial = false
  private static let batch = 200

  func contestant() throws -> Contestant {
    let random = seeds.map { RandomStream(seeds: $0) } ?? RandomStream(seed: 1)
    let noise: Noise = isTutorial ? .stratified(-3, 3, jitter: 0.01) : .normal(dimensions: 1)
    let weights: Initializer = isTutorial ? .glorotUniform : .normal(standardDeviation: 1)
    let generator = try Network(
      DenseGenerator(
        latent: 1, hidden: [width, width], outputs: 1, activation: .tanh, outputActivation: .identity,
        scale: isTutorial ? 5 : 1, weights: weights), random: random.stream("G"))
    let discriminator = try Network(
      DenseDiscriminator(inputs: 1, hidden: [width, width], activation: .tanh, weights: weights),
      random: random.stream("D"))
    func training() -> Training {
      Training(isTutorial ? Momentum(0.6) : Adam(), learningRate: LearningRate(1e-3))
    }
    let density = try Density.normal(0, 1)
    let data = density.batches(Self.batch, sorted: isTutorial)
    let streams = GameStreams(game: random.stream("game"))
    let trainer = Trainer(
      generator: generator, discriminator: discriminator, objective: Logistic(), data: data, noise: noise,
      generatorTraining: training(), discriminatorTraining: training(), steps: .max, random: streams.game)
    return Contestant(playing: trainer) { steps in
      [
        "real": stackedDraws(steps) { data($0, streams.data("discriminator")) },
        "z of D": stackedDraws(steps) { noise(Self.batch, streams.noise("discriminator", $0)) },
        "z of G": stackedDraws(steps) { noise(Self.batch, streams.noise("generator", $0)) },
      ]
    }
  }
}
