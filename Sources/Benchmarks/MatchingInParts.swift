import Datasets
import Foundation
import GAN
import NN
import Recipes
import Torch

/// What becomes of feature matching where processes add up their gradients and nothing else: each then matches the means of
/// its own rows, and the loss is another one, by the spread of these means.
enum MatchingInParts {
  /// Plays the published semi-supervised game on MNIST by itself, and now and then compares G's gradient by the loss of the
  /// whole batch with the mean of those by the losses of its parts, all of the same batch, networks and noise.
  ///
  /// - Returns: lines of text.
  /// - Throws: `FileError`, `TensorError`.
  static func lines(_ place: URL) throws -> [String] {
    let recipe = Recipe.named("mnist-semisupervised")!
    let images = try MNIST.Source().open(at: place, .train)
    let examples = try RecipeExamples(images: images, recipe: recipe, device: .cpu)
    let game = try RecipeGame(
      recipe, example: examples.shape, classes: examples.classes, stepsPerEpoch: examples.stepsPerEpoch, device: .cpu)
    let trainer = try game.trainer(examples)
    let term = FeatureMatching(.releaseSquared)
    let random = RandomStream(seed: 1).stream("parts")
    var lines: [String] = []
    while let report = try trainer.next(), report.step < 2_000 {
      try game.updateAverages()
      guard [99, 499, 1_999].contains(report.step) else { continue }
      for parts in [2, 4, 10] {
        var (sizes, losses, cosines): ([Double], [Double], [Double]) = ([], [], [])
        for batch in 0..<20 {
          /// G's gradient by the mean of the losses of `count` parts.
          func gradient(_ count: Int) throws -> (loss: Double, values: [Double]) {
            let real = withoutGradient {
              game.discriminator.model(
                examples.batches(batch, random.stream("real")), Context(.training, random: random.stream("D").at(batch))
              )
            }
            let made = game.generator.model(
              recipe.makeNoise()(recipe.batchSize, random.stream("noise").at(batch)),
              Context(.training, random: random.stream("G").at(batch)))
            let generated = game.discriminator.model(made, Context(.training, random: random.stream("D'").at(batch)))
            let size = recipe.batchSize / count
            let own = (0..<count).map { part in
              let rows = part * size..<(part + 1) * size
              return term(
                real: Judgement(logits: real.logits, features: real.features.sliced(-2, rows)),
                generated: Judgement(logits: generated.logits, features: generated.features.sliced(-2, rows)))
            }
            let loss = own.dropFirst().reduce(own[0]) { $0 + $1 } / Double(count)
            return (try loss.item(), try game.generator.gradient(of: loss).values(Double.self))
          }
          let (whole, apart) = (try gradient(1), try gradient(parts))
          func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
          let (a, b) = (
            product(whole.values, whole.values).squareRoot(), product(apart.values, apart.values).squareRoot()
          )
          sizes.append(b / a)
          losses.append(apart.loss / whole.loss)
          cosines.append(product(whole.values, apart.values) / (a * b))
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        lines.append(
          String(
            format: "step %d, %d parts: loss %.2f, gradient %.2f times as large, cosine %.2f", report.step + 1, parts,
            mean(losses), mean(sizes), mean(cosines)))
      }
    }
    return lines
  }
}
