import ArgumentParser
import Datasets
import Files
import Foundation
import Settings
import GAN
import Metrics
import Recipes
import Report
import Scores
import Synchronization
import Torch

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Plays the same games with one technique after another, over many seeds, and says what each changes.",
    discussion: """
      On densities and mixtures every seed's generator is measured by its points; on MNIST by the Inception score of a \
      classifier, such as a semi-supervised run of ours.

        gan compare --data normal,far-normal,ring --seeds 8
        gan compare --data mnist --classifier runs/mnist-semisupervised-fast-1 --seeds 6 --steps 2000

      Games that are over are kept in the output folder: started again with the same settings, it goes on with the others.
      """)

  @Option(help: "What to learn, separated by commas: normal, two-humped, far-normal, ring, grid, mnist.")
  var data = "normal,two-humped,far-normal,ring,grid"

  @Option(
    help: ArgumentHelp(
      "Techniques, separated by commas: \(ComparedTechnique.allCases.map(\.rawValue).joined(separator: ", ")). (default: all)"
    ))
  var techniques: String?

  @Option(parsing: .unconditional, help: "Games of each kind.")
  var seeds = 8

  @Option(parsing: .unconditional, help: "Length of a game in steps, in place of the recipe's.")
  var steps: Int?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Any key of the recipes, such as batchSize=64.", valueName: "key=value"))
  var assignments: [String] = []

  @Option(help: "Folder with MNIST's files. (default: where `gan data get` puts them)", completion: .directory)
  var dataFolder: String?

  @Option(help: ArgumentHelp("For MNIST: \(classifierHelp.abstract)", valueName: "run or file.pt"), completion: .file())
  var classifier: String?

  @OptionGroup var reading: ClassifierReading

  @Option(help: "Folder for games and report; an earlier report in it is replaced.", completion: .directory)
  var out = "runs/compare"

  @Option(help: "Also keep every game's measures here, as JSON lines, and the tables.", completion: .directory)
  var results: String?

  @Option(parsing: .unconditional, help: "Games at a time, each on one thread. (default: one per core)")
  var jobs: Int?

  @Option(help: "auto, cpu, cuda or mps; auto keeps games on points on the CPU.", completion: deviceCompletion)
  var device = "auto"

  func validate() throws {
    _ = try (sources(), chosenTechniques())
    guard (1...1000).contains(seeds) else {
      throw ValidationError("--seeds must be between 1 and 1000, is \(seeds).")
    }
    if let steps, steps < 4 { throw ValidationError("--steps must be at least 4, is \(steps).") }
    if let jobs, !(1...1024).contains(jobs) {
      throw ValidationError("--jobs must be between 1 and 1024, is \(jobs).")
    }
  }

  private func sources() throws -> [Chosen<DataFamily>] {
    try list(data, "--data", Self.recipes.map { ($0, Chosen(any: DataFamily.kind(named: $0)!.init())) })
  }
  private func chosenTechniques() throws -> [ComparedTechnique] {
    let all = ComparedTechnique.allCases
    return try techniques.map { try list($0, "--techniques", all.map { ($0.rawValue, $0) }) } ?? all
  }

  private func list<Value: Hashable>(_ text: String, _ option: String, _ all: [(name: String, value: Value)]) throws
    -> [Value]
  {
    let values = try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
      guard let found = all.first(where: { $0.name == word.trimmingCharacters(in: .whitespaces) }) else {
        throw ValidationError("\(option): '\(word)' is none of \(all.map(\.name).joined(separator: ", ")).")
      }
      return found.value
    }
    guard Set(values).count == values.count else { throw ValidationError("\(option) names something twice.") }
    return values
  }

  func run() throws {
    // Not in `validate()`: there it would be said before a misspelt option.
    if let images = try sources().first(where: { $0.images != nil }), classifier == nil {
      throw ValidationError(
        "--classifier is missing: samples of \(images.settings.title) are scored by a classifier, such as the folder of a "
          + "`gan train mnist-semisupervised-fast` run.")
    }
    let folder = URL(fileURLWithPath: out)
    try prepareForReport(in: folder)
    let grids = try sources().map { try grid($0) }
    let devices = try grids.map { try chosenDevice(device, for: $0.base) }
    for (grid, device) in zip(grids, devices) {
      for technique in try chosenTechniques() {
        try grid.validate(technique)
        try grid.recipe(technique).validate(on: device)
      }
    }
    let scorer = try scorer(chosenDevice(device, for: nil))
    // A step is too small to share out; whole games are what runs side by side.
    Libtorch.threads = 1
    let outcomes = try play(grids, scorer, ComparisonFolder(folder.appendingPathComponent("games")), devices)
    let report = CompareReport(
      grids: zip(grids, outcomes).map { grid, outcomes in
        CompareReport.Grid(comparison: grid, cells: outcomes.compactMap(\.cell), failures: outcomes.flatMap(\.failures))
      }, command: command)
    // Files first: what is on the disk is not lost with a terminal.
    if let results { try writeResults(report, to: URL(fileURLWithPath: results)) }
    try report.page().write(to: folder.appendingPathComponent("report.html"))
    for table in report.tables { try Output.print(table.text(width: 120, includesHelp: true)) }
    try Output.printPlace(folder.appendingPathComponent("report.html"))
    let failures = report.grids.flatMap(\.failures)
    if !failures.isEmpty {
      throw CompareError(description: "\(failures.count) games did not end: " + failures.joined(separator: "; "))
    }
  }

  private var command: String {
    "gan compare --data \(shellWord(data)) --seeds \(seeds)"
      + (techniques.map { " --techniques \(shellWord($0))" } ?? "")
      + (classifier.map { " --classifier \(shellPath($0))" + reading.typed } ?? "")
      + (steps.map { " --steps \($0)" } ?? "")
      + assignments.map { " --set \(shellWord($0))" }.joined()
  }

  /// The data that can be compared on. For images: a built-in recipe of that name.
  private static let recipes = DataFamily.kinds.filter { kind in
    kind is any PointSource.Type || Recipe.named(kind.kind) != nil
  }.map { $0.kind }

  private func grid(_ source: Chosen<DataFamily>) throws -> Comparison {
    let name =
      source.points.map { $0.density != nil ? "one-dimensional" : "two-dimensional" } ?? source.kind
    var recipe = Recipe.named(name)!
    recipe.data = source
    recipe.name = source.kind
    // The plain game is the plain game: without the smoothing that the recipe has of its own.
    if let plain = recipe.objective.settings.smoothed(to: 1) { recipe.objective = Chosen(any: plain) }
    // As the tutorial has it whose claims are looked at.
    if source.points?.density != nil { recipe.discriminator.pretrainingSteps = 1_000 }
    recipe = try assignments.reduce(recipe) { try $0.setting($1) }
    if let steps { (recipe.duration.count, recipe.duration.unit) = (steps, .steps) }
    return Comparison(recipe, seeds: (1...UInt64(seeds)).map { $0 })
  }

  /// What scores images, and the images to learn from.
  private struct Scorer: Sendable {
    let images: LabelledImages
    let classifier: SharedClassifier
    /// Of features, where the classifier is a run.
    let features: (any PictureNetwork)?
    let scoring: ComparedScoring
  }

  private func scorer(_ device: Device) throws -> Scorer? {
    guard let classifier, let source = try sources().compactMap(\.images).first else { return nil }
    let folder = try dataFolder.map { URL(fileURLWithPath: $0) } ?? DataOption().place(of: source)
    let images = try source.open(at: folder, .train)
    let loaded = try reading.load(classifier, device: device)
    let shared = SharedClassifier(loaded)
    return Scorer(
      images: images, classifier: shared, features: (loaded as? RunClassifier).map { RunNetwork($0) },
      scoring: ComparedScoring(
        classifier: shared.name, hash: shared.hash, reading: reading.summary,
        images: sha256(Data(images.images)), samples: Comparison.scoredSamples, splits: 1))
  }

  /// What came of one technique's games on one source of data.
  private struct Outcome {
    var cell: ComparisonCell?
    var failures: [String] = []
  }

  /// Games that are played together, or found played.
  private struct Job {
    let grid: Int
    let technique: ComparedTechnique
    let seeds: [UInt64]
  }

  /// For each grid its techniques' outcomes, in the order of the techniques.
  private func play(_ grids: [Comparison], _ scorer: Scorer?, _ folder: ComparisonFolder, _ devices: [Device])
    throws -> [[Outcome]]
  {
    let techniques = try chosenTechniques()
    func isOfImages(_ grid: Int) -> Bool { grids[grid].base.data.images != nil }
    // Points of all seeds are a step together; images of one are work enough.
    let jobs = grids.indices.flatMap { grid in
      techniques.flatMap { technique -> [Job] in
        let seeds = grids[grid].seeds
        return (isOfImages(grid) ? seeds.map { [$0] } : [seeds]).map {
          Job(grid: grid, technique: technique, seeds: $0)
        }
      }
    }
    func length(_ job: Job) -> Int {
      let base = grids[job.grid].base
      let perEpoch = (scorer?.images.count ?? 0) / base.batchSize
      return base.duration.unit == .steps ? base.duration.count : base.duration.count * perEpoch
    }
    let found = jobs.map { job in
      folder.cell(
        grids[job.grid].recipe(job.technique), seeds: job.seeds,
        scoring: isOfImages(job.grid) ? scorer?.scoring : nil, device: devices[job.grid])
    }
    let done = zip(jobs, found).reduce(0) { $0 + ($1.1 == nil ? 0 : length($1.0)) }
    let progress = Mutex(
      CompareProgress(
        ProgressBar("compare", total: jobs.map(length).reduce(0, +), unit: "steps", first: done), done: done))
    let results = Mutex(found.map { $0.map { [Result<ComparisonCell, any Error>.success($0)] } })
    let waiting = Mutex(jobs.indices.filter { found[$0] == nil }[...])
    let workers = max(1, min(self.jobs ?? ProcessInfo.processInfo.activeProcessorCount, jobs.count))
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while let index = waiting.withLock({ $0.popFirst() }) {
        let (job, grid, device) = (jobs[index], grids[jobs[index].grid], devices[jobs[index].grid])
        func play(_ seeds: [UInt64]) -> Result<ComparisonCell, any Error> {
          Result {
            if seeds != job.seeds,
              let cell = folder.cell(grid.recipe(job.technique), seeds: seeds, scoring: nil, device: device)
            {
              return cell
            }
            let report = { (steps: Int) in progress.withLock { $0.update(index, steps) } }
            let cell =
              if let scorer, grid.base.data.images != nil {
                try grid.playImages(
                  job.technique, seed: seeds[0], scorer.images, classifier: scorer.classifier,
                  features: scorer.features, scoring: scorer.scoring, device: device, progress: report)
              } else {
                try Comparison(grid.base, seeds: seeds).playPoints(job.technique, device: device, progress: report)
              }
            try folder.write(cell)
            return cell
          }
        }
        var played = [play(job.seeds)]
        // One game that falls apart ends those beside it: then each is played by itself.
        if case .failure(_ as TrainingFault) = played[0], job.seeds.count > 1 { played = job.seeds.map { play([$0]) } }
        results.withLock { [played] in $0[index] = played }
        // What is no game's own fault would befall the others too: no more of them are begun.
        if played.contains(where: { $0.failure.map { !($0 is TrainingFault) } ?? false }) {
          waiting.withLock { $0 = [] }
        }
      }
    }
    progress.withLock { $0.finish() }
    let stored = results.withLock { $0 }
    if let error = stored.flatMap({ $0 ?? [] }).compactMap(\.failure).first(where: { !($0 is TrainingFault) }) {
      throw error
    }
    let outcomes = stored.map { $0! }
    return try grids.indices.map { grid in
      try techniques.map { technique in
        var outcome = Outcome()
        var cells: [ComparisonCell] = []
        for (job, played) in zip(jobs, outcomes) where job.grid == grid && job.technique == technique {
          for (position, result) in played.enumerated() {
            switch result {
            case .success(let cell): cells.append(cell)
            // It is a result too; the others go on.
            case .failure(let fault as TrainingFault):
              let source = grids[grid].base.data.kind
              outcome.failures.append("\(source), \(technique.rawValue), seed \(job.seeds[position]): \(fault)")
            case .failure(let error): throw error  // thrown above
            }
          }
        }
        if !cells.isEmpty { outcome.cell = ComparisonCell.joined(cells) }
        return outcome
      }
    }
  }

  /// For each source of data its games as JSON lines, and its tables.
  private func writeResults(_ report: CompareReport, to folder: URL) throws {
    try makeFolder(at: folder)
    let encoder = ComparisonFolder.encoder
    for grid in report.grids {
      let lines = try grid.cells.map { cell in
        try encoder.encode(
          ResultLine(
            technique: cell.technique, seeds: cell.seeds, seconds: cell.seconds.rounded(), measures: cell.measures,
            scoring: cell.scoring, recipe: cell.recipe))
          + Data("\n".utf8)
      }
      try replaceFile(
        at: folder.appendingPathComponent("compare-\(grid.source.kind).jsonl"), with: lines.reduce(Data(), +))
      try replaceFile(
        at: folder.appendingPathComponent("compare-\(grid.source.kind).md"), with: Data(report.markdown(grid).utf8))
    }
  }

  private struct ResultLine: Encodable {
    let technique: ComparedTechnique
    let seeds: [UInt64]
    let seconds: Double
    /// For each measure one number per seed.
    let measures: [ComparedMeasure: [Double]]
    let scoring: ComparedScoring?
    let recipe: Recipe
  }
}

extension Result {
  fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}

private struct CompareError: Error, CustomStringConvertible { let description: String }

/// How far all games are together.
private struct CompareProgress {
  private var bar: ProgressBar
  private let done: Int
  private var played: [Int: Int] = [:]

  init(_ bar: ProgressBar, done: Int) {
    self.bar = bar
    self.done = done
  }

  private var total: Int { played.values.reduce(done, +) }

  mutating func update(_ job: Int, _ steps: Int) {
    played[job] = steps
    bar.update(total)
  }

  mutating func finish() { bar.finish(total) }
}
