import ArgumentParser
import Foundation
import Recipes

struct RecipesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipes", abstract: "Lists the built-in recipes, or prints one.",
    discussion: "A recipe printed here and kept in a file is trained by `gan train FILE`.")

  @Argument(help: "A built-in recipe to print as YAML.", completion: RecipeArgument.builtInCompletion)
  var name: String?

  @Flag(help: "Print a page about every key that a recipe can have, as Markdown.")
  var keys = false

  func validate() throws {
    if keys, name != nil { throw ValidationError("--keys is about all recipes: leave the name out.") }
  }

  func run() throws {
    if keys { return try Output.print(RecipeKey.page(), terminator: "") }
    guard let name else {
      let width = Recipe.builtIn.map(\.name.count).max()!
      for recipe in Recipe.builtIn {
        try Output.print(recipe.name + String(repeating: " ", count: width - recipe.name.count + 2) + recipe.summary)
      }
      try Output.print("\nTrain one: gan train NAME. Print one: gan recipes NAME.")
      return
    }
    try Output.print(RecipeFile.text(RecipeArgument(name).recipe), terminator: "")
  }
}
