import Datasets
import GAN
import NN
import Recipes
import Torch

/// The published semi-supervised MNIST iteration on pictures of noise: the time does not depend on what they show.
enum SemiSupervisedMNIST {
  /// - Parameter processes: those that play it together; nil for this one alone.
  static func contestant(products: Recipe.Products, processes: ProcessGroup? = nil) throws -> Contestant {
    let count = 6_000
    let pixels = try (RandomStream(seed: 3).stream("pictures").uniform([count * 784]) * 255).to(.uint8).values(
      UInt8.self)
    let labels = (0..<count).map { UInt8($0 % 10) }
    var recipe = Recipe.named("mnist-semisupervised")!
    recipe.products = products
    let examples = try RecipeExamples(
      images: try LabelledImages(images: pixels, labels: labels, height: 28, width: 28, channels: 1, classes: 10),
      recipe: recipe, device: .cpu)
    let game = try RecipeGame(
      recipe, example: .image(channels: 1, height: 28, width: 28), classes: 10, stepsPerEpoch: examples.stepsPerEpoch,
      device: .cpu)
    let trainer = try game.trainer(examples, processes: processes)
    let streams = GameStreams(game: RandomStream(seed: recipe.seed).stream("game"))
    let noise = Noise.uniform(0, 1, dimensions: 100)
    let widths = [784, 1000, 500, 250, 250, 250]
    /// What the layers of a pass of `rows` examples draw.
    func layerNoise(
      _ tensors: inout [String: Tensor], _ name: String, _ steps: Int, rows: Int, _ stream: (Int) -> RandomStream
    ) {
      let contexts = (0..<steps).map { Context(.training, random: stream($0)) }
      for (layer, width) in widths.enumerated() {
        tensors["noise of \(name).\(layer)"] = stacked(contexts.map { $0.nextStream().normal([rows, width]) }, 0)
      }
    }
    return Contestant(playing: trainer, after: game.updateAverages) { steps in
      var tensors = [
        "real of D": stackedDraws(steps) { examples.batches($0, streams.data("discriminator")) },
        "real of G": stackedDraws(steps) { examples.batches($0, streams.data("generator")) },
        "labelled": stackedDraws(steps) { examples.labelled!.batches($0, streams.labelled()).examples },
        "labels": stackedDraws(steps) { examples.labelled!.batches($0, streams.labelled()).labels },
        "z of D": stackedDraws(steps) { noise(100, streams.noise("discriminator", $0)) },
        "z of G": stackedDraws(steps) { noise(100, streams.noise("generator", $0)) },
      ]
      layerNoise(&tensors, "D", steps, rows: 300) { streams.layers("discriminator", $0) }
      layerNoise(&tensors, "G generated", steps, rows: 100) { streams.layers("generator", $0).stream("generated") }
      layerNoise(&tensors, "G real", steps, rows: 100) { streams.layers("generator", $0).stream("real") }
      return tensors
    }
  }
}
