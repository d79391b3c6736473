import ArgumentParser
import Foundation
import Recipes
import Torch

/// Where and with how many threads a command computes.
struct MachineOptions: ParsableArguments {
  @Option(help: "auto, cpu, cuda or mps. (default: auto)")
  var device: String?

  @Option(parsing: .unconditional, help: "Threads that one operation may use. (default: one per core)")
  var threads: Int?

  /// - Parameters:
  ///   - deviceOfRun: what an earlier part of the run used, and so does this one unless it is told otherwise.
  ///   - threadsOfRun: the same.
  /// - Throws: `DeviceError`.
  func apply(deviceOfRun: String? = nil, threadsOfRun: Int? = nil) throws -> Device {
    if let threads = threads ?? threadsOfRun, (1...1024).contains(threads) { Libtorch.threads = threads }
    return try Device(named: device ?? deviceOfRun ?? "auto")
  }

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be between 1 and 1024, is \(threads).")
    }
  }
}

/// What every training command takes.
struct TrainingOptions: ParsableArguments {
  @Option(help: "Folder for the run. (default: a new numbered one under runs/)", completion: .directory)
  var out: String?

  @Option(parsing: .unconditional, help: "Seed of every random number. (default: the recipe's)")
  var seed: UInt64?

  @Option(parsing: .unconditional, help: "Length in steps, in place of the recipe's.")
  var steps: Int?

  @Option(parsing: .unconditional, help: "Length in passes through the data, in place of the recipe's.")
  var epochs: Int?

  @Option(parsing: .unconditional, help: "Examples per batch, in place of the recipe's.")
  var batchSize: Int?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Any key of the recipe, such as generator.training.learningRate=0.001.", valueName: "key=value"))
  var assignments: [String] = []

  @Flag(help: "Print the resolved recipe and the networks, and stop.")
  var dryRun = false

  @OptionGroup var machine: MachineOptions

  func validate() throws {
    if steps != nil && epochs != nil { throw ValidationError("--steps and --epochs exclude each other.") }
    for (name, value) in [("--steps", steps), ("--epochs", epochs), ("--batch-size", batchSize)] {
      if let value, value < 1 { throw ValidationError("\(name) must be at least 1, is \(value).") }
    }
  }

  /// The options that decide about a run and were given, by name.
  var given: [String] {
    [
      ("--out", out != nil), ("--seed", seed != nil), ("--steps", steps != nil), ("--epochs", epochs != nil),
      ("--batch-size", batchSize != nil), ("--set", !assignments.isEmpty), ("--dry-run", dryRun),
    ].filter(\.1).map(\.0)
  }

  /// `recipe` with what the options change, checked.
  ///
  /// - Throws: `RecipeError`.
  func resolved(_ recipe: Recipe) throws -> Recipe {
    var recipe = try assignments.reduce(recipe) { try $0.setting($1) }
    if let seed { recipe.seed = seed }
    if let batchSize { recipe.batchSize = batchSize }
    if let steps { (recipe.duration.count, recipe.duration.unit) = (steps, .steps) }
    if let epochs { (recipe.duration.count, recipe.duration.unit) = (epochs, .epochs) }
    if steps != nil || epochs != nil { recipe.automatic.removeAll { $0 == .length } }
    try recipe.validate()
    return recipe
  }
}
