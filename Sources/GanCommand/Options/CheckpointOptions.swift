import ArgumentParser
import Recipes

/// When a run saves what it needs to go on, how much of that it keeps, and what it does when numbers are not finite any
/// more. A run that goes on keeps to what it was told before.
struct CheckpointOptions: ParsableArguments {
  @Option(
    name: .customLong("checkpoint-every"),
    help: ArgumentHelp(
      "Save a checkpoint after so many steps, or minutes (10m), or hours (2h). (default: the recipe's steps)",
      valueName: "steps or time"))
  var interval: String?

  @Option(
    name: .customLong("keep-checkpoints"), parsing: .unconditional, help: "Keep the newest so many. (default: 2)")
  var kept: Int?

  @Option(
    name: .customLong("keep-best"),
    help: ArgumentHelp(
      "Keep the best as well: by its errors, of a run that learns to tell classes, or by a score that --score takes.",
      valueName: "measure"))
  var best: CheckpointPolicy.Measure?

  @Option(
    name: .customLong("on-nan"),
    help: ArgumentHelp(
      """
      Where a loss, a gradient or a parameter becomes NaN or infinite: stop, with the step before it saved, or \
      rollback to the last checkpoint and go on at half the learning rates. (default: stop)
      """,
      valueName: "stop|rollback"))
  var onNaN: OnNaN?

  @Option(parsing: .unconditional, help: "So many rollbacks at most. (default: 3)")
  var rollbacks: Int?

  @OptionGroup var scores: TrainingScoreOptions

  @Option(
    name: .customLong("log"), parsing: .singleValue,
    help: ArgumentHelp(
      """
      Keep the measurements for another program as well: \(RunLogs.all.map { $0.name }.joined(separator: ", ")); none \
      ends it.
      """,
      valueName: "program"), completion: .list(RunLogs.all.map { $0.name } + ["none"]))
  var logs: [String] = []

  enum OnNaN: String, ExpressibleByArgument, CaseIterable { case stop, rollback }

  func validate() throws {
    _ = try interval.map(Self.interval)
    if let kept, !(1...1_000_000).contains(kept) {
      throw ValidationError("--keep-checkpoints must be between 1 and 1000000, is \(kept).")
    }
    if let rollbacks, !(0...1000).contains(rollbacks) {
      throw ValidationError("--rollbacks must be between 0 and 1000, is \(rollbacks).")
    }
    for name in logs where RunLogs.named(name) == nil && name != "none" {
      let known = (RunLogs.all.map { $0.name } + ["none"]).joined(separator: ", ")
      throw ValidationError("--log must be one of \(known); is '\(name)'.")
    }
    if logs.contains("none"), logs.count > 1 { throw ValidationError("--log none excludes other logs.") }
    if rollbacks != nil, onNaN == .stop { throw ValidationError("--rollbacks belongs to --on-nan rollback.") }
  }

  /// - Parameters:
  ///   - run: what is known of a run that is gone on with.
  ///   - recipe: what it trains.
  /// - Throws: `ValidationError` for an option that would do nothing.
  func resolved(for recipe: Recipe, run: RunFolder.Description? = nil) throws -> RunFolder.Options {
    var options = run?.options ?? RunFolder.Options(CheckpointPolicy(), onFault: .stop)
    switch try interval.map(Self.interval) {
    case .steps(let steps): (options.checkpointSteps, options.checkpointSeconds) = (steps, nil)
    case .seconds(let seconds): (options.checkpointSteps, options.checkpointSeconds) = (nil, seconds)
    case nil: break
    }
    if let kept { options.keptCheckpoints = kept }
    if !logs.isEmpty {
      let names = RunLogs.all.map { $0.name }.filter(logs.contains)
      options.logs = names.isEmpty ? nil : names
    }
    if let plan = try scores.resolved(for: recipe, known: options.scores) { options.scores = plan }
    if let best, let score = best.score {
      guard options.scores?.metrics.contains(score) == true else {
        throw ValidationError("--keep-best \(score): say when it is taken, as in --score \(score)@5000 --every 20m.")
      }
      options.keptBest = best
    } else if let best {
      guard recipe.tellsClasses else {
        throw ValidationError(
          """
          --keep-best: the recipe '\(recipe.name)' learns no classes, so that no test says which checkpoint is best; a \
          score may: --score fid@5000 --keep-best fid.
          """)
      }
      if best == .testErrorsOfAverage, recipe.discriminator.averagingRate == 0 {
        throw ValidationError(
          "--keep-best: the recipe '\(recipe.name)' averages no weights of D; test-errors is the measure that it has.")
      }
      options.keptBest = best
    }
    switch onNaN {
    case .stop: options.rollbacks = nil
    case .rollback: options.rollbacks = rollbacks ?? options.rollbacks ?? 3
    case nil:
      if let rollbacks {
        guard options.rollbacks != nil else { throw ValidationError("--rollbacks belongs to --on-nan rollback.") }
        options.rollbacks = rollbacks
      }
    }
    return options
  }

  static func interval(_ text: String) throws -> CheckpointPolicy.Interval {
    try interval(text, of: "--checkpoint-every")
  }

  /// - Throws: `ValidationError` naming the option.
  static func interval(_ text: String, of option: String) throws -> CheckpointPolicy.Interval {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    if let steps = Int(text), steps > 0 { return .steps(steps) }
    if let unit = text.last.flatMap({ units[$0] }), let count = Double(text.dropLast()), count > 0, count.isFinite {
      return .seconds(count * unit)
    }
    throw ValidationError("\(option) must be steps, such as 600, or a time, such as 10m; is '\(text)'.")
  }
}

extension CheckpointPolicy.Measure: ExpressibleByArgument {}
