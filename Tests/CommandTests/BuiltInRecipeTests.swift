import GAN
import Recipes
import Settings
import Testing

/// What the built-in recipes say they are.
@Suite struct BuiltInRecipeTests {
  /// The published semi-supervised MNIST experiment, setting by setting: a recipe that is called faithful must stay so.
  @Test func thePublishedExperiment() throws {
    let recipe = try #require(Recipe.named("mnist-semisupervised"))
    #expect(recipe.noise.kind == .uniform && recipe.noise.dimensions == 100)
    #expect(recipe.noise.low == 0 && recipe.noise.high == 1)
    let (g, d) = (recipe.generator, recipe.discriminator)
    #expect(
      g.network
        == .dense(
          hidden: [500, 500], activation: .softplus, normalization: .batch, outputActivation: .sigmoid,
          outputWeightNorm: true, outputScale: 1))
    #expect(
      d.network
        == .dense(
          hidden: [1000, 500, 250, 250, 250], activation: .relu, normalization: .weight, inputNoise: 0.3,
          hiddenNoise: 0.5))
    #expect(g.averagingRate == 0 && d.initializationExamples == 500 && d.noiseDeclineFrom == 1)
    #expect(d.averagingRate == 1e-4 && d.averagingStart == .zero)
    for training in [g.training, d.training] {
      #expect(training.rule == .adam && training.learningRate == 0.003 && training.quarterlyDecay == 1)
      #expect(training.declineFrom == 1 && training.beta1 == 0.5 && training.beta2 == 0.999)
      #expect(training.epsilon == 1e-8 && training.epsilonPlace == .insideRoot)
    }
    #expect(recipe.objective == Chosen(SemiSupervised.Settings(realTarget: 1)) && recipe.tellsClasses)
    var published = TechniqueSet()
    published[FeatureMatching.Settings.self] = .init(role: .replaces, reading: .releaseSquared)
    // And none of what was found since.
    #expect(recipe.techniques == published)
    #expect(recipe.labels.count == 100 && recipe.labels.batchSize == 100 && recipe.batchSize == 100)
    #expect(recipe.updates == .alternating)
    #expect(recipe.duration.count == 300 && recipe.duration.unit == .epochs)
    #expect(recipe.products == .float32 && recipe.discriminator.pretrainingSteps == 0)
  }

  /// The fast recipe has the published networks, their noise at the start, and labels; only the way there is another.
  @Test func theFastRecipeHasThePublishedNetworks() throws {
    let published = try #require(Recipe.named("mnist-semisupervised"))
    let fast = try #require(Recipe.named("mnist-semisupervised-fast"))
    #expect(fast.noise == published.noise && fast.objective == published.objective)
    #expect(fast.labels.count == published.labels.count)
    let matching = FeatureMatching.Settings.self
    #expect(fast.techniques[matching] == published.techniques[matching])
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
