import Recipes
import Testing
import Torch

@Suite struct RecipeGameTests {
  /// A recipe's D starts the game fitted to the density, for each of several seeds; without the key it knows nothing.
  @Test func discriminatorsAreFittedBeforeTheGame() throws {
    func density(_ steps: Int) throws -> [Double] {
      var recipe = try #require(Recipe.named("one-dimensional"))
      recipe.discriminator.pretrainingSteps = steps
      let seeds: [UInt64] = [1, 2]
      let examples = try #require(RecipeExamples(points: recipe, seeds: seeds, device: .cpu))
      let game = RecipeGame(recipe, width: 1, classes: nil, stepsPerEpoch: nil, seeds: seeds, device: .cpu)
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
