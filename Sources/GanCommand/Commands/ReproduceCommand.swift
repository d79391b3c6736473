import ArgumentParser
import Datasets
import Files
import Foundation
import Recipes
import Report
import Synchronization
import Torch

struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a published table and sets its figures beside our own.",
    subcommands: FewLabelsTables.all.map { command($0) })

  private static func command<Table: FewLabelsTable>(_ table: Table.Type) -> any ParsableCommand.Type {
    ReproduceTable<Table>.self
  }
}

/// `gan reproduce TABLE`.
struct ReproduceTable<Published: FewLabelsTable>: ParsableCommand {
  static var configuration: CommandConfiguration {
    let counts = Published.oneNetwork.keys.sorted()
    let rows = (counts.isEmpty ? Published.labelCounts : counts).map(String.init).joined(separator: ",")
    return CommandConfiguration(
      commandName: Published.name,
      abstract: "\(Published.title): \(Published.origin).",
      discussion: """
        Trains one network for every number of labels and every draw of them, averages their votes, and writes a page \
        with the published figures, where there are any, beside ours. Started again with the same settings it goes on \
        where it was; with more draws it adds to them. The signals that end `gan train` (control-C and its like) save \
        the runs at hand. To choose settings, hold out training images with --validation: the test set is for what has \
        been chosen.

          gan reproduce \(Published.name) --seeds 5
          gan reproduce \(Published.name) --labels \(rows) --seeds 10
          sbatch --array=1-8 --wrap "gan reproduce \(Published.name) --seeds 40"    # or --share 1/8, --share 2/8, ...
        """)
  }

  @Option(help: "Numbers of labels, separated by commas.")
  var labels = Published.labelCounts.map(String.init).joined(separator: ",")

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Draws of labels for each number: so many, with the seeds 1, 2, and so on, or from one seed to another: 6-15.",
      valueName: "count or first-last"))
  var seeds = SeedRange(seeds: 1...5)

  @Option(parsing: .unconditional, help: "Passes through the data, in place of the recipe's.")
  var epochs: Int?

  @Option(
    help: "A semi-supervised recipe: a built-in one or a YAML file. It is played on this table's data.",
    completion: RecipeArgument.completion)
  var recipe = Published.recipe

  @Option(
    parsing: .unconditional,
    help: "Hold out so many training images, the same number of each class, and test on them, not on the test set.")
  var validation: Int?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Any key of the recipe, such as batchSize=50.", valueName: "key=value"))
  var assignments: [String] = []

  @OptionGroup var data: DataOption

  @Option(help: "Folder for runs and report.", completion: .directory)
  var out = "runs/reproduce-\(Published.name)"

  @Option(
    help:
      "Also keep each run's recipe, label draw and measurements here, as JSON lines without weights, and the table.",
    completion: .directory)
  var results: String?

  @Option(parsing: .unconditional, help: "Runs at a time, which share the cores. (default: one per core)")
  var jobs: Int?

  @Option(help: "auto, cpu, cuda or mps.", completion: deviceCompletion)
  var device = "auto"

  @OptionGroup var sharing: ShareOption

  func validate() throws {
    _ = try labelCounts()
    if seeds.seeds.upperBound > 1000 {
      throw ValidationError("--seeds must be between 1 and 1000, is \(seeds).")
    }
    if let epochs, epochs < 1 { throw ValidationError("--epochs must be at least 1, is \(epochs).") }
    if let validation, validation < 1 {
      throw ValidationError("--validation must be at least 1, is \(validation).")
    }
    if let jobs, !(1...1024).contains(jobs) {
      throw ValidationError("--jobs must be between 1 and 1024, is \(jobs).")
    }
  }

  private func labelCounts() throws -> [Int] {
    try labels.split(separator: ",", omittingEmptySubsequences: false).map { text in
      guard let count = Int(text.trimmingCharacters(in: .whitespaces)), count > 0 else {
        throw ValidationError("--labels must be whole numbers above 0, separated by commas; one is '\(text)'.")
      }
      return count
    }
  }

  func run() throws {
    let recipe = try resolvedRecipe()
    let device = try chosenDevice(self.device, for: recipe)
    let reproduction = Reproduction(
      recipe, labelCounts: try labelCounts(), draws: seeds.seeds, folder: URL(fileURLWithPath: out))
    try reproduction.recipe.validate(on: device)
    guard let source = recipe.data.images else {
      throw ValidationError("--recipe: '\(recipe.name)' draws its data, and reads no images.")
    }
    let place = try data.place(of: source)
    let all = try source.open(at: place, .train)
    let validation = try recipe.validation(of: all)
    let images = validation?.training ?? all
    let test = try validation?.heldOut ?? source.open(at: place, .test)
    try test.requireTestable(after: images, at: place)
    try reproduction.check(images)
    // Nothing is left behind by what cannot be trained.
    try prepareForReport(in: reproduction.folder)
    let shared = sharing.work(in: reproduction.folder)
    if !sharing.reportOnly { try train(reproduction, images, test, device, shared) }
    guard let shared else { return try report(reproduction, images, test, device) }
    let left = try reproduction.runs.count { try !reproduction.runFolder(of: $0).isComplete() }
    guard left == 0 else { return sharing.sayLeft(left, of: reproduction.runs.count) }
    try shared.report(of: reproduction.runs.map(\.path)) { try report(reproduction, images, test, device) }
  }

  private func report(
    _ reproduction: Reproduction, _ images: LabelledImages, _ test: LabelledImages, _ device: Device
  ) throws {
    let rows = try reproduction.results(test: test, device: device)
    let report = ReproductionReport(
      reproduction, of: Published.self, trainingExamples: images.count, command: command)
    // Files first: what is on the disk is not lost with a terminal.
    if let results {
      try ResultsFolder(URL(fileURLWithPath: results)).write(
        reproduction, rows, test: test, table: report.table(rows, test: test), command: command)
    }
    try report.write(rows, test: test)
    try Output.print(report.table(rows, test: test).text(includesHelp: true))
    try Output.printPlace(reproduction.folder.appendingPathComponent("report.html"))
  }

  private func resolvedRecipe() throws -> Recipe {
    let recipe = try RecipeArgument(self.recipe).naming { recipe in
      let data = "data.source=\(Published.name)"
      var recipe = try assignments.reduce(recipe.data.kind == Published.name ? recipe : recipe.setting(data)) {
        try $0.setting($1)
      }
      if let validation { recipe.labels.validation = validation }
      if let epochs { (recipe.duration.count, recipe.duration.unit) = (epochs, .epochs) }
      try recipe.validate()
      return recipe
    }
    guard recipe.tellsClasses else {
      throw ValidationError("--recipe: '\(recipe.name)' learns without labels.")
    }
    return recipe
  }

  private var command: String {
    "gan reproduce \(Published.name) --recipe \(shellPath(recipe)) --labels \(shellWord(labels)) --seeds \(seeds)"
      + (epochs.map { " --epochs \($0)" } ?? "") + (validation.map { " --validation \($0)" } ?? "")
      + assignments.map { " --set \(shellWord($0))" }.joined()
  }

  private func train(
    _ reproduction: Reproduction, _ images: LabelledImages, _ test: LabelledImages, _ device: Device,
    _ shared: SharedWork?
  ) throws {
    // A run's steps are sequential and small enough for one core; whole runs are what goes side by side.
    let left = try reproduction.runs.filter { try !reproduction.runFolder(of: $0).isComplete() }.count
    let jobs = max(1, min(jobs ?? ProcessInfo.processInfo.activeProcessorCount, left))
    Libtorch.threads = max(1, ProcessInfo.processInfo.activeProcessorCount / jobs)
    let stepsPerRun = images.count / reproduction.recipe.batchSize
    let total =
      reproduction.recipe.duration.unit == .epochs
      ? reproduction.recipe.duration.count * stepsPerRun : reproduction.recipe.duration.count
    let progress = Mutex(ReproductionProgress(reproduction, stepsPerRun: total))
    Interruption.watch()
    do {
      try reproduction.train(images, test: test, jobs: jobs, device: device, shared: shared) { event in
        progress.withLock { $0.show(event) }
        // A run that is over is over.
        if case .stepped(_, let step) = event, step < total { try Interruption.check() }
      }
    } catch let error as CancellationError {
      guard let number = Interruption.signalNumber else { throw error }
      progress.withLock { $0.finish() }
      let over = try reproduction.runs.count { try reproduction.runFolder(of: $0).isComplete() }
      Output.say(
        "stopped: \(over) of \(reproduction.runs.count) runs are over, those at hand are saved; go on with: "
          + Interruption.command)
      throw Interruption.exitCode(number)
    }
    progress.withLock { $0.finish() }
  }
}

/// How far all runs are together.
private struct ReproductionProgress {
  private var played: [Reproduction.Run: Int] = [:]
  private let stepsPerRun: Int
  private var bar: ProgressBar

  init(_ reproduction: Reproduction, stepsPerRun: Int) {
    self.stepsPerRun = stepsPerRun
    for run in reproduction.runs {
      let folder = reproduction.runFolder(of: run)
      let step = (try? folder.measurements().last?.step) ?? 0
      played[run] = (try? folder.isComplete()) == true ? stepsPerRun : folder.hasCheckpoint ? step : 0
    }
    let done = played.values.reduce(0, +)
    bar = ProgressBar("reproduce", total: stepsPerRun * reproduction.runs.count, unit: "steps", first: done)
  }

  mutating func show(_ event: Reproduction.Event) {
    switch event {
    case .started(let run, let step):
      // What was measured may be ahead of the checkpoint that the run goes on from.
      bar.first += step - (played[run] ?? 0)
      played[run] = step
    case .stepped(let run, let step):
      played[run] = step
      bar.update(played.values.reduce(0, +))
    case .tested(let run, let epoch, let line):
      bar.clear()
      let raw = line.testErrors.map { "\($0) raw" }
      let averaged = line.testErrorsOfAverage.map { "\($0) averaged" }
      let losses = lossesText(
        labelled: line.labelledLoss ?? 0, unlabelled: line.unlabelledLoss ?? 0, generator: line.generatorLoss)
      let errors = [raw, averaged].compactMap { $0 }.joined(separator: ", ")
      Output.report("\(run.title)  \(String(format: "epoch %.0f", epoch))  \(losses)  test errors \(errors)")
    case .finished(let run):
      played[run] = stepsPerRun
    }
  }

  func finish() { bar.finish(played.values.reduce(0, +)) }
}
