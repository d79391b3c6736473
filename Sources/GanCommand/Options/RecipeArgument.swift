import ArgumentParser
import Files
import Foundation
import Recipes

/// A recipe as it is named on a command line: a built-in one, a YAML file, or text that comes through a pipe.
struct RecipeArgument {
  let recipe: Recipe
  /// Where a recipe of the user's own comes from, and its text.
  private let file: (path: String, text: String)?

  /// - Throws: `FileError`, `RecipeError`, or `ValidationError` where there is no such recipe.
  init(_ name: String) throws {
    if let builtIn = Recipe.named(name) {
      (recipe, file) = (builtIn, nil)
      return
    }
    let text: String
    if let descriptor = OwnStream.descriptor(named: name) {
      text = try OwnStream.readText(descriptor, path: name, limit: RecipeFile.sizeLimit)
    } else {
      let looksLikeFile = name.contains("/") || name.contains(".")
      guard looksLikeFile || FileManager.default.fileExists(atPath: name) else {
        let names = Recipe.builtIn.map(\.name).joined(separator: ", ")
        throw ValidationError(
          """
          There is no recipe '\(name)': built in are \(names); a recipe of your own is a YAML file, or - for standard \
          input.
          """)
      }
      text = try readText(at: URL(fileURLWithPath: name), limit: RecipeFile.sizeLimit)
    }
    recipe = try RecipeFile.parse(text, path: name)
    file = (name, text)
  }

  /// What `body` returns, which checks the recipe. Where it is the file itself that holds an impossible value, and no
  /// option given beside it, the error names the file and the line.
  func naming<Value>(_ body: (Recipe) throws -> Value) throws -> Value {
    do {
      return try body(recipe)
    } catch let error as RecipeError {
      if let file, let fault = RecipeFile.fault(in: file.text, path: file.path), fault.error == error {
        throw fault.asOfFile
      }
      throw error
    }
  }

  /// Built-in names, and files that may be recipes.
  static let completion = CompletionKind.shellCommand(
    "printf '%s\\n' \(Recipe.builtIn.map(\.name).joined(separator: " ")); ls -dp -- *.yaml *.yml */ 2>/dev/null")
  static let builtInCompletion = CompletionKind.list(Recipe.builtIn.map(\.name))
}
