import ArgumentParser
import Datasets
import Files
import Foundation
import Metrics
import Recipes
import Report
import Synchronization
import Torch

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Plays the same games with one technique after another, over many seeds, and says what each changes.",
    discussion: """
      On densities and mixtures every seed's generator is measured by its points; on MNIST by the Inception score of a \
      classifier, such as a semi-supervised run of ours.

        gan compare --data normal,two-humped,ring,grid --seeds 8
        gan compare --data mnist --classifier runs/mnist-semisupervised-1 --seeds 2 --steps 3000
      """)

  @Option(help: "What to learn, separated by commas: normal, two-humped, far-normal, ring, grid, mnist.")
  var data = "normal,two-humped,ring,grid"

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

  @Option(
    help: ArgumentHelp(
      "What scores MNIST samples: a semi-supervised run's folder or a TorchScript file.", valueName: "run or file.pt"))
  var classifier: String?

  @Option(help: "Folder for the report; an earlier report in it is replaced.", completion: .directory)
  var out = "runs/compare"

  @Option(help: "Also keep every game's measures here, as JSON lines.", completion: .directory)
  var results: String?

  @Option(parsing: .unconditional, help: "Games at a time, each on one thread. (default: one per core)")
  var jobs: Int?

  @Option(help: "auto, cpu, cuda or mps.")
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
    if try sources().contains(.mnist), classifier == nil {
      throw ValidationError(
        "--classifier is missing: samples of MNIST are scored by a classifier, such as the folder of a "
          + "`gan train mnist-semisupervised` run.")
    }
  }

  private func sources() throws -> [Recipe.Data.Source] { try list(data, "--data") }
  private func chosenTechniques() throws -> [ComparedTechnique] {
    try techniques.map { try list($0, "--techniques") } ?? ComparedTechnique.allCases
  }

  private func list<Value: RawRepresentable & CaseIterable & Hashable>(_ text: String, _ option: String) throws
    -> [Value] where Value.RawValue == String
  {
    let values = try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
      guard let value = Value(rawValue: word.trimmingCharacters(in: .whitespaces)) else {
        throw ValidationError(
          "\(option): '\(word)' is none of \(Value.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      return value
    }
    guard Set(values).count == values.count else { throw ValidationError("\(option) names something twice.") }
    return values
  }

  func run() throws {
    let device = try Device(named: self.device)
    let folder = URL(fileURLWithPath: out)
    try prepareForReport(in: folder)
    let grids = try sources().map { try grid($0) }
    for grid in grids {
      for technique in try chosenTechniques() { try grid.recipe(technique).validate() }
    }
    let scoring = try scoring(device)
    // A step is too small to share out; whole games are what runs side by side.
    Libtorch.threads = 1
    let cells = try play(grids, scoring, device)
    let report = CompareReport(
      grids: zip(grids, cells).map { CompareReport.Grid(comparison: $0, cells: $1) },
      classifier: scoring.map { "\($0.classifier.name), SHA-256 \($0.classifier.shortHash)" }, command: command)
    for table in report.tables { print(table.text(width: 120)) }
    if let results { try writeResults(cells, to: URL(fileURLWithPath: results)) }
    try report.page().write(to: folder.appendingPathComponent("report.html"))
    print(folder.appendingPathComponent("report.html").relativePath)
  }

  private var command: String {
    "gan compare --data \(data) --seeds \(seeds)" + (techniques.map { " --techniques \($0)" } ?? "")
      + (steps.map { " --steps \($0)" } ?? "") + assignments.map { " --set \($0)" }.joined()
  }

  private func grid(_ source: Recipe.Data.Source) throws -> Comparison {
    let name = source == .mnist ? "mnist" : source.density != nil ? "one-dimensional" : "two-dimensional"
    var recipe = Recipe.named(name)!
    recipe.data.source = source
    recipe.name = source.rawValue
    // The plain game is the plain game: without the smoothing that the recipe has of its own.
    recipe.objective.realTarget = 1
    recipe = try assignments.reduce(recipe) { try $0.setting($1) }
    if let steps { (recipe.duration.count, recipe.duration.unit) = (steps, .steps) }
    return Comparison(recipe, seeds: (1...UInt64(seeds)).map { $0 })
  }

  private struct Scoring {
    let images: LabelledImages
    let classifier: any ImageClassifier
  }

  private func scoring(_ device: Device) throws -> Scoring? {
    guard let classifier, try sources().contains(.mnist) else { return nil }
    let folder = dataFolder.map { URL(fileURLWithPath: $0) } ?? MNIST.defaultDirectory
    return Scoring(
      images: try MNIST.load(directory: folder, split: .train),
      classifier: try loadClassifier(classifier, inputRange: .unit, channels: nil, output: .logits, device: device))
  }

  /// The cells of each grid, in the order of the techniques.
  private func play(_ grids: [Comparison], _ scoring: Scoring?, _ device: Device) throws -> [[ComparisonCell]] {
    let techniques = try chosenTechniques()
    let jobs = grids.indices.flatMap { grid in techniques.indices.map { (grid: grid, technique: $0) } }
    let lengths = grids.map { grid in
      let (base, images) = (grid.base, scoring?.images.count ?? 0)
      let steps = base.duration.unit == .steps ? base.duration.count : base.duration.count * (images / base.batchSize)
      return base.data.source == .mnist ? steps * seeds : steps
    }
    let bar = Mutex(
      (ProgressBar("compare", total: lengths.reduce(0, +) * techniques.count, unit: "steps"), [Int: Int]()))
    let next = Mutex(0)
    let results = Mutex([Result<ComparisonCell, any Error>?](repeating: nil, count: jobs.count))
    // Images are played by one thread only: a classifier is not for several at once.
    let workers = scoring != nil ? 1 : min(self.jobs ?? ProcessInfo.processInfo.activeProcessorCount, jobs.count)
    let scored = UncheckedBox(value: scoring)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while let index = next.withLock({ next in
        defer { next += 1 }
        return next < jobs.count ? next : nil
      }) {
        let job = jobs[index]
        let progress = { (steps: Int) in
          bar.withLock { state in
            state.1[index] = steps
            state.0.update(state.1.values.reduce(0, +))
          }
        }
        let result = Result {
          let (grid, technique) = (grids[job.grid], techniques[job.technique])
          guard let scoring = scored.value, grid.base.data.source == .mnist else {
            return try grid.playPoints(technique, device: device, progress: progress)
          }
          return try grid.playImages(
            technique, scoring.images, classifier: scoring.classifier, device: device, progress: progress)
        }
        results.withLock { $0[index] = result }
      }
    }
    bar.withLock { $0.0.finish($0.1.values.reduce(0, +)) }
    let cells = try results.withLock { try $0.map { try $0!.get() } }
    return grids.indices.map { Array(cells[$0 * techniques.count..<($0 + 1) * techniques.count]) }
  }

  private func writeResults(_ cells: [[ComparisonCell]], to folder: URL) throws {
    try makeFolder(at: folder)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for (source, cells) in zip(try sources(), cells) {
      let lines = try cells.map { cell in
        try encoder.encode(
          ResultLine(
            technique: cell.technique.rawValue, seeds: cell.seeds, seconds: cell.seconds.rounded(),
            measures: Dictionary(uniqueKeysWithValues: cell.measures.map { ($0.key.rawValue, $0.value) }),
            recipe: cell.recipe))
          + Data("\n".utf8)
      }
      try replaceFile(
        at: folder.appendingPathComponent("compare-\(source.rawValue).jsonl"), with: lines.reduce(Data(), +))
    }
  }

  private struct ResultLine: Encodable {
    let technique: String
    let seeds: [UInt64]
    let seconds: Double
    /// For each measure one number per seed.
    let measures: [String: [Double]]
    let recipe: Recipe
  }
}

/// Hands a value to the one thread that uses it.
private struct UncheckedBox<Value>: @unchecked Sendable { let value: Value }
