import Datasets
import Foundation
import GAN
import Settings
import Synchronization
import Yams

/// What can be said in a recipe, taken from the recipes themselves and from the checks that they go through.
public struct RecipeKey: Sendable {
  /// Dotted, such as `generator.training.learningRate`.
  public let path: String
  /// The values that are allowed, in words.
  public let values: String
  /// Its value in the built-in recipes, and how many of them have that one, the most frequent first.
  public let defaults: [(value: String, recipes: [String])]
  /// What it does; nil where nobody has said.
  public let meaning: String?

  /// Every key of every built-in recipe, and of every kind of data, network and objective that none of them has, in
  /// the order of the alphabet.
  ///
  /// - Throws: ``RecipeError``.
  public static func all() throws -> [RecipeKey] {
    var found: [String: [(value: String, recipe: String)]] = [:]
    let ranges = Ranges()
    var owner: [String: Recipe] = [:]
    /// Takes in the keys of `recipe` that `isWanted`.
    func walk(_ recipe: Recipe, called name: String, _ isWanted: (String) -> Bool) throws {
      func walk(_ node: Node, _ path: [String]) {
        if let pairs = node.mapping {
          for (key, value) in pairs { walk(value, path + [key.string ?? ""]) }
          return
        }
        let key = path.joined(separator: ".")
        guard isWanted(key) else { return }
        let text = node.sequence.map { "[\($0.compactMap(\.string).joined(separator: ", "))]" } ?? node.string ?? ""
        found[key, default: []].append((text, name))
        owner[key] = owner[key] ?? recipe
      }
      if let node = try Yams.compose(yaml: RecipeFile.text(recipe)) { walk(node, []) }
    }
    for recipe in Recipe.builtIn {
      try walk(recipe, called: recipe.name) { _ in true }
      try recipe.validate(SettingsCheck(observer: { key, range in ranges.add(key, range) }))
    }
    let ofRecipes = Set(found.keys)
    for family in KeyFamily.all {
      for kind in family.kinds {
        var recipe = Recipe.dcgan32
        family.choose(kind, &recipe)
        let isNew = { @Sendable (key: String) in !ofRecipes.contains(key) && key.hasPrefix("\(family.path).") }
        try walk(recipe, called: "\(family.path).\(family.tag)=\(kind.kind)", isNew)
        // The parts need not go together: what has been told of until then are the kind's own.
        try? recipe.validate(SettingsCheck(observer: { key, range in if isNew(key) { ranges.add(key, range) } }))
      }
    }
    return found.keys.sorted().map { key in
      var values: [(value: String, recipes: [String])] = []
      for (value, recipe) in found[key]! {
        if let index = values.firstIndex(where: { $0.value == value }) {
          values[index].recipes.append(recipe)
        } else {
          values.append((value, [recipe]))
        }
      }
      let range = ranges.of(key) ?? ranges.of("\(key).0").map { "a list; each \($0)" }
      return RecipeKey(
        path: key, values: range ?? KeyFamily.values(of: key) ?? words(for: key, in: owner[key]!),
        defaults: values.enumerated().sorted {
          ($1.element.recipes.count, $0.offset) < ($0.element.recipes.count, $1.offset)
        }.map(\.element), meaning: meanings[key])
    }
  }

  /// What a recipe says of a value that it cannot take.
  private static func words(for key: String, in recipe: Recipe) -> String {
    do {
      _ = try recipe.setting("\(key)=x")
      return "text"
    } catch let error as RecipeError {
      guard error.reason.hasPrefix("must be ") else { return "a name" }
      let reason = error.reason.dropFirst("must be ".count)
      let end = reason.range(of: ", is '")?.lowerBound ?? reason.endIndex
      return String(reason[..<end])
    } catch {
      return "text"
    }
  }

  /// The page about them, as Markdown.
  ///
  /// - Throws: ``RecipeError``.
  public static func page() throws -> String {
    var lines = [
      "# Recipes, key by key",
      "",
      "A recipe is a YAML file. It names a recipe to begin with (`base: mnist`) and then only what is to be different.",
      "`gan recipes` lists the built-in recipes, `gan recipes mnist` prints one with every key, and",
      "`gan train mnist --set batchSize=50` changes a key without a file.",
      "",
      "The program wrote this page: `gan recipes --keys > Docs/Recipes.md`. A test holds it against the program.",
      "\"Default\" is the value of the built-in recipes that have the key, the most frequent one first; where none has",
      "it, that of the kind that does.",
    ]
    var group = ""
    for key in try all() {
      let first = key.path.contains(".") ? String(key.path.prefix { $0 != "." }) : "At the top"
      if first != group {
        group = first
        lines += ["", "## \(first)"]
      }
      let names = key.defaults.map { value, recipes in
        let text = value.isEmpty ? "nothing" : "`\(value)`"
        return recipes.count > 3 ? text : "\(text) (\(recipes.joined(separator: ", ")))"
      }
      // What a recipe is called and says of itself is its own.
      let isOwn = ["name", "summary"].contains(key.path)
      lines += [""] + wrapped("**`\(key.path)`**: \(key.meaning ?? "")") + [""]
      lines += wrapped("- Values: \(key.values).", indent: "  ")
      if !isOwn { lines += wrapped("- Default: \(names.prefix(3).joined(separator: ", ")).", indent: "  ") }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// In lines of 120 columns at most, those after the first indented.
  private static func wrapped(_ text: String, indent: String = "") -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if line.count + 1 + word.count > 120 {
        lines.append(line)
        line = indent + word
      } else {
        line += (line.isEmpty ? "" : " ") + word
      }
    }
    return lines + [line]
  }

  /// What each key does: those of data, networks, objectives and techniques as they say themselves
  /// (`SettingsKey`), the rest here.
  public static let meanings: [String: String] = {
    var meanings = [
      "automatic": "keys that are chosen by the pictures before the first step, and then written here",
      "batchSize": "real examples in a step, and generated ones unless generator.batchSize says otherwise",
      "data.source": "what is learnt",
      "discriminator.initializationExamples": "real examples that set D's first weights, where layers need them",
      "discriminator.noiseDeclineFrom": "the share of the run after which D's noise falls in a line; 1: never",
      "discriminator.noiseEnd": "what is left of D's noise in the end, as a share",
      "discriminator.pretrainingSteps": "steps in which D is fitted to the density of the data before the game",
      "duration.count": "how long the run is, in the unit below",
      "duration.unit": "steps, or epochs: passes through the real examples",
      "generator.averagingHalfLife": "pictures after which weights count half in G's average; 0: averagingRate is used",
      "generator.averagingHalfLifeGrows": "the half-life grows from 0 along half a cosine over the run",
      "convolutions": "how convolutions are made on the CPU: automatic is by Winograd's algorithm where that is faster",
      "generator.batchSize": "generated examples in a step; 0: as many as real ones, batchSize",
      "generatorSteps": "steps of G for each of D",
      "labels.batchSize": "labelled examples in a step",
      "labels.firstSteps": "steps at the beginning in which D learns from labelled examples alone, and G rests",
      "labels.count": "examples whose class D may see, as many of each class",
      "labels.seed": "which ones: the seed of the draw",
      "labels.validation":
        "training examples that are held out and tested on, in the place of the test set; 0: none",
      "name": "what the run's folder is called",
      "noise.dimensions": "how many numbers G gets for an example",
      "noise.high": "upper bound of uniform and stratified noise",
      "noise.jitter": "by how much stratified noise is moved",
      "noise.kind": "how the noise is distributed",
      "noise.low": "lower bound of uniform and stratified noise",
      "objective.kind": "what the players play for",
      "output.checkpointInterval": "steps between two checkpoints",
      "output.evaluationInterval": "steps between two tests of a classifier",
      "output.measurementInterval": "steps between two lines of measurements",
      "output.sampleInterval": "steps between two pictures of samples",
      "products": "what large matrix products are made in",
      "seed": "what all random numbers begin with: the same seed, the same run",
      "summary": "a line about the recipe for `gan recipes`",
      "updates": "whether D moves before G, and whether both see the same examples",
    ]
    for player in ["generator", "discriminator"] {
      let name = player == "generator" ? "G" : "D"
      meanings["\(player).averagingRate"] =
        "by which share of the way the average of \(name)'s weights moves in a step; 0: no average"
      meanings["\(player).averagingStart"] = "where that average begins"
      meanings["\(player).network"] = "the kind of network"
      for (key, text) in [
        ("rule", "the optimiser"), ("learningRate", "the learning rate in the first step"),
        ("quarterlyDecay", "what the rate is multiplied by after each quarter of the run"),
        ("declineFrom", "the share of the run after which the rate falls in a line to 0; 1: never"),
        ("cosineEnd", "what is left of the rate in the end, along half a cosine; 1: all of it"),
        ("momentum", "of the momentum rule"), ("beta1", "Adam's memory of gradients"),
        ("beta2", "Adam's memory of their squares"), ("beta2End", "what beta2 becomes over the run; 0: it stays"),
        ("epsilon", "Adam's stabiliser"), ("epsilonPlace", "whether it stands inside the root or beside it"),
      ] { meanings["\(player).training.\(key)"] = text }
    }
    return meanings.merging(KeyFamily.meanings) { general, _ in general }
  }()
}

/// The ranges that checks have told of.
private final class Ranges: Sendable {
  private let words = Mutex([String: String]())

  func add(_ key: String, _ range: String) { words.withLock { $0[key] = range } }
  func of(_ key: String) -> String? { words.withLock { $0[key] } }
}
