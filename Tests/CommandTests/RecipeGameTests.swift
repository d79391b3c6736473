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
  }

  /// A recipe's D starts the game fitted to the density, for each of several seeds; without the key it knows nothing.
  @Test func discriminatorsAreFittedBeforeTheGame() throws {
    func density(_ steps: Int) throws -> [Double] {
      var recipe = try #require(Recipe.named("one-dimensional"))
      recipe.discriminator.pretrainingSteps = steps
      let seeds: [UInt64] = [1, 2]
      let examples = try #require(RecipeExamples(points: recipe, device: .cpu))
      let game = RecipeGame(recipe, example: .vector(1), classes: nil, stepsPerEpoch: nil, seeds: seeds, device: .cpu)
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
