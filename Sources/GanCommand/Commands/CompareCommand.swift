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
      On densities and mixtures every seed's generator is measured by its points; on images by the Inception score of \
      a classifier, by the Fréchet distance and its kin of a network's features, or both. The plain game has none of \
      the techniques; --set gives all games a key.

        gan compare --data normal,far-normal,ring --seeds 8
        gan compare --data mnist --classifier runs/mnist-semisupervised-fast-1 --seeds 6 --steps 2000
        gan compare --recipe pictures --data-folder photos --techniques plain,diff-augment,mirroring --seeds 3
        gan compare --data normal,ring --seeds 8 --share 1/4     # beside --share 2/4 and so on, in one folder

      Games that are over are kept in the output folder: started again with the same settings, it goes on with the \
      others. The signals that end `gan train` (control-C and its like) drop the games at hand, which begin anew then.
      """)

  @Option(
    help: ArgumentHelp(
      "What to learn, separated by commas: \(Self.recipes.joined(separator: ", ")). (default: \(Self.usualData))"))
  var data: String?

  @Option(
    help: "The recipe to change, built in or a YAML file, in place of --data: its games are played on its own data.",
    completion: RecipeArgument.completion)
  var recipe: String?

  @Option(
    help: ArgumentHelp(
      """
      Techniques, separated by commas: \(ComparedTechnique.allCases.map(\.rawValue).joined(separator: ", ")). \
      (default: all, of images those that the recipe can have)
      """))
  var techniques: String?

  @Option(parsing: .unconditional, help: "Games of each kind.")
  var seeds = 8

  @Option(parsing: .unconditional, help: "Length of a game in steps, in place of the recipe's.")
  var steps: Int?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Any key of the recipes, such as batchSize=64.", valueName: "key=value"))
  var assignments: [String] = []

  @Option(
    help: "Folder or file with the images. (default: where `gan data get` puts them)", completion: .directory)
  var dataFolder: String?

  @Option(
    help: ArgumentHelp("For images: \(classifierHelp.abstract)", valueName: "run or file.pt"), completion: .file())
  var classifier: String?

  @Option(
    help: ArgumentHelp(
      """
      For images: the network of features, as `gan score` has it. (default: the classifier, where it is a run; without \
      one, what `gan data get inception` has fetched)
      """,
      valueName: "file or run"), completion: .file())
  var features: String?

  @OptionGroup var reading: ClassifierReading

  @Option(help: "Folder for games and report; an earlier report in it is replaced.", completion: .directory)
  var out = "runs/compare"

  @Option(help: "Also keep every game's measures here, as JSON lines, and the tables.", completion: .directory)
  var results: String?

  @Option(parsing: .unconditional, help: "Games at a time, each on one thread. (default: one per core)")
  var jobs: Int?

  @Option(help: "auto, cpu, cuda or mps; auto keeps games on points on the CPU.", completion: deviceCompletion)
  var device = "auto"

  @OptionGroup var sharing: ShareOption

  func validate() throws {
    if data != nil, recipe != nil {
      throw ValidationError("--recipe has its own data: leave out --data.")
    }
    _ = try (data.map(sources(_:)), namedTechniques())
    guard (1...1000).contains(seeds) else {
      throw ValidationError("--seeds must be between 1 and 1000, is \(seeds).")
    }
    if let steps, steps < 4 { throw ValidationError("--steps must be at least 4, is \(steps).") }
    if let jobs, !(1...1024).contains(jobs) {
      throw ValidationError("--jobs must be between 1 and 1024, is \(jobs).")
    }
  }

  static let usualData = "normal,two-humped,far-normal,ring,grid"

  private func sources(_ data: String) throws -> [Chosen<DataFamily>] {
    try list(data, "--data", Self.recipes.map { ($0, Chosen(any: DataFamily.kind(named: $0)!.init())) })
  }

  private func namedTechniques() throws -> [ComparedTechnique]? {
    try techniques.map { try list($0, "--techniques", ComparedTechnique.allCases.map { ($0.rawValue, $0) }) }
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

  /// One source of data, and what is played on it.
  private struct Grid {
    var comparison: Comparison
    let techniques: [ComparedTechnique]
    /// Techniques that the recipe cannot have, and why.
    var leftOut: [String] = []
    let device: Device
    /// Of images.
    var images: LabelledImages?
    var scorer: ComparedScorer?
  }

  func run() throws {
    let folder = URL(fileURLWithPath: out)
    try prepareForReport(in: folder)
    let bases = try recipe.map { [try base(RecipeArgument($0).recipe)] } ?? sources(data ?? Self.usualData).map(base)
    // All that can be refused is refused before anything is read for minutes.
    var grids = try bases.map(grid)
    for index in grids.indices { try openImages(of: &grids[index]) }
    // A step is too small to share out; whole games are what runs side by side.
    Libtorch.threads = 1
    let shared = sharing.work(in: folder)
    let (outcomes, left, pieces) = try play(grids, ComparisonFolder(folder.appendingPathComponent("games")), shared)
    guard let shared else {
      if left > 0 { sharing.sayLeft(left, of: pieces.count) }
      return try write(grids, outcomes, in: folder)
    }
    guard left == 0 else { return sharing.sayLeft(left, of: pieces.count) }
    try shared.report(of: pieces) { try write(grids, outcomes, in: folder) }
  }

  private func write(_ grids: [Grid], _ outcomes: [[Outcome]], in folder: URL) throws {
    let report = CompareReport(
      grids: zip(grids, outcomes).map { grid, outcomes in
        CompareReport.Grid(
          comparison: grid.comparison, cells: outcomes.compactMap(\.cell), failures: outcomes.flatMap(\.failures),
          leftOut: grid.leftOut)
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
    let games = recipe.map { "--recipe \(shellPath($0))" } ?? "--data \(shellWord(data ?? Self.usualData))"
    return "gan compare \(games) --seeds \(seeds)"
      + (techniques.map { " --techniques \(shellWord($0))" } ?? "")
      + (classifier.map { " --classifier \(shellPath($0))" + reading.typed } ?? "")
      + (features.map { " --features \(shellPath($0))" } ?? "")
      + (dataFolder.map { " --data-folder \(shellPath($0))" } ?? "")
      + (steps.map { " --steps \($0)" } ?? "")
      + assignments.map { " --set \(shellWord($0))" }.joined()
  }

  /// The data that can be compared on. For images: a built-in recipe of that name.
  static let recipes = DataFamily.kinds.filter { kind in
    kind is any PointSource.Type || Recipe.named(kind.kind) != nil
  }.map { $0.kind }

  private func base(_ source: Chosen<DataFamily>) throws -> Recipe {
    let name =
      source.points.map { $0.density != nil ? "one-dimensional" : "two-dimensional" } ?? source.kind
    var recipe = Recipe.named(name)!
    recipe.data = source
    recipe.name = source.kind
    // As the tutorial has it whose claims are looked at.
    if source.points?.density != nil { recipe.discriminator.pretrainingSteps = 1_000 }
    return try base(recipe)
  }

  /// The plain game is the plain game: without what the recipe has of the techniques.
  private func base(_ given: Recipe) throws -> Recipe {
    var recipe = given
    for technique in ComparedTechnique.usual(hasImages: given.data.images != nil) { technique.remove(from: &recipe) }
    recipe = try assignments.reduce(recipe) { try $0.setting($1) }
    if let steps { (recipe.duration.count, recipe.duration.unit) = (steps, .steps) }
    return recipe
  }

  /// - Throws: ``RecipeError`` where a technique that was asked for is none of the recipe's; `ValidationError` where
  ///   images have nothing that scores them.
  private func grid(_ base: Recipe) throws -> Grid {
    let hasImages = base.data.images != nil
    if hasImages, classifier == nil, features == nil, !isFetched(FeatureNetworks.inception) {
      throw ValidationError(
        "--features or --classifier is missing: samples of \(base.data.settings.title) are scored by a network's "
          + "features (`gan data get inception` fetches FID's), or by a classifier, such as the folder of a `gan train "
          + "mnist-semisupervised-fast` run.")
    }
    let comparison = Comparison(base, seeds: (1...UInt64(seeds)).map { $0 })
    let device = try chosenDevice(device, for: base)
    if let named = try namedTechniques() {
      for technique in named {
        try comparison.validate(technique)
        try comparison.recipe(technique).validate(on: device)
        try refuse(technique, comparison)
      }
      return Grid(comparison: comparison, techniques: named, device: device)
    }
    try comparison.validate(.plain)
    try base.validate(on: device)
    var (techniques, leftOut): ([ComparedTechnique], [String]) = ([], [])
    for technique in ComparedTechnique.usual(hasImages: hasImages) {
      do {
        try comparison.validate(technique)
        if hasImages { try refuse(technique, comparison) }
        techniques.append(technique)
      } catch let error as RecipeError where hasImages {
        leftOut.append("\(technique.title) (\(error))")
      }
    }
    let grid = Grid(comparison: comparison, techniques: techniques, leftOut: leftOut, device: device)
    for words in grid.leftOut { Output.say("left out: \(words)") }
    return grid
  }

  /// - Throws: ``RecipeError`` where a technique changes nothing of a recipe.
  private func refuse(_ technique: ComparedTechnique, _ comparison: Comparison) throws {
    var recipe = comparison.recipe(technique)
    recipe.name = comparison.base.name
    guard technique == .plain || recipe != comparison.base else {
      throw RecipeError(
        key: technique == .labelSmoothing ? "objective.kind" : "generator.network",
        reason: "does not know \(technique.title.lowercased())")
    }
  }

  private func isFetched(_ published: PublishedDataSet) -> Bool {
    FileManager.default.fileExists(atPath: published.directory.appendingPathComponent(published.files[0].name).path)
  }

  /// Opens a grid's images, and what scores them.
  private func openImages(of grid: inout Grid) throws {
    var base = grid.comparison.base
    guard let source = base.data.images else { return }
    var option = DataOption()
    option.path = dataFolder
    guard dataFolder != nil || type(of: source).defaultDirectory != nil else {
      throw ValidationError(
        "--data-folder is missing: '\(type(of: source).kind)' is read from a folder or file of your own.")
    }
    base = try option.settling(base)
    if let steps { (base.duration.count, base.duration.unit) = (steps, .steps) }
    grid.comparison = Comparison(base, seeds: grid.comparison.seeds)
    let images = try option.images(of: base, .train)!
    try base.validate(for: .image(channels: images.channels, height: images.height, width: images.width))
    let loaded = try classifier.map { try reading.load($0, device: grid.device) }
    let network =
      if let features {
        try pictureNetwork(features, like: .torchFidelity, reading, device: grid.device)
      } else if let loaded {
        (loaded as? RunClassifier).map { RunNetwork($0) as any PictureNetwork }
      } else {
        try pictureNetwork(nil, like: .torchFidelity, reading, device: grid.device)
      }
    grid.images = images
    var bar: ProgressBar?
    grid.scorer = try ComparedScorer(
      images: images, classifier: loaded, reading: reading.summary, network: network
    ) { done, total in
      if bar == nil { bar = ProgressBar("features of real images", total: total, unit: "images") }
      if done < total { bar?.update(done) } else { bar?.clear() }
    }
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

  /// For each grid its techniques' outcomes, in the order of the techniques; how many pieces of work are left to other
  /// jobs, and the names of all pieces.
  private func play(_ grids: [Grid], _ folder: ComparisonFolder, _ shared: SharedWork?) throws -> (
    outcomes: [[Outcome]], left: Int, pieces: [String]
  ) {
    // Points of all seeds are a step together; images of one are work enough.
    let jobs = grids.indices.flatMap { grid in
      grids[grid].techniques.flatMap { technique -> [Job] in
        let seeds = grids[grid].comparison.seeds
        return (grids[grid].images != nil ? seeds.map { [$0] } : [seeds]).map {
          Job(grid: grid, technique: technique, seeds: $0)
        }
      }
    }
    func length(_ job: Job) -> Int {
      let base = grids[job.grid].comparison.base
      let perEpoch = (grids[job.grid].images?.count ?? 0) / base.batchSize
      return base.duration.unit == .steps ? base.duration.count : base.duration.count * perEpoch
    }
    let kept = { @Sendable (job: Job) in
      folder.cell(
        grids[job.grid].comparison.recipe(job.technique), seeds: job.seeds,
        scoring: grids[job.grid].scorer?.scoring, device: grids[job.grid].device)
    }
    let name = { @Sendable (job: Job) in
      folder.name(grids[job.grid].comparison.recipe(job.technique), job.seeds)
    }
    let found = jobs.map(kept)
    let done = zip(jobs, found).reduce(0) { $0 + ($1.1 == nil ? 0 : length($1.0)) }
    let progress = Mutex(
      CompareProgress(
        ProgressBar("compare", total: jobs.map(length).reduce(0, +), unit: "steps", first: done), done: done))
    let results = Mutex(found.map { $0.map { [Result<ComparisonCell, any Error>.success($0)] } })
    let order = shared?.share.order(jobs.count) ?? Array(jobs.indices)
    let waiting = Mutex(sharing.reportOnly ? [] : order.filter { found[$0] == nil }[...])
    /// The next piece that nobody is at; once more all of them, since another job may have died while this one was at
    /// its own.
    let next = { @Sendable () -> Int? in
      if let index = waiting.withLock({ $0.popFirst() }) { return index }
      guard let shared else { return nil }
      let open = results.withLock { results in
        let hasFailed = results.contains { $0?.contains { $0.isFailureOfAll } ?? false }
        return hasFailed ? [] : order.filter { results[$0] == nil }
      }
      return open.first { !shared.isTaken(name(jobs[$0])) }
    }
    let workers = max(1, min(self.jobs ?? ProcessInfo.processInfo.activeProcessorCount, jobs.count))
    Interruption.watch()
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while let index = next() {
        let (job, grid) = (jobs[index], grids[jobs[index].grid])
        let (comparison, device) = (grid.comparison, grid.device)
        let claim = Result { try shared?.claim(name(job)) }
        if case .failure(let error) = claim {
          results.withLock { $0[index] = [.failure(error)] }
          waiting.withLock { $0 = [] }
          return
        }
        // Another job may have taken it, or played it, since.
        if shared != nil, (try? claim.get()) == nil { continue }
        if shared != nil, let cell = kept(job) {
          results.withLock { $0[index] = [.success(cell)] }
          continue
        }
        defer { withExtendedLifetime(claim) {} }
        func play(_ seeds: [UInt64]) -> Result<ComparisonCell, any Error> {
          Result {
            if seeds != job.seeds,
              let cell = folder.cell(comparison.recipe(job.technique), seeds: seeds, scoring: nil, device: device)
            {
              return cell
            }
            let report = { (steps: Int) in
              progress.withLock { $0.update(index, steps) }
              try Interruption.check()
            }
            let cell =
              if let scorer = grid.scorer, let images = grid.images {
                try comparison.playImages(
                  job.technique, seed: seeds[0], images, scorer: scorer, device: device, progress: report)
              } else {
                try Comparison(comparison.base, seeds: seeds).playPoints(
                  job.technique, device: device, progress: report)
              }
            try folder.write(cell)
            return cell
          }
        }
        var played = [play(job.seeds)]
        // One game that falls apart ends those beside it: then each is played by itself.
        if case .failure(_ as TrainingFault) = played[0], job.seeds.count > 1 {
          played = job.seeds.map { play([$0]) }
        }
        results.withLock { [played] in $0[index] = played }
        // What is no game's own fault would befall the others too: no more of them are begun.
        if played.contains(where: { $0.isFailureOfAll }) {
          waiting.withLock { $0 = [] }
        }
      }
    }
    progress.withLock { $0.finish() }
    let stored = results.withLock { $0 }
    let failures = stored.flatMap { $0 ?? [] }.compactMap(\.failure)
    if let error = failures.first(where: { !($0 is TrainingFault || $0 is CancellationError) }) { throw error }
    if let number = Interruption.signalNumber, failures.contains(where: { $0 is CancellationError }) {
      throw stopped(number, jobs.map(\.seeds.count), stored, folder)
    }
    let outcomes = stored.map { $0 ?? [] }
    let all = try grids.indices.map { grid in
      try grids[grid].techniques.map { technique in
        var outcome = Outcome()
        var cells: [ComparisonCell] = []
        for (job, played) in zip(jobs, outcomes) where job.grid == grid && job.technique == technique {
          for (position, result) in played.enumerated() {
            switch result {
            case .success(let cell): cells.append(cell)
            // It is a result too; the others go on.
            case .failure(let fault as TrainingFault):
              let source = grids[grid].comparison.base.data.kind
              outcome.failures.append("\(source), \(technique.rawValue), seed \(job.seeds[position]): \(fault)")
            case .failure(let error): throw error  // thrown above
            }
          }
        }
        if !cells.isEmpty { outcome.cell = ComparisonCell.joined(cells) }
        return outcome
      }
    }
    return (all, stored.count { $0 == nil }, jobs.map(name))
  }

  /// Says how many games are over, and how to go on.
  ///
  /// - Parameters:
  ///   - number: of the signal.
  ///   - counts: the games of each job.
  ///   - played: what came of each job, where it was begun: one result for all its games, or one for each.
  /// - Returns: the exit code.
  private func stopped(
    _ number: Int32, _ counts: [Int], _ played: [[Result<ComparisonCell, any Error>]?], _ folder: ComparisonFolder
  ) -> ExitCode {
    let over = zip(counts, played).map { count, results in
      let results = results ?? []
      return results.count { !($0.failure is CancellationError) } * (results.count == 1 ? count : 1)
    }
    Output.say(
      "stopped: \(over.reduce(0, +)) of \(counts.reduce(0, +)) games are over, and kept in "
        + "\(folder.url.relativePath); go on with: \(Interruption.command)")
    return Interruption.exitCode(number)
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

extension Result<ComparisonCell, any Error> {
  /// Whether it failed for a reason that would befall all other games too: none of its own.
  fileprivate var isFailureOfAll: Bool { failure.map { !($0 is TrainingFault) } ?? false }
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
