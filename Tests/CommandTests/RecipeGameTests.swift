import Recipes
import GAN
import Testing
import Torch

@Suite struct RecipeGameTests {
  /// The tutorial's feature matching compares row with row: of unsorted batches it would compare points with strangers.
  @Test func pairedRowsAreSortedOnBothSides() throws {
    let matching = ["featureMatching.role=replaces", "featureMatching.reading=tutorial"]
    func recipe(_ name: String, _ settings: [String]) throws -> Recipe {
      try settings.reduce(#require(Recipe.named(name))) { try $0.setting($1) }
    }
    for name in ["mnist", "two-dimensional", "one-dimensional"] {
      let error = #expect(throws: RecipeError.self) { try recipe(name, matching).validate() }
      #expect(error?.key == "featureMatching.reading")
    }
    let sorted = try recipe("one-dimensional", matching + ["noise.kind=stratified"])
    try sorted.validate()
    func isSorted(_ recipe: Recipe) throws -> Bool {
      let examples = try #require(RecipeExamples(points: recipe, device: .cpu))
      let points = try examples.batches(3, RandomStream(seed: 1)).values(Double.self)
      return points == points.sorted()
    }
    #expect(try isSorted(sorted))
    #expect(try !isSorted(recipe("one-dimensional", [])))

    // Points that are moved by more than their distance change places: noise of 101 points on [-3, 3] bears 0.06.
    let points = matching + ["noise.kind=stratified", "batchSize=101"]
    let orderly = try recipe("one-dimensional", points + ["noise.jitter=0.06"])
    try orderly.validate()
    let moved = try recipe("one-dimensional", points + ["noise.jitter=0.061"])
    let error = #expect(throws: RecipeError.self) { try moved.validate() }
    #expect(error?.key == "featureMatching.reading" && error?.reason.contains("noise.jitter") == true)
    func isAscending(_ recipe: Recipe) throws -> Bool {
      let noise = recipe.noise
      let z = try (0..<50).map {
        try Noise.stratified(noise.low, noise.high, jitter: noise.jitter)(101, RandomStream(seed: $0))
          .values(Double.self)
      }
      return z.allSatisfy { $0 == $0.sorted() }
    }
    #expect(try isAscending(orderly))
    #expect(try !isAscending(recipe("one-dimensional", points + ["noise.jitter=0.2"])))
  }

  /// R3GAN's game from a recipe: pairs, both penalties, weights that fall; and the other objectives.
  @Test func objectivesAndPenaltiesComeFromARecipe() throws {
    func losses(_ settings: [String]) throws -> [Double] {
      let recipe = try (settings + ["duration.count=4"]).reduce(#require(Recipe.named("one-dimensional"))) {
        try $0.setting($1)
      }
      try recipe.validate()
      let examples = try #require(RecipeExamples(points: recipe, device: .cpu))
      let game = try RecipeGame(recipe, example: .vector(1), classes: nil, stepsPerEpoch: nil, device: .cpu)
      let trainer = try game.trainer(examples)
      var losses: [Double] = []
      while let report = try trainer.next() { losses += report.discriminatorLoss }
      let signs = try game.signs(examples.sample(64, RandomStream(seed: 1)), RandomStream(seed: 2)).batch
      #expect((0...1).contains(signs.probabilityOfReal) && (0...1).contains(signs.probabilityOfGenerated))
      return losses
    }
    var seen: Set<[Double]> = [try losses([])]
    for kind in ["least-squares", "hinge", "relativistic", "wasserstein"] {
      seen.insert(try losses(["objective.kind=\(kind)"]))
      seen.insert(try losses(["objective.kind=\(kind)", "gradientPenalty.real=0.5"]))
      seen.insert(
        try losses([
          "objective.kind=\(kind)", "gradientPenalty.real=0.5", "gradientPenalty.generated=0.5",
          "gradientPenalty.end=0.1", "gradientPenalty.interval=2",
        ]))
    }
    #expect(seen.count == 13)
  }

  @Test func settingsOfTheNewTechniquesAreChecked() throws {
    for (settings, key) in [
      (["gradientPenalty.real=-1"], "gradientPenalty.real"),
      (["gradientPenalty.interval=0"], "gradientPenalty.interval"),
      (["gradientPenalty.end=2"], "gradientPenalty.end"), (["augmentation.policies=[color]"], "augmentation.policies"),
      (["objective.kind=least-squares", "objective.realLabel=0"], "objective.realLabel"),
    ] {
      let error = #expect(throws: RecipeError.self) {
        try settings.reduce(#require(Recipe.named("one-dimensional"))) { try $0.setting($1) }.validate()
      }
      #expect(error?.key == key)
    }
    try #require(Recipe.named("mnist")).setting("augmentation.policies=[translation, cutout]").validate()
  }

  /// A recipe's D starts the game fitted to the density, for each of several seeds; without the key it knows nothing.
  @Test func discriminatorsAreFittedBeforeTheGame() throws {
    func density(_ steps: Int) throws -> [Double] {
      var recipe = try #require(Recipe.named("one-dimensional"))
      recipe.discriminator.pretrainingSteps = steps
      let seeds: [UInt64] = [1, 2]
      let examples = try #require(RecipeExamples(points: recipe, device: .cpu))
      let game = try RecipeGame(
        recipe, example: .vector(1), classes: nil, stepsPerEpoch: nil, seeds: seeds, device: .cpu)
      let trainer = try game.trainer(examples)
      #expect(trainer.step == 0)
      return try [-3.0, 0, 3].flatMap { x in
        let logits = try game.logits(Tensor.full(x, [2, 1, 1]), averaged: false)
        return try sigmoid(logits).values(Double.self)
      }
    }
    for (found, wanted) in zip(try density(1_000), [0.004, 0.004, 0.399, 0.399, 0.004, 0.004]) {
      #expect(abs(found - wanted) < 0.05, "\(found) where the density is \(wanted)")
    }
    #expect(try density(0).contains { abs($0 - 0.004) > 0.2 })
  }
}
