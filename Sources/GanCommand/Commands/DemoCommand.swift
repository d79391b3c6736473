import ArgumentParser
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
      The game of a 2017 tutorial, played plain, with feature matching, with minibatch discrimination and with both. The \
      sound preset has logits, Adam and random noise; as-published has the tutorial's own choices, quirks included.

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

  @Option(parsing: .unconditional, help: "Steps per game.")
  var steps = 10_000

  @Option(parsing: .unconditional, help: "Points per batch.")
  var batchSize = 200

  @Option(help: "Folder for the report and its figures; an earlier report in it is replaced.", completion: .directory)
  var out = "runs/demo"

  @Option(
    parsing: .unconditional, help: "Games played at the same time; results do not depend on it. (default: one per core)"
  )
  var threads: Int?

  func validate() throws {
    let bounds = [
      ("--seeds", seeds, 1...1000), ("--steps", steps, 1...10_000_000), ("--threads", threads ?? 1, 1...1024),
      ("--batch-size", batchSize, 2...100_000),
    ]
    for (name, value, range) in bounds where !range.contains(value) {
      throw ValidationError("\(name) must be between \(range.lowerBound) and \(range.upperBound), is \(value).")
    }
    if seed > UInt64.max - UInt64(seeds) { throw ValidationError("--seed is too large, is \(seed).") }
  }

  func run() throws {
    let folder = URL(fileURLWithPath: out)
    let report = DemoReport(settings: settings(.plain), seeds: seeds, folder: folder)
    try prepareForReport(in: folder)
    let outcomes = try play()
    try report.write(outcomes)
    try Output.print(report.table(outcomes).text())
    try Output.printPlace(folder.appendingPathComponent("report.html"))
  }

  private func settings(_ technique: TutorialTechnique) -> TutorialSettings {
    var settings = TutorialSettings(technique, preset: preset, data: data)
    settings.steps = steps
    settings.batchSize = batchSize
    if let noise { settings.noise = noise }
    return settings
  }

  /// The games of every technique, in the order of `TutorialTechnique.allCases`.
  private func play() throws -> [TutorialOutcome] {
    // A step is too small to share out; whole games are what runs side by side.
    Libtorch.threads = 1
    let techniques = TutorialTechnique.allCases
    let seeds = (0..<UInt64(self.seeds)).map { seed + $0 }
    // The longest first, so that no core idles at the end.
    let jobs = techniques.enumerated().sorted { $0.element.cost > $1.element.cost }
    let settings = techniques.map(settings)
    let progress = Mutex(
      DemoProgress(techniques: techniques, steps: settings.map { $0.pretrainingSteps + $0.steps }.max()!))
    let next = Mutex(0)
    let results = Mutex([Result<TutorialOutcome, any Error>?](repeating: nil, count: jobs.count))
    let workers = min(threads ?? ProcessInfo.processInfo.activeProcessorCount, jobs.count)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while let job = next.withLock({ next in
        defer { next += 1 }
        return next < jobs.count ? jobs[next] : nil
      }) {
        let result = Result {
          try TutorialStudy(settings[job.offset], seeds: seeds).run { played in
            progress.withLock { $0.update(job.element, played) }
          }
        }
        results.withLock { $0[job.offset] = result }
      }
    }
    progress.withLock { $0.finish() }
    return try results.withLock { try $0.map { try $0!.get() } }
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
