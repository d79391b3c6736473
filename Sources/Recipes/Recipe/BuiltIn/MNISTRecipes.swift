import Datasets
import GAN
import NN
import Settings

extension Recipe {
  /// The release's Adam. With the stabiliser beside the root the same game ran away: after 7 500 steps D was always
  /// right and G had nothing to follow.
  private static func adam(_ learningRate: Double) -> Training {
    Training(
      rule: .adam, learningRate: learningRate, quarterlyDecay: 1, declineFrom: 1, momentum: 0, beta1: 0.5, beta2: 0.999,
      epsilon: 1e-8,
      epsilonPlace: .insideRoot)
  }

  /// The networks of the published semi-supervised MNIST experiment, without labels: D has one logit.
  static let mnist = Recipe(
    name: "mnist", summary: "MNIST digits without labels: the published networks, logistic objective",
    data: Chosen(MNIST.Source()),
    noise: Noise(kind: .uniform, dimensions: 100, low: 0, high: 1, jitter: 0),
    generator: Generator(
      network: .dense(
        hidden: [500, 500], activation: .softplus, normalization: .batch, outputActivation: .sigmoid,
        outputWeightNorm: true),
      play: GeneratorPlay(averagingRate: 0.001, averagingStart: .parameters, training: adam(1e-3))),
    discriminator: Discriminator(
      network: .dense(
        hidden: [1000, 500, 250, 250, 250], activation: .relu, normalization: .weight, inputNoise: 0.3,
        hiddenNoise: 0.5),
      play: DiscriminatorPlay(
        noiseDeclineFrom: 1, noiseEnd: 0, initializationExamples: 500, pretrainingSteps: 0, averagingRate: 0,
        averagingStart: .zeroCorrected, training: adam(3e-4))),
    objective: Chosen(Logistic.Settings(realTarget: 0.9)),
    labels: Labels(count: 100, seed: 1, batchSize: 100), techniques: TechniqueSet(), updates: .alternating,
    products: .float32,
    duration: Duration(count: 25, unit: .epochs), batchSize: 100, seed: 1,
    output: Output(measurementInterval: 100, sampleInterval: 600, evaluationInterval: 600, checkpointInterval: 600))

  static let mnistFeatureMatching = {
    var recipe = mnist
    recipe.name = "mnist-feature-matching"
    recipe.summary = "MNIST digits without labels, G trained by feature matching alone"
    recipe.techniques[FeatureMatching.Settings.self].role = .replaces
    return recipe
  }()

  /// The published experiment, setting by setting: table 1 of the paper, with its released code where the paper is
  /// silent.
  static let mnistSemiSupervised = {
    var recipe = mnist
    recipe.name = "mnist-semisupervised"
    recipe.summary = "MNIST digits with 100 labels, as published: 300 epochs"
    recipe.objective = Chosen(SemiSupervised.Settings(realTarget: 1))
    recipe.techniques[FeatureMatching.Settings.self].role = .replaces
    recipe.generator.training = adam(3e-3)
    recipe.generator.averagingRate = 0
    recipe.discriminator.training = adam(3e-3)
    recipe.discriminator.averagingRate = 1e-4
    recipe.discriminator.averagingStart = .zero
    recipe.duration = Duration(count: 300, unit: .epochs)
    return recipe
  }()

  /// The same networks in 80 epochs instead of 300, each at two thirds of the price. What makes that enough (see
  /// Docs/MNIST.md): consistency, a little marginal entropy so that no class is given away, a stabiliser beside Adam's
  /// root that is large for this game, a slower G, rates that fall only in the last fifth, and an average that forgets
  /// the start. What makes it cheap: both players move at once, and a step sees 20 labelled examples, which are soon
  /// learnt. Noise that falls in the second half lets go of mistakes that all draws of labels share.
  static let mnistSemiSupervisedFast = {
    func adam(_ learningRate: Double) -> Training {
      Training(
        rule: .adam, learningRate: learningRate, quarterlyDecay: 1, declineFrom: 0.8, momentum: 0, beta1: 0.5,
        beta2: 0.999, epsilon: 1e-4, epsilonPlace: .outsideRoot)
    }
    var recipe = mnistSemiSupervised
    recipe.name = "mnist-semisupervised-fast"
    recipe.summary = "MNIST digits with 100 labels: the published networks in 80 cheaper epochs, with consistency"
    recipe.generator.training = adam(1e-3)
    recipe.discriminator.training = adam(2e-3)
    recipe.discriminator.noiseDeclineFrom = 0.5
    recipe.discriminator.noiseEnd = 0.4
    recipe.discriminator.averagingRate = 3e-4
    recipe.discriminator.averagingStart = .zeroCorrected
    recipe.labels.batchSize = 20
    recipe.techniques[ConsistencyRegularization.Settings.self].weight = 1
    recipe.techniques[MarginalEntropy.Settings.self].weight = 0.3
    recipe.updates = .simultaneous
    recipe.duration = Duration(count: 80, unit: .epochs)
    return recipe
  }()
}
