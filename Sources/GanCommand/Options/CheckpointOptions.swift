import ArgumentParser
import Recipes

/// When a run saves what it needs to go on, and how much of that it keeps.
struct CheckpointOptions: ParsableArguments {
  @Option(
    name: .customLong("checkpoint-every"),
    help: ArgumentHelp(
      "Save a checkpoint after so many steps, or minutes (10m), or hours (2h). (default: the recipe's steps)",
      valueName: "steps or time"))
  var interval: String?

  @Option(name: .customLong("keep-checkpoints"), parsing: .unconditional, help: "Keep the newest so many.")
  var kept = 2

  @Option(
    name: .customLong("keep-best"),
    help: ArgumentHelp(
      "Keep the best as well: \(CheckpointPolicy.Measure.allCases.map(\.rawValue).joined(separator: " or ")).",
      valueName: "measure"))
  var best: String?

  func validate() throws {
    _ = try policy()
    guard (1...1_000_000).contains(kept) else {
      throw ValidationError("--keep-checkpoints must be between 1 and 1000000, is \(kept).")
    }
  }

  func policy() throws -> CheckpointPolicy {
    CheckpointPolicy(
      interval: try interval.map(Self.interval), kept: kept,
      best: try best.map { text in
        guard let measure = CheckpointPolicy.Measure(rawValue: text) else {
          throw ValidationError(
            "--keep-best: '\(text)' is none of "
              + "\(CheckpointPolicy.Measure.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return measure
      })
  }

  private static func interval(_ text: String) throws -> CheckpointPolicy.Interval {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    if let steps = Int(text), steps > 0 { return .steps(steps) }
    if let unit = text.last.flatMap({ units[$0] }), let count = Double(text.dropLast()), count > 0, count.isFinite {
      return .seconds(count * unit)
    }
    throw ValidationError("--checkpoint-every must be steps, such as 600, or a time, such as 10m; is '\(text)'.")
  }
}
