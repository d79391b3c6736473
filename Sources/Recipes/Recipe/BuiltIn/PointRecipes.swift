import Datasets
import GAN
import NN
import Settings

extension Recipe {
  /// Narrow Gaussians in the plane: the game in which lost modes are counted.
  static let twoDimensional = {
    var recipe = oneDimensional
    recipe.name = "two-dimensional"
    recipe.summary = "A ring of 8 Gaussians in the plane: half a minute, and lost modes show"
    recipe.data = Chosen(RingSource())
    recipe.noise = Noise(kind: .normal, dimensions: 2, low: 0, high: 1, jitter: 0)
    recipe.generator.network = .dense(hidden: [64, 64], activation: .relu)
    recipe.discriminator.network = .dense(hidden: [64, 64], activation: .relu)
    recipe.objective = Chosen(Logistic.Settings(realTarget: 1))
    recipe.techniques[MinibatchDiscrimination.Settings.self].kernels = 8
    recipe.duration = Duration(count: 10_000, unit: .steps)
    recipe.batchSize = 128
    recipe.output.sampleInterval = 250
    return recipe
  }()

  /// The size and shape of the tutorial's game; `gan demo` plays the tutorial itself.
  static let oneDimensional = {
    var recipe = mnist
    recipe.name = "one-dimensional"
    recipe.summary = "N(0, 1) from uniform noise: the small game, seconds long"
    recipe.data = Chosen(NormalSource())
    recipe.noise = Noise(kind: .uniform, dimensions: 1, low: -3, high: 3, jitter: 0)
    recipe.techniques[MinibatchDiscrimination.Settings.self].kernels = 5
    recipe.techniques[MinibatchDiscrimination.Settings.self].dimensions = 3
    recipe.generator.network = .dense(hidden: [32, 32], activation: .tanh)
    recipe.discriminator.network = .dense(hidden: [32, 32], activation: .tanh)
    recipe.generator.training.learningRate = 1e-3
    recipe.discriminator.training.learningRate = 1e-3
    recipe.duration = Duration(count: 5_000, unit: .steps)
    recipe.batchSize = 200
    recipe.output.sampleInterval = 200
    return recipe
  }()
}
