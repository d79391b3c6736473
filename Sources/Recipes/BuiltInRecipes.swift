import GAN
import NN

extension Recipe {
  /// The recipes that come with the software, in the order in which they are listed.
  public static let builtIn: [Recipe] = [.mnist, .mnistFeatureMatching, .oneDimensional]

  /// The built-in recipe of that name.
  public static func named(_ name: String) -> Recipe? { builtIn.first { $0.name == name } }

  /// The release's Adam. With the stabiliser beside the root the same game ran away: after 7 500 steps D was always right
  /// and G had nothing to follow.
  private static func adam(_ learningRate: Double) -> Training {
    Training(
      rule: .adam, learningRate: learningRate, quarterlyDecay: 1, momentum: 0, beta1: 0.5, beta2: 0.999, epsilon: 1e-8,
      epsilonPlace: .insideRoot)
  }

  /// The networks of the published semi-supervised MNIST experiment, without labels: D has one logit.
  static let mnist = Recipe(
    name: "mnist", summary: "MNIST digits without labels: the published networks, logistic objective",
    data: Data(source: .mnist),
    noise: Noise(kind: .uniform, dimensions: 100, low: 0, high: 1, jitter: 0),
    generator: Generator(
      hidden: [500, 500], activation: .softplus, normalization: .batch, outputActivation: .sigmoid,
      outputWeightNorm: true, outputScale: 1, averagingRate: 0.001,
      training: adam(1e-3)),
    discriminator: Discriminator(
      hidden: [1000, 500, 250, 250, 250], activation: .relu, normalization: .weight, inputNoise: 0.3,
      hiddenNoise: 0.5, initializationExamples: 500, training: adam(3e-4)),
    objective: Objective(realTarget: 0.9, generatorLoss: .nonSaturating),
    featureMatching: FeatureMatching(role: .none, reading: .releaseSquared, weight: 1),
    minibatchDiscrimination: MinibatchDiscrimination(enabled: false, reading: .release, kernels: 100, dimensions: 5),
    duration: Duration(count: 25, unit: .epochs), batchSize: 100, seed: 1,
    output: Output(measurementInterval: 100, sampleInterval: 600))

  static let mnistFeatureMatching = {
    var recipe = mnist
    recipe.name = "mnist-feature-matching"
    recipe.summary = "MNIST digits without labels, G trained by feature matching alone"
    recipe.featureMatching.role = .replaces
    return recipe
  }()

  /// The size and shape of the tutorial's game; `gan demo` plays the tutorial itself.
  static let oneDimensional = {
    var recipe = mnist
    recipe.name = "one-dimensional"
    recipe.summary = "N(0, 1) from uniform noise: the small game, seconds long"
    recipe.data.source = .normal
    recipe.noise = Noise(kind: .uniform, dimensions: 1, low: -3, high: 3, jitter: 0)
    recipe.generator.hidden = [32, 32]
    recipe.generator.activation = .tanh
    recipe.generator.normalization = .none
    recipe.generator.outputActivation = .identity
    recipe.generator.outputWeightNorm = false
    recipe.discriminator.hidden = [32, 32]
    recipe.discriminator.activation = .tanh
    recipe.discriminator.normalization = .none
    recipe.discriminator.inputNoise = 0
    recipe.discriminator.hiddenNoise = 0
    recipe.generator.training.learningRate = 1e-3
    recipe.discriminator.training.learningRate = 1e-3
    recipe.duration = Duration(count: 5_000, unit: .steps)
    recipe.batchSize = 200
    recipe.output.sampleInterval = 5_000
    return recipe
  }()
}
