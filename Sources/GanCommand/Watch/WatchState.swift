import Files
import Foundation
import Recipes
import Scores

/// What the live page shows of its runs beside charts, as its script reads it.
struct WatchState: Encodable {
  var runs: [Run]
  /// The recipes' keys in which they differ, with what each holds.
  var differences: [Difference]

  struct Difference: Encodable, Equatable {
    let key: String
    let values: [String]
  }

  struct Run: Encodable {
    let name: String
    let recipe: String
    let summary: String
    let status: Status
    /// What is to be said of the status, or of what cannot be read.
    let note: String?
    let step: Int
    let steps: Int
    let seconds: Double?
    let stepsPerSecond: Double?
    let secondsLeft: Double?
    /// Real examples that D has seen.
    let seen: Int
    let examples: String
    /// That it was begun with, where there are several.
    let processes: Int?
    /// Steps with pictures, and what tells one picture of a step from another.
    let pictures: [Picture]
    let real: String?
    /// What the real picture is of: runs of the same data have the same.
    let data: String
    /// Whether the samples are pictures, of which the nearest training pictures can be asked for.
    let hasNeighbours: Bool
    let signs: [Sign]
    /// Where there are fewer measurements than a sign takes; nil where there are enough, or none.
    let tooFew: TooFew?
    let verdict: Verdict?
    let scores: Scores?
  }

  /// What `gan score --json` said that was kept in the folder.
  struct Scores: Encodable {
    struct Score: Encodable {
      let title: String
      let value: Double
      /// The middle 95 % of a bootstrap.
      let interval: [Double]?
    }
    let scores: [Score]
    /// Of which pictures, such as "samples of mnist, 5 000 pictures".
    let generated: String
    let real: String?
  }

  struct TooFew: Encodable {
    let measurements: Int
    let needed: Int
  }

  enum Status: String, Encodable {
    case training, stopped, over
    case broke
    case waiting
    /// What was measured is not read to its end yet.
    case reading
  }

  struct Picture: Encodable {
    let step: Int
    let version: String
  }

  /// What the measurements show, and what to try.
  struct Sign: Encodable {
    let text: String
    let since: Int?
    let advice: [String]
  }

  /// What `gan doctor` said last, of fresh samples.
  struct Verdict: Codable {
    struct Finding: Codable {
      let condition: String
      let isIllness: Bool
      let since: Int?
      let evidence: String
      let advice: [String]
    }
    let verdict: String
    let step: Int
    let findings: [Finding]
  }

  init(_ runs: [WatchedRun], now: Double) {
    self.runs = runs.map { Run($0, now: now) }
    differences = Self.differences(runs.map(\.recipe))
  }

  /// Names, summaries and lengths of time apart, all that decides a run.
  static func differences(_ recipes: [Recipe?]) -> [Difference] {
    guard recipes.count > 1 else { return [] }
    let settings = recipes.map { recipe in
      (recipe.flatMap { try? RecipeFile.settings(of: $0) } ?? []).filter { !["name", "summary"].contains($0.key) }
    }
    var order: [String] = []
    for (key, _) in settings.joined() where !order.contains(key) { order.append(key) }
    let values = settings.map { Dictionary($0.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first }) }
    return order.compactMap { key in
      let own = values.map { $0[key] ?? "—" }
      return Set(own).count > 1 ? Difference(key: key, values: own) : nil
    }
  }
}

extension WatchState.Run {
  fileprivate init(_ run: WatchedRun, now: Double) {
    let steps = run.description?.steps ?? 0
    let step = run.step
    let batch = run.recipe?.batchSize ?? 0
    name = run.folder.url.relativePath
    recipe = run.recipe?.name ?? ""
    summary = run.recipe?.summary ?? ""
    self.step = step
    self.steps = steps
    seconds = run.columns.last?.seconds
    let fault = run.faults.last { $0.outcome == .stopped }
    // Drives that know no locks do not tell who trains: a measurement of just now does.
    let isFresh = run.lastChange.map { now - $0 < 20 } ?? false
    status =
      run.description == nil
      ? .waiting
      : !run.isRead && run.failure == nil
        ? .reading
        : run.isTraining
          ? .training
          : steps > 0 && step >= steps ? .over : fault != nil ? .broke : isFresh ? .training : .stopped
    let resume = "gan train --resume \(shellPath(run.folder.url.relativePath))"
    note =
      switch status {
      case _ where run.failure != nil: run.failure
      case .broke:
        "It ended in step \(fault?.step ?? step): \(fault?.reason ?? ""). `\(resume)` goes on from its last checkpoint."
      case .stopped: "Nobody trains it now. `\(resume)` goes on."
      case .waiting: "There is no run in this folder yet."
      case .training, .over, .reading: nil
      }
    stepsPerSecond = run.columns.stepsPerSecond
    secondsLeft =
      status == .training ? run.columns.stepsPerSecond.map { max(0, Double(steps) - Double(step)) / $0 } : nil
    seen = step.multipliedReportingOverflow(by: batch).partialValue
    examples = run.recipe?.data.images == nil ? "examples" : "images"
    processes = run.description?.processes.flatMap { $0 > 1 ? $0 : nil }
    pictures = run.pictures.map { .init(step: $0.step, version: String($0.version.magnitude, radix: 36)) }
    real = run.realVersion.map { String($0.magnitude, radix: 36) }
    hasNeighbours = run.description?.imageShape != nil
    data = Self.data(of: run)
    signs = Self.signs(run, steps: steps)
    tooFew = run.patience.flatMap { needed in
      (1..<needed).contains(run.columns.count)
        ? WatchState.TooFew(measurements: run.columns.count, needed: needed) : nil
    }
    verdict = Self.verdict(in: run.folder)
    scores = Self.scores(in: run.folder)
  }

  /// The recipe's keys of its data, and the place.
  private static func data(of run: WatchedRun) -> String {
    let keys = (run.recipe.flatMap { try? RecipeFile.settings(of: $0) } ?? []).filter { $0.key.hasPrefix("data.") }
    return (keys.map { "\($0.key)=\($0.value)" } + [run.description?.dataPath ?? ""]).joined(separator: " ")
  }

  private static func signs(_ run: WatchedRun, steps: Int) -> [WatchState.Sign] {
    guard let recipe = run.recipe else { return [] }
    func advice(_ condition: Diagnosis.Condition) -> [String] {
      Diagnosis.advice(
        on: condition, recipe: recipe, steps: steps, last: run.columns.last, faults: run.faults,
        rollsBack: run.description?.options?.rollbacks != nil)
    }
    var signs = run.signs.map { sign in
      WatchState.Sign(
        text: sign.text.prefix(1).uppercased() + sign.text.dropFirst() + ".", since: sign.since,
        advice: advice(sign.condition))
    }
    if let fault = run.faults.last, fault.outcome == .stopped, run.step < steps {
      signs.insert(
        WatchState.Sign(text: "The run ended: \(fault.reason).", since: fault.step, advice: advice(.broke)), at: 0)
    }
    let taken = run.faults.filter { $0.outcome == .rolledBack }
    if let last = taken.last {
      signs.append(
        WatchState.Sign(
          text:
            "It was taken back to a checkpoint \(taken.count == 1 ? "once" : "\(taken.count) times"): \(last.reason).",
          since: last.step, advice: []))
    }
    return signs
  }

  /// Nil where there are none, or the file holds something else.
  private static func scores(in folder: RunFolder) -> WatchState.Scores? {
    let file = folder.url.appendingPathComponent("score.json")
    guard FileSignature(of: file).map({ $0.size <= 1 << 20 }) ?? false,
      let document = try? ScoreDocument(contentsOf: file)
    else { return nil }
    return WatchState.Scores(
      scores: document.scores.map { score in
        .init(
          title: PictureMetrics.named(score.metric).map { $0.title } ?? score.metric, value: score.value,
          interval: score.interval.flatMap { $0.count == 2 ? $0 : nil })
      }, generated: document.passport.generated.words, real: document.passport.real?.words)
  }

  /// What `gan doctor` has left in the folder.
  private static func verdict(in folder: RunFolder) -> WatchState.Verdict? {
    guard let file = try? readFile(at: folder.url.appendingPathComponent("doctor.json"), limit: 1 << 20) else {
      return nil
    }
    return try? JSONDecoder().decode(WatchState.Verdict.self, from: file)
  }
}
