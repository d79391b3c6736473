import Foundation
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

  /// Every key of every built-in recipe, in the order of the alphabet.
  ///
  /// - Throws: ``RecipeError``.
  public static func all() throws -> [RecipeKey] {
    var found: [String: [(value: String, recipe: String)]] = [:]
    let ranges = Ranges()
    var owner: [String: Recipe] = [:]
    for recipe in Recipe.builtIn {
      func walk(_ node: Node, _ path: [String]) {
        if let pairs = node.mapping {
          for (key, value) in pairs { walk(value, path + [key.string ?? ""]) }
          return
        }
        let key = path.joined(separator: ".")
        let text = node.sequence.map { "[\($0.compactMap(\.string).joined(separator: ", "))]" } ?? node.string ?? ""
        found[key, default: []].append((text, recipe.name))
        owner[key] = owner[key] ?? recipe
      }
      if let node = try Yams.compose(yaml: RecipeFile.text(recipe)) { walk(node, []) }
      try recipe.validate(SettingsCheck(observer: { key, range in ranges.add(key, range) }))
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
        path: key, values: range ?? words(for: key, in: owner[key]!),
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
      "\"Default\" is the value of the built-in recipes that have the key, the most frequent one first.",
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
      lines += ["", "**`\(key.path)`**: \(key.meaning ?? "")", ""]
      lines += wrapped("Values: \(key.values).")
      if !isOwn { lines += wrapped("Default: \(names.prefix(3).joined(separator: ", ")).") }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// A list item in lines of 120 columns at most.
  private static func wrapped(_ text: String) -> [String] {
    var lines: [String] = []
    var line = "-"
    for word in text.split(separator: " ") {
      if line.count + 1 + word.count > 120 {
        lines.append(line)
        line = " "
      }
      line += " " + word
    }
    return lines + [line]
  }

  /// What each key does.
  public static let meanings: [String: String] = {
    var meanings = [
      "dataAugmentation.mirrors": "training images mirrored left to right, every second one on average",
      "dataAugmentation.shift": "training images moved by up to so many pixels, up or down and to either side",
      "dataAugmentation.padding": "what stands where an image has moved away from: zero, or the image reflected",
      "augmentation.policies": "what DiffAugment does to all that D sees: color, translation, cutout. Empty: nothing",
      "automatic": "keys that are chosen by the pictures before the first step, and then written here",
      "batchSize": "examples in a step",
      "classConditional.enabled": "G and D are told the class of each example",
      "consistency.weight": "how much D pays for answers that change with its own noise; 0: nothing",
      "data.background": "the colour behind what is transparent, and beside what is contained: white, black or #rrggbb",
      "data.channels": "grey or colour; auto takes colour if any picture is in colour",
      "data.crop": "what is cut off before a picture is fitted",
      "data.extra": "SVHN's extra part is learnt from as well",
      "data.filter": "how pictures are made smaller or larger",
      "data.fit": "how a picture that is not square becomes square",
      "data.labels": "where classes come from: dataset.json or folders, or nowhere",
      "data.pixels": "what pixel values G and D see: unit is 0 ... 1, symmetric is -1 ... 1",
      "data.size": "the side of the images in pixels; 0 for that of the pictures",
      "data.source": "what is learnt",
      "data.strict": "a file that cannot be used is an error; otherwise it is left out and named",
      "data.testShare": "the share of each class that is held back for tests",
      "discriminator.blocks": "residual blocks at each size",
      "discriminator.expansion": "how many times as many channels a block has inside",
      "discriminator.groupWidth": "channels of a group in a block's convolution",
      "discriminator.hiddenDropout": "the share of activations that are dropped inside D while it trains",
      "discriminator.hiddenNoise": "standard deviation of the noise on D's hidden layers while it trains",
      "discriminator.initializationExamples": "real examples that set D's first weights, where layers need them",
      "discriminator.inputDropout": "the share of the input that is dropped while D trains",
      "discriminator.inputNoise": "standard deviation of the noise on D's input while it trains",
      "discriminator.noiseDeclineFrom": "the share of the run after which D's noise falls in a line; 1: never",
      "discriminator.noiseEnd": "what is left of D's noise in the end, as a share",
      "discriminator.pretrainingSteps": "steps in which D is fitted to the density of the data before the game",
      "duration.count": "how long the run is, in the unit below",
      "duration.unit": "steps, or epochs: passes through the real examples",
      "featureMatching.reading": "which source's formula (Docs/Techniques.md)",
      "featureMatching.role": "feature matching in the place of G's loss, beside it, or not at all",
      "featureMatching.weight": "what feature matching is multiplied by",
      "generator.averagingHalfLife": "pictures after which weights count half in G's average; 0: averagingRate is used",
      "generator.averagingHalfLifeGrows": "the half-life grows from 0 along half a cosine over the run",
      "generator.blocks": "residual blocks at each size",
      "generator.expansion": "how many times as many channels a block has inside",
      "generator.groupWidth": "channels of a group in a block's convolution",
      "generator.normalizesUnits": "batch norm of the dense layer unit by unit, as in the released code",
      "generator.outputActivation": "the last layer's; it must reach all values of the data",
      "generator.outputScale": "what the output is multiplied by",
      "generator.outputStride": "of the last layer: 2 doubles the sides, 1 leaves them",
      "generator.outputWeightNorm": "the last layer is weight-normalised",
      "generator.weightDeviation": "standard deviation of the first weights",
      "convolutions": "how convolutions are made on the CPU: automatic is by Winograd's algorithm where that is faster",
      "generatorSteps": "steps of G for each of D",
      "gradientPenalty.end": "what is left of both penalties in the end, as a share, along half a cosine",
      "gradientPenalty.generated": "gamma of R2, at generated examples; 0: none",
      "gradientPenalty.interval": "the penalty is paid every so many steps, and is so many times as heavy then",
      "gradientPenalty.real": "gamma of R1, at real examples; 0: none",
      "historicalAveraging.discriminator":
        "how much D pays for being far from the mean of its past weights; 0: nothing",
      "historicalAveraging.generator": "how much G pays for being far from the mean of its past weights; 0: nothing",
      "labels.batchSize": "labelled examples in a step",
      "labels.count": "examples whose class D may see, as many of each class",
      "labels.seed": "which ones: the seed of the draw",
      "marginalEntropy.weight": "how much D pays for naming some classes more often than others; 0: nothing",
      "minibatchDiscrimination.dimensions": "C: in how many dimensions a kernel measures distances",
      "minibatchDiscrimination.enabled": "D compares each example with the others of its batch",
      "minibatchDiscrimination.kernels": "B: how many similarities D gets for each example",
      "minibatchDiscrimination.reading": "which source's formula (Docs/Techniques.md)",
      "name": "what the run's folder is called",
      "noise.dimensions": "how many numbers G gets for an example",
      "noise.high": "upper bound of uniform and stratified noise",
      "noise.jitter": "by how much stratified noise is moved",
      "noise.kind": "how the noise is distributed",
      "noise.low": "lower bound of uniform and stratified noise",
      "objective.generatorLoss": "what G's loss is made of: non-saturating gives a gradient also where D is sure",
      "objective.kind": "what the players play for",
      "objective.realTarget": "what D is to say of real examples: below 1 is one-sided label smoothing",
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
      meanings["\(player).activation"] = "the nonlinearity between \(name)'s layers"
      meanings["\(player).averagingRate"] =
        "by which share of the way the average of \(name)'s weights moves in a step; 0: no average"
      meanings["\(player).averagingStart"] = "where that average begins"
      meanings["\(player).hidden"] = "widths of the hidden layers"
      meanings["\(player).network"] = "the kind of network"
      meanings["\(player).normalization"] = "what is normalised between the layers"
      meanings["\(player).width"] = "channels of the widest image; other sizes have multiples of it"
      meanings["\(player).widths"] = "channels, size by size"
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
    return meanings
  }()
}

/// The ranges that checks have told of.
private final class Ranges: Sendable {
  private let words = Mutex([String: String]())

  func add(_ key: String, _ range: String) { words.withLock { $0[key] = range } }
  func of(_ key: String) -> String? { words.withLock { $0[key] } }
}
