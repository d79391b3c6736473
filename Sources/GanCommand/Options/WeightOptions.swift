import ArgumentParser
import Recipes

/// Which of a run's weights are taken.
struct WeightOptions: ParsableArguments {
  @Flag(help: "Take the weights of the step itself, not their average.")
  var raw = false

  @OptionGroup var checkpoint: CheckpointOption

  /// Whether anything was given.
  var areGiven: Bool { raw || checkpoint.name != nil }

  var weights: SavedWeights { get throws { try checkpoint.weights(averaged: !raw) } }
}

/// Which of a run's checkpoints is taken.
struct CheckpointOption: ParsableArguments {
  @Option(
    name: .customLong("checkpoint"),
    help: ArgumentHelp(
      "Take a checkpoint: best, as --keep-best has kept it, or that of a step. (default: what the run saved last)",
      valueName: "best or step"), completion: .list(["best"]))
  var name: String?

  func validate() throws { _ = try weights(averaged: true) }

  /// - Throws: `ValidationError` for a name that is none.
  func weights(averaged: Bool) throws -> SavedWeights {
    guard let name else { return SavedWeights(averaged: averaged) }
    if name == "best" { return SavedWeights(averaged: averaged, checkpoint: .best) }
    guard let step = Int(name), step >= 0 else {
      throw ValidationError("--checkpoint must be best or the number of a step, is '\(name)'.")
    }
    return SavedWeights(averaged: averaged, checkpoint: .step(step))
  }
}
