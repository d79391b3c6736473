import ArgumentParser
import Foundation
import Recipes

struct RecipesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipes", abstract: "Lists the built-in recipes, or prints one.",
    discussion: "A recipe printed here and kept in a file is trained by `gan train FILE`.")

  @Argument(help: "A built-in recipe to print as YAML.")
  var name: String?

  func run() throws {
    guard let name else {
      let width = Recipe.builtIn.map(\.name.count).max()!
      for recipe in Recipe.builtIn {
        print(recipe.name + String(repeating: " ", count: width - recipe.name.count + 2) + recipe.summary)
      }
      print("\nTrain one: gan train NAME. Print one: gan recipes NAME.")
      return
    }
    print(try RecipeFile.text(findRecipe(name)), terminator: "")
  }
}

/// The built-in recipe of that name, or the one in the file of that name.
///
/// - Throws: `FileError` or `RecipeError`.
func findRecipe(_ name: String) throws -> Recipe {
  if let recipe = Recipe.named(name) { return recipe }
  let looksLikeFile = name.contains("/") || name.contains(".")
  guard looksLikeFile || FileManager.default.fileExists(atPath: name) else {
    let names = Recipe.builtIn.map(\.name).joined(separator: ", ")
    throw ValidationError("There is no recipe '\(name)': built in are \(names); a recipe of your own is a YAML file.")
  }
  return try RecipeFile.read(URL(fileURLWithPath: name))
}

/// What `body` returns, which checks the recipe that ``findRecipe(_:)`` found by `name`. Where it is the file itself that holds an
/// impossible value, and no option given beside it, the error names the file and the line.
func namingRecipeFile<Value>(_ name: String, _ body: () throws -> Value) throws -> Value {
  do {
    return try body()
  } catch let error as RecipeError {
    if Recipe.named(name) == nil, let fault = RecipeFile.fault(in: URL(fileURLWithPath: name)), fault.error == error {
      throw fault.asOfFile
    }
    throw error
  }
}
