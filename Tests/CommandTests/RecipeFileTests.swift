import Files
import Foundation
import Recipes
import Testing

/// Recipes come from anywhere: what their text can do is bounded before anything is made of it, and errors name the
/// line.
@Suite struct RecipeFileTests {
  private func fault(_ yaml: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> FileError {
    try withEmptyFolder { folder in
      let file = folder.appendingPathComponent("r.yaml")
      try Data(yaml.utf8).write(to: file)
      let error = try #require(throws: FileError.self, sourceLocation: sourceLocation) {
        _ = try RecipeFile.read(file)
        if let fault = RecipeFile.fault(in: file) { throw fault.asOfFile }
      }
      #expect(error.path == file.path, sourceLocation: sourceLocation)
      return error
    }
  }

  /// Eleven lines that stand for 10^10 words.
  @Test func aliasesThatExplode() throws {
    let lines = (0...10).map {
      "a\($0): &a\($0) [\([String](repeating: $0 == 0 ? "x" : "*a\($0 - 1)", count: 10).joined(separator: ","))]"
    }
    for text in [lines.joined(separator: "\n"), "name: &x y", "a: &a [*a]", "name: *x"] {
      let time = try ContinuousClock().measure {
        let error = try fault(text)
        #expect(error.reason.contains("anchor or alias") && error.place == .line(1), "\(error)")
      }
      #expect(time < .seconds(1))
    }
    // As keys they are compared while the text is read, before there is a tree that could be looked at.
    let keys = (0...40).map {
      $0 == 0 ? "- &a0 [x]" : "- &a\($0) {? *a\($0 - 1) : 1, ? [*a\($0 - 1), *a\($0 - 1)] : 2}"
    }
    #expect(try fault(keys.joined(separator: "\n")).place == .line(1))
  }

  @Test func asterisksAndAmpersandsInTextAreText() throws {
    let recipe = try RecipeFile.parse("summary: D *and* G & noise\nname: 'a &b *c'")
    #expect(recipe.summary == "D *and* G & noise" && recipe.name == "a &b *c")
  }

  @Test(arguments: ["[", "{a: ", "- ", "? "]) func deepNesting(_ opening: String) throws {
    let reason = try fault(String(repeating: opening, count: 20_000)).reason
    #expect(reason.contains("nested deeper") || reason.contains("not YAML"))
  }

  @Test func errorsNameTheLine() throws {
    #expect(try fault("name: a\nseed: 1\nseed: 2").place == .line(2))
    #expect(try fault("name: a\ngenerator:\n  hiden: [3]").place == .line(3))
    #expect(try fault("name: a\nbatchSize: many").place == .line(2))
    #expect(try fault("generator:\n  hidden:\n    - 8\n    - 0").place == .line(4))
    #expect(try fault("name: a\n\nobjective: {realTarget: 1.5}").place == .line(3))
    #expect(try fault("name: a\nb: [").place != nil)
    #expect(try fault("name: \"a\u{7}b\"").place == .line(1))
  }

  /// A recipe's name becomes a folder's.
  @Test(arguments: [
    "..", ".", ".hidden", "../../x", "/tmp/x", "a/b", "", "\"a\\nb\"", "\"a\\0b\"", "\"\\u2028\"", "\"\\e[2J\"",
    String(repeating: "x", count: 101), String(repeating: "数", count: 34),
  ]) func namesThatLeadElsewhere(_ name: String) throws {
    let error = try fault("name: \(name.isEmpty ? "\"\"" : name)")
    #expect(error.reason.contains("'name'"), "\(error)")
  }

  @Test(arguments: [
    "größer 数", "-rf", "a b", "a.b", "it's 100%", "mnist#2?x", "1e3", "0x10", "yes", "~", "1:30", "null", "'", "1e400",
  ]) func namesThatAreUnusual(_ name: String)
    throws
  {
    var recipe = Recipe.named("mnist")!
    recipe.name = name
    try recipe.validate()
    #expect(try RecipeFile.parse(RecipeFile.text(recipe)).name == name)
  }

  @Test func sizesBeyondAnyMemory() throws {
    #expect(try fault("batchSize: 1000000000000").reason.contains("batchSize"))
    #expect(try fault("labels: {batchSize: 1000000000000}").reason.contains("labels.batchSize"))
    let layers = [String](repeating: "1", count: 1001).joined(separator: ",")
    #expect(try fault("generator: {hidden: [\(layers)]}").reason.contains("1 to 1000 layers"))
    #expect(try fault("summary: " + String(repeating: "x", count: RecipeFile.sizeLimit)).reason.contains("at most"))
  }

  /// What YAML 1.1 takes for 8 and 90 is not what whoever writes it means.
  @Test func numbersThatAreReadDifferently() throws {
    #expect(try fault("name: a\nseed: 010").place == .line(2))
    #expect(try fault("noise: {high: 1:30}").reason.contains("noise.high"))
    let mnist = try #require(Recipe.named("mnist"))
    for assignment in ["seed=007", "objective.realTarget=0:30", "generator.hidden=[8, 010]"] {
      let error = try #require(throws: RecipeError.self) { try mnist.setting(assignment) }
      #expect(error.reason.contains("base"), "\(error)")
    }
    #expect(try mnist.setting("name=1:30").name == "1:30" && mnist.setting("seed=0").seed == 0)
    #expect(try mnist.setting("objective.realTarget=0.05").objective.settings.realTarget == 0.05)
    #expect(try #require(throws: RecipeError.self) { try mnist.setting("summary=") }.key == "summary")
  }

  @Test func textThatIsNotUTF8() throws {
    try withEmptyFolder { folder in
      let file = folder.appendingPathComponent("r.yaml")
      try (Data("name: gr".utf8) + [0xF6, 0xDF]).write(to: file)
      let error = try #require(throws: FileError.self) { try RecipeFile.read(file) }
      #expect(error.reason == "is not UTF-8 text" && error.place == .byte(8))
    }
  }
}
