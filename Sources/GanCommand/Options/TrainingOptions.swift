import ArgumentParser
import Foundation
import Recipes

/// What every training command takes.
struct TrainingOptions: ParsableArguments {
  @Option(help: "Folder for the run. (default: a new numbered one under runs/)", completion: .directory)
  var out: String?

  @Option(parsing: .unconditional, help: "Seed of every random number. (default: the recipe's)")
  var seed: UInt64?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Length in steps, in place of the recipe's, or a share of its own: 200%.", valueName: "steps|%"))
  var steps: Length?

  @Option(parsing: .unconditional, help: "Length in passes through the data, in place of the recipe's.")
  var epochs: Int?

  @Option(parsing: .unconditional, help: "Examples per batch, in place of the recipe's.")
  var batchSize: Int?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Any key of the recipe, such as generator.training.learningRate=0.001.", valueName: "key=value"))
  var assignments: [String] = []

  @Flag(help: "A picture file that has to be left out is an error, as by --set data.strict=true.")
  var strict = false

  @Flag(help: "Print the resolved recipe and the networks, and stop.")
  var dryRun = false

  @OptionGroup var machine: MachineOptions

  func validate() throws {
    if steps != nil && epochs != nil { throw ValidationError("--steps and --epochs exclude each other.") }
    for (name, value) in [("--epochs", epochs), ("--batch-size", batchSize)] {
      if let value, value < 1 { throw ValidationError("\(name) must be at least 1, is \(value).") }
    }
  }

  /// The options that decide about a run, its length apart, and were given, by name.
  var given: [String] {
    [
      ("--out", out != nil), ("--seed", seed != nil), ("--batch-size", batchSize != nil),
      ("--set", !assignments.isEmpty), ("--strict", strict), ("--dry-run", dryRun),
    ].filter(\.1).map(\.0)
  }

  /// `recipe` with what the options change, checked.
  ///
  /// - Throws: `RecipeError`.
  func resolved(_ recipe: Recipe) throws -> Recipe {
    var recipe = try (assignments + (strict ? ["data.strict=true"] : [])).reduce(recipe) { try $0.setting($1) }
    if let seed { recipe.seed = seed }
    if let batchSize { recipe.batchSize = batchSize }
    recipe.duration = duration(recipe.duration)
    if steps != nil || epochs != nil { recipe.automatic.removeAll { $0 == .length } }
    try recipe.validate()
    return recipe
  }

  /// The length of a run that has the length `own` where nothing is said.
  func duration(_ own: Recipe.Duration) -> Recipe.Duration {
    var duration = own
    switch (steps, epochs) {
    case (.steps(let count), _): (duration.count, duration.unit) = (count, .steps)
    case (.percent(let percent), _): duration.count = max(1, Int((Double(own.count) * percent / 100).rounded()))
    case (nil, let count?): (duration.count, duration.unit) = (count, .epochs)
    case (nil, nil): break
    }
    return duration
  }
}

/// Of a run, by itself or as a share of what it would be.
enum Length: ExpressibleByArgument, Equatable {
  /// At least 1.
  case steps(Int)
  /// Above 0.
  case percent(Double)

  init?(argument: String) {
    if argument.hasSuffix("%") {
      guard let percent = Double(argument.dropLast()), percent > 0, percent <= 1_000_000 else { return nil }
      self = .percent(percent)
    } else {
      guard let steps = Int(argument), steps > 0 else { return nil }
      self = .steps(steps)
    }
  }
}
