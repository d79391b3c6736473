import Datasets
import Foundation
import GAN
import Metrics
import NN
import Torch

/// What becomes of feature matching where processes add up their gradients and nothing else: each then matches the
/// means of its own rows, and the loss is another one, by the spread of these means.
enum MatchingInParts {
  /// The mean of the losses of parts of the batch, each with its own means.
  private struct Term: GeneratorTerm {
    let term = FeatureMatching(.releaseSquared)
    let parts: Int
    var replacesObjective: Bool { true }

    func callAsFunction(real: Judgement, generated: Judgement) -> Tensor {
      let size = generated.features.size(-2) / parts
      let losses = (0..<parts).map { part in
        func own(_ judgement: Judgement) -> Judgement {
          let rows = part * size..<(part + 1) * size
          return Judgement(logits: judgement.logits, features: judgement.features.sliced(-2, rows))
        }
        return term(real: own(real), generated: own(generated))
      }
      return losses.dropFirst().reduce(losses[0]) { $0 + $1 } / Double(parts)
    }
  }

  /// Plays a game on N(0, 1) with feature matching, batches of 64 and eight seeds, as one process plays it and as
  /// processes that exchange gradients only would.
  ///
  /// - Returns: lines of text: the standard deviation of 10 000 samples and their Wasserstein-1 distance from the
  ///   density, means and standard deviations over the seeds.
  /// - Throws: `TensorError`.
  static func lines() throws -> [String] {
    let density = try Density.normal(0, 1)
    let seeds = (1...8).map { UInt64($0) }
    let points = 10_000
    let quantiles = (0..<points).map { density.quantile((Double($0) + 0.5) / Double(points)) }
    return try [1, 2, 4, 8, 16, 32].map { parts in
      let random = RandomStream(seeds: seeds)
      let noise = Noise.normal(dimensions: 4)
      func training() -> Training { Training(Adam(beta1: 0.5), learningRate: LearningRate(1e-3)) }
      let generator = try Network(
        DenseGenerator(latent: 4, hidden: [32, 32], outputs: 1, activation: .relu, outputActivation: .identity),
        random: random.stream("G"))
      let trainer = Trainer(
        generator: generator,
        discriminator: try Network(
          DenseDiscriminator(inputs: 1, hidden: [32, 32], activation: .leakyReLU), random: random.stream("D")),
        terms: [Term(parts: parts)], data: density.batches(64, sorted: false, device: .cpu), noise: noise,
        generatorTraining: training(), discriminatorTraining: training(), steps: 5_000, random: random.stream("game"))
      while try trainer.next() != nil {}
      let samples = try checkingTensors {
        try withoutGradient {
          try generator.model(noise(points, random.stream("samples")), .evaluation).values(Double.self)
        }
      }
      let bySeed = seeds.indices.map { Array(samples[$0 * points..<($0 + 1) * points]) }
      let spreads = Summary(bySeed.map { Summary($0).standardDeviation })
      let distances = Summary(bySeed.map { OneDimensional.wasserstein($0, quantiles) })
      return String(
        format: "%d parts of %d: standard deviation %.2f +- %.2f, distance %.3f +- %.3f", parts, 64 / parts,
        spreads.mean,
        spreads.standardDeviation, distances.mean, distances.standardDeviation)
    }
  }
}
