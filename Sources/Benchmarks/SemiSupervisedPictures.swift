import Datasets
import GAN
import NN
import Recipes
import Torch

/// The published semi-supervised iteration on pictures of noise, by `cifar10-semisupervised` or `svhn-semisupervised`
/// with half its batches, 50: the time does not depend on what they show.
enum SemiSupervisedPictures {
  private static let batch = 50

  static func contestant(_ name: String, products: Recipe.Products = .float32) throws -> Contestant {
    let count = 2_000
    let pixels = try (RandomStream(seed: 3).stream("pictures").uniform([count * 3072]) * 255).to(.uint8).values(
      UInt8.self)
    let labels = (0..<count).map { UInt8($0 % 10) }
    var recipe = Recipe.named(name)!
    (recipe.batchSize, recipe.labels.batchSize, recipe.labels.count) = (batch, batch, 500)
    recipe.products = products
    recipe.discriminator.initializationExamples = batch  // of no account for the step, and more memory than it
    let examples = try RecipeExamples(
      images: try LabelledImages(images: pixels, labels: labels, height: 32, width: 32, channels: 3, classes: 10),
      recipe: recipe, device: .cpu)
    let game = try RecipeGame(
      recipe, example: .image(channels: 3, height: 32, width: 32), classes: 10, stepsPerEpoch: examples.stepsPerEpoch,
      device: .cpu)
    let trainer = try game.trainer(examples)
    let streams = GameStreams(game: RandomStream(seed: recipe.seed).stream("game"))
    let noise = Noise.uniform(0, 1, dimensions: 100)
    let width = recipe.discriminator.network.settings as! ConvDiscriminator.Settings
    let shapes = [[3, 32, 32], [width.width, 16, 16], [2 * width.width, 8, 8]]
    /// What dropout leaves of `passes` batches, each by itself: bytes, 1 where an element stays.
    func kept(
      _ tensors: inout [String: Tensor], _ name: String, _ steps: Int, _ passes: (Int) -> [RandomStream]
    ) {
      let contexts = (0..<steps).map { step in
        passes(step).map { Context(.training, random: $0) }
      }
      for (layer, shape) in shapes.enumerated() {
        let rate = layer == 0 ? 0.2 : 0.5
        let left = contexts.map { passes in
          concatenated(
            passes.map { ($0.nextStream().dropout(Tensor.ones([batch] + shape), rate: rate) .> 0).to(.uint8) }, 0)
        }
        tensors["kept of \(name).\(layer)"] = stacked(left, 0)
      }
    }
    return Contestant(playing: trainer, after: game.updateAverages) { steps in
      var tensors = [
        "real of D": stackedDraws(steps) { examples.batches($0, streams.data("discriminator")) },
        "real of G": stackedDraws(steps) { examples.batches($0, streams.data("generator")) },
        "labelled": stackedDraws(steps) { examples.labelled!.batches($0, streams.labelled()).examples },
        "labels": stackedDraws(steps) { examples.labelled!.batches($0, streams.labelled()).labels },
        "z of D": stackedDraws(steps) { noise(batch, streams.noise("discriminator", $0)) },
        "z of G": stackedDraws(steps) { noise(batch, streams.noise("generator", $0)) },
      ]
      kept(&tensors, "D", steps) { step in (0..<3).map { streams.layers("discriminator", step).at($0) } }
      kept(&tensors, "G generated", steps) { [streams.layers("generator", $0).stream("generated")] }
      kept(&tensors, "G real", steps) { [streams.layers("generator", $0).stream("real")] }
      return tensors
    }
  }
}
