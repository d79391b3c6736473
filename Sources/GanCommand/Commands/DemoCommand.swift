import ArgumentParser
import Files
import Foundation
import Recipes
import Report
import Synchronization
import Torch

/// `gan demo` is `gan demo tutorial`; the other demonstrations are named.
struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what the techniques do, on games that take seconds, and writes a page about it.",
    discussion: """
      Without a subcommand, and with any of its options, it is the tutorial's game: see `gan demo tutorial --help`.
      """,
    subcommands: [TutorialDemo.self, GameCommand.self], defaultSubcommand: TutorialDemo.self)
}

struct TutorialDemo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tutorial",
    abstract: "Plays a one-dimensional game with and without the techniques, and writes a page about it.",
    discussion: """
      The game of a 2017 tutorial, played plain, with feature matching, with minibatch discrimination and with both. \
      The sound preset holds up: one set of settings for all four games, chosen by a search. unsettled is the same \
      game before that search, and shows what goes wrong. as-published has the tutorial's own choices, quirks included.

      The page is there after the first technique, and grows: open it at once and reload it. The signals that end \
      `gan train` (control-C and its like) drop the games at hand; the page, and --results, keep the techniques whose \
      games are over.

        gan demo
        gan demo --data two-humped --seeds 16
        gan demo --preset as-published --out runs/tutorial
      """)

  @Option(help: "The density to learn: \(TutorialDensity.allCases.map(\.rawValue).joined(separator: ", ")).")
  var data = TutorialDensity.normal

  @Option(help: "Whose settings: \(TutorialPreset.allCases.map(\.rawValue).joined(separator: ", ")).")
  var preset = TutorialPreset.sound

  @Option(
    help:
      "Where z comes from: \(TutorialNoise.allCases.map(\.rawValue).joined(separator: ", ")). (default: the preset's)")
  var noise: TutorialNoise?

  @Option(parsing: .unconditional, help: "How many seeds each technique is played with.")
  var seeds = 8

  @Option(parsing: .unconditional, help: "The first seed; the others follow it.")
  var seed: UInt64 = 1

  @Option(parsing: .unconditional, help: "Steps per game. (default: the preset's)")
  var steps: Int?

  @Option(parsing: .unconditional, help: "Points per batch. (default: the preset's)")
  var batchSize: Int?

  @Option(help: "Folder for the report and its figures; an earlier report in it is replaced.", completion: .directory)
  var out = "runs/demo"

  @Option(
    parsing: .unconditional, help: "Games played at the same time; results do not depend on it. (default: one per core)"
  )
  var threads: Int?

  // For Scripts/tutorial-settings, which chose the sound preset's.
  @Option(help: ArgumentHelp("A file of settings in place of the preset's, as JSON.", visibility: .hidden))
  var tuning: String?

  @Option(help: ArgumentHelp("Techniques, separated by commas.", visibility: .hidden))
  var techniques: String?

  @Option(
    help: "Also keep every game's measures in this file, a JSON line for each technique.", completion: .file())
  var results: String?

  func validate() throws {
    let bounds = [
      ("--seeds", seeds, 1...1000), ("--steps", steps ?? 1, 1...10_000_000), ("--threads", threads ?? 1, 1...1024),
      ("--batch-size", batchSize ?? 2, 2...100_000),
    ]
    for (name, value, range) in bounds where !range.contains(value) {
      throw ValidationError("\(name) must be between \(range.lowerBound) and \(range.upperBound), is \(value).")
    }
    if seed > UInt64.max - UInt64(seeds) { throw ValidationError("--seed is too large, is \(seed).") }
  }

  func run() throws {
    let folder = URL(fileURLWithPath: out)
    let place = folder.appendingPathComponent("report.html")
    let settings = try settings()
    let seeds = (0..<UInt64(self.seeds)).map { seed + $0 }
    let floor = try TutorialStudy.floor(data, seeds: seeds)
    let report = DemoReport(settings: settings[0], seeds: self.seeds, floor: floor, folder: folder)
    try prepareForReport(in: folder)
    // Before anything is played: a place that cannot be is named while there is nothing to lose.
    let kept = results.map { URL(fileURLWithPath: $0) }
    if let kept { try makeFolder(at: kept.deletingLastPathComponent()) }
    let isFile = standardStream(at: place) == nil
    if isFile {
      Output.say(
        """
        \(settings.count) techniques, \(self.seeds) \(self.seeds == 1 ? "game" : "games") each, on \(data.title). \
        The page is there soon, and grows: \(place.relativePath)
        """)
    }
    let outcomes = try play(settings, seeds) { outcomes in
      if isFile || outcomes.count == settings.count { try report.write(outcomes, of: settings) }
    }
    // Files first: what is on the disk is not lost with a terminal.
    if let kept, !outcomes.isEmpty { try write(outcomes, floor, to: kept) }
    if outcomes.count < settings.count, let number = Interruption.signalNumber {
      if !outcomes.isEmpty { try report.write(outcomes, of: settings, isStopped: true) }
      Output.say(
        "stopped: \(outcomes.count) of \(settings.count) techniques are over"
          + "\(outcomes.isEmpty ? "" : ", and on \(place.relativePath)"); to play them all: \(Interruption.command)")
      throw Interruption.exitCode(number)
    }
    try Output.print(report.table(outcomes).text())
    try Output.printPlace(place)
  }

  /// The first of them is the plain game's where there is one.
  private func settings() throws -> [TutorialSettings] {
    let start = preset == .unsettled ? TutorialTuning.unsettled : .sound
    let tuning = try tuning.map { try start.changed(by: URL(fileURLWithPath: $0)) }
    let names = techniques?.split(separator: ",").map(String.init) ?? TutorialTechnique.allCases.map(\.rawValue)
    return try names.map { name in
      guard let technique = TutorialTechnique(rawValue: name) else {
        throw ValidationError("--techniques: there is no '\(name)'.")
      }
      var settings = TutorialSettings(technique, preset: preset, data: data, tuning: tuning)
      if let steps { settings.steps = steps }
      if let batchSize { settings.batchSize = batchSize }
      if let noise { settings.noise = noise }
      return settings
    }
  }

  /// One line for a technique: what was measured of each seed.
  private func write(_ outcomes: [TutorialOutcome], _ floor: [TutorialMeasurements], to file: URL) throws {
    struct Line: Encodable {
      let technique: String
      let data: TutorialDensity
      let seeds: [UInt64]
      let measurements: [TutorialMeasurements]
    }
    let encoder = ComparisonFolder.encoder
    let lines = outcomes.map {
      Line(technique: $0.technique.rawValue, data: data, seeds: $0.seeds, measurements: $0.measurements)
    }
    let fresh = Line(technique: "fresh-data", data: data, seeds: outcomes[0].seeds, measurements: floor)
    let text = try (lines + [fresh]).map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }.joined()
    try writeOutput(Data(text.utf8), to: file)
  }

  /// The games of every technique, in the order of `settings`; of those that are over, where a signal has come.
  ///
  /// - Parameter show: called with those that are over each time when one more is.
  private func play(
    _ settings: [TutorialSettings], _ seeds: [UInt64], show: @escaping @Sendable ([TutorialOutcome]) throws -> Void
  ) throws -> [TutorialOutcome] {
    // A step is too small to share out; whole games are what runs side by side.
    Libtorch.threads = 1
    let techniques = settings.map(\.technique)
    // Plain first, for there to be something to see; then the longest, so that no core idles at the end.
    let jobs = settings.indices.sorted { rank(techniques[$0]) < rank(techniques[$1]) }
    let progress = Mutex(
      DemoProgress(techniques: techniques, steps: settings.map { $0.pretrainingSteps + $0.steps }.max()!))
    let next = Mutex(0)
    let results = Mutex([Result<TutorialOutcome, any Error>?](repeating: nil, count: jobs.count))
    let workers = min(threads ?? ProcessInfo.processInfo.activeProcessorCount, jobs.count)
    Interruption.watch()
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while let job = next.withLock({ next in
        defer { next += 1 }
        return next < jobs.count && Interruption.signalNumber == nil ? jobs[next] : nil
      }) {
        let result = Result {
          try TutorialStudy(settings[job], seeds: seeds).run { played in
            progress.withLock { $0.update(techniques[job], played) }
            try Interruption.check()
          }
        }
        results.withLock { results in
          results[job] = result
          let over = results.compactMap { try? $0?.get() }
          // The last time it is written by all means, below.
          if !over.isEmpty, over.count < results.count { try? show(over) }
        }
      }
    }
    progress.withLock { $0.finish() }
    let outcomes = try results.withLock { results in
      try results.compactMap { result in
        if case .failure(_ as CancellationError) = result { return nil as TutorialOutcome? }
        return try result?.get()
      }
    }
    if outcomes.count == settings.count { try show(outcomes) }
    return outcomes
  }

  /// In what order games are played.
  private func rank(_ technique: TutorialTechnique) -> Int {
    switch technique {
    case .plain: 0
    case .both: 1
    case .featureMatching: 2
    case .minibatchDiscrimination: 3
    }
  }
}

extension TutorialDensity: ExpressibleByArgument {}
extension TutorialNoise: ExpressibleByArgument {}
extension TutorialPreset: ExpressibleByArgument {}

extension TutorialTechnique {
  /// What a step takes, roughly, in units of a plain one: for the order of work and the time left.
  fileprivate var cost: Double { discriminatesMinibatches ? 6 : 1 }
}

/// How far all games are together.
private struct DemoProgress {
  private var played: [TutorialTechnique: Int] = [:]
  private let techniques: [TutorialTechnique]
  private let steps: Int
  private var bar: ProgressBar

  init(techniques: [TutorialTechnique], steps: Int) {
    self.techniques = techniques
    self.steps = steps
    bar = ProgressBar("demo", total: steps * techniques.count, unit: "steps")
  }

  mutating func update(_ technique: TutorialTechnique, _ count: Int) {
    played[technique] = count
    let total = techniques.reduce(0) { $0 + $1.cost } * Double(steps)
    let done = played.reduce(0) { $0 + $1.key.cost * Double($1.value) }
    bar.update(played.values.reduce(0, +), share: done / total)
  }

  func finish() { bar.finish(played.values.reduce(0, +)) }
}
