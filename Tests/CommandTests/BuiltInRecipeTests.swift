import GAN
import Recipes
import Testing

/// What the built-in recipes say they are.
@Suite struct BuiltInRecipeTests {
  /// The published semi-supervised MNIST experiment, setting by setting: a recipe that is called faithful must stay so.
  @Test func thePublishedExperiment() throws {
    let recipe = try #require(Recipe.named("mnist-semisupervised"))
    #expect(recipe.noise.kind == .uniform && recipe.noise.dimensions == 100)
    #expect(recipe.noise.low == 0 && recipe.noise.high == 1)
    let g = recipe.generator
    #expect(g.hidden == [500, 500] && g.activation == .softplus && g.outputActivation == .sigmoid)
    #expect(g.normalization == .batch && g.outputWeightNorm && g.outputScale == 1 && g.averagingRate == 0)
    let d = recipe.discriminator
    #expect(d.hidden == [1000, 500, 250, 250, 250] && d.activation == .relu && d.normalization == .weight)
    #expect(d.inputNoise == 0.3 && d.hiddenNoise == 0.5 && d.initializationExamples == 500)
    #expect(d.noiseDeclineFrom == 1)
    #expect(d.averagingRate == 1e-4 && d.averagingStart == .zero)
    for training in [g.training, d.training] {
      #expect(training.rule == .adam && training.learningRate == 0.003 && training.quarterlyDecay == 1)
      #expect(training.declineFrom == 1 && training.beta1 == 0.5 && training.beta2 == 0.999)
      #expect(training.epsilon == 1e-8 && training.epsilonPlace == .insideRoot)
    }
    #expect(recipe.objective.kind == .semiSupervised && recipe.objective.realTarget == 1)
    #expect(recipe.featureMatching.role == .replaces && recipe.featureMatching.reading == .releaseSquared)
    #expect(recipe.labels.count == 100 && recipe.labels.batchSize == 100 && recipe.batchSize == 100)
    #expect(recipe.updates == .alternating)
    #expect(recipe.duration.count == 300 && recipe.duration.unit == .epochs)
    // None of what was found since.
    #expect(recipe.consistency.weight == 0 && recipe.marginalEntropy.weight == 0)
    #expect(recipe.products == .float32)
    #expect(!recipe.minibatchDiscrimination.enabled && recipe.discriminator.pretrainingSteps == 0)
    #expect(recipe.historicalAveraging.generator == 0 && recipe.historicalAveraging.discriminator == 0)
  }

  /// The fast recipe has the published networks, their noise at the start, and labels; only the way there is another.
  @Test func theFastRecipeHasThePublishedNetworks() throws {
    let published = try #require(Recipe.named("mnist-semisupervised"))
    let fast = try #require(Recipe.named("mnist-semisupervised-fast"))
    #expect(fast.noise == published.noise && fast.objective == published.objective)
    #expect(fast.labels.count == published.labels.count && fast.featureMatching == published.featureMatching)
    var (g, d) = (fast.generator, fast.discriminator)
    (g.training, d.training) = (published.generator.training, published.discriminator.training)
    d.noiseDeclineFrom = published.discriminator.noiseDeclineFrom
    d.noiseEnd = published.discriminator.noiseEnd
    d.averagingRate = published.discriminator.averagingRate
    d.averagingStart = published.discriminator.averagingStart
    #expect(g == published.generator && d == published.discriminator)
  }

  @Test func everyRecipeIsValidAndNamedOnce() throws {
    for recipe in Recipe.builtIn { try recipe.validate() }
    #expect(Set(Recipe.builtIn.map(\.name)).count == Recipe.builtIn.count)
    let images = try #require(Recipe.named("mnist")).setting("discriminator.pretrainingSteps=5")
    #expect(throws: RecipeError.self) { try images.validate() }
  }
}
