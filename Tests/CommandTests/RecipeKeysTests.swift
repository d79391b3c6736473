import Foundation
import Recipes
import Testing

/// Docs/Recipes.md is what the program says of its recipes' keys.
@Suite struct RecipeKeysTests {
  @Test func thePageIsWhatTheCodeGenerates() throws {
    let page = GanProcess.package.appendingPathComponent("Docs/Recipes.md")
    let committed = try String(contentsOf: page, encoding: .utf8)
    #expect(try RecipeKey.page() == committed, "write it anew: gan recipes --keys > Docs/Recipes.md")
  }

  /// A new key without a word about it, and a word about a key that is gone.
  @Test func everyKeyHasAMeaning() throws {
    let keys = try RecipeKey.all()
    #expect(keys.filter { $0.meaning == nil }.map(\.path) == [])
    #expect(keys.contains { $0.path == "featureMatching.weight" && $0.values == "a number, above 0" })
    #expect(keys.first { $0.path == "updates" }?.values == "alternating, alternating-shared, simultaneous")
    #expect(keys.first { $0.path == "classConditional.enabled" }?.values == "true or false")
    // Also of kinds that no built-in recipe has.
    #expect(keys.first { $0.path == "data.selection" }?.values.hasPrefix("balanced, byclass") == true)
    #expect(keys.first { $0.path == "data.labels" }?.values == "fine, coarse (cifar100); auto, none (pictures)")
    let gone = Set(RecipeKey.meanings.keys).subtracting(keys.map(\.path))
    #expect(gone.isEmpty, "\(gone.sorted())")
  }

  @Test func linesHaveATerminalsWidth() throws {
    #expect(try RecipeKey.page().split(separator: "\n").filter { $0.count > 120 }.isEmpty)
  }
}
