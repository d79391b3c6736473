import ArgumentParser
import Datasets
import Files
import Foundation
import Metrics
import Recipes
import Scores
import Torch

struct Score: ParsableCommand, SharedCommand {
  static let configuration = CommandConfiguration(
    abstract: "FID, KID, precision, recall, density, coverage and the Inception score of pictures.",
    discussion: """
      What is scored is a run, a folder or zip archive of pictures from any tool, or a data set; --against says what \
      it is compared with. A score is a function of its network, of how pictures are resized and of how many there \
      are: all of this is printed with it, and scores compare only where it agrees (Docs/Scores.md). Several at once \
      come into one table, which says where they do not compare; a .json file is what --json has printed before. With \
      --classifier it is the Inception score alone, by that classifier.

        gan score runs/pictures-1 --against photos --samples 5000
        gan score samples.zip --against cifar10 --metrics fid,kid,precision,recall
        gan score runs/one runs/two samples.zip --against photos --samples 5000
        gan score samples --against statistics.npz --like clean
        gan score photos --save-statistics statistics.npz
        gan score runs/mnist-1 --classifier digits.pt
        gan score --data ~/.cache/swift-gan/mnist --split test --classifier digits.pt
      """)

  @Argument(
    help: ArgumentHelp(
      """
      A run's folder, a folder or zip archive of pictures, or a data set, such as cifar10 or cifar10:FOLDER; one or \
      several.
      """,
      valueName: "pictures"), completion: .file())
  var places: [String] = []

  @Option(
    help: ArgumentHelp(
      "Real pictures, named in the same way, or their statistics (.npz with mu and sigma).", valueName: "pictures"),
    completion: .file())
  var against: String?

  @Option(help: "Which images of a data set --against are taken: train or test. (default: train)")
  var againstSplit: Split?

  @OptionGroup(title: "Scores") var scores: ScoreOptions

  @Option(
    help: ArgumentHelp(
      "Write mean and covariance of the features, as pytorch-fid and clean-fid read them.", valueName: "file.npz"),
    completion: .file(extensions: ["npz"]))
  var saveStatistics: String?

  @Option(
    help: ArgumentHelp("Write a page with the nearest and the farthest samples.", valueName: "file.html"),
    completion: .file(extensions: ["html"]))
  var page: String?

  @Option(
    help: "Folder with MNIST's files, or others like them, in place of a run, for --classifier.", completion: .directory
  )
  var data: String?

  @Option(help: "Which images of --data, or of the data set that is scored: train or test. (default: test)")
  var split: Split?

  @OptionGroup var classifier: ClassifierOptions

  @Option(parsing: .unconditional, help: "How many samples. (default: 50000 of a run, all pictures otherwise)")
  var samples: Int?

  @Option(parsing: .unconditional, help: "Equal parts that are scored each on their own.")
  var splits = 10

  @Option(
    parsing: .unconditional,
    help: """
      Images that the network sees at once; the score does not depend on it. A traced module may need its own number. \
      (default: 100 of a classifier, 16 for features)
      """)
  var batchSize: Int?

  @Option(parsing: .unconditional, help: "Seed of a run's noise, or of the order of --data.")
  var seed: UInt64 = 1

  @OptionGroup var weights: WeightOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var machine: MachineOptions

  func validate() throws {
    if split != nil, data == nil, places.isEmpty || classifier.classifier != nil {
      throw ValidationError("--split belongs to --data.")
    }
    if weights.areGiven && data != nil {
      throw ValidationError("\(weights.raw ? "--raw" : "--checkpoint") belongs to a run.")
    }
    let bounds = [
      ("--samples", samples ?? 1, 1...1_000_000_000), ("--splits", splits, 1...1_000_000),
      ("--batch-size", batchSize ?? 1, 1...100_000),
    ]
    for (name, value, range) in bounds where !range.contains(value) {
      throw ValidationError("\(name) must be between \(range.lowerBound) and \(range.upperBound), is \(value).")
    }
  }

  func run() throws {
    if let classifier = classifier.classifier {
      guard try Launch.read() == nil else {
        throw ProcessError("the Inception score by a classifier is for one process: start it without torchrun or srun")
      }
      return try runInceptionScore(by: classifier)
    }
    try Processes.together(runScores)
  }

  private func runScores(_ processes: ProcessGroup?) throws {
    guard !places.isEmpty else {
      throw ValidationError(
        "Name what is scored: a run's folder, pictures or a data set; or --data with a --classifier.")
    }
    guard data == nil else { throw ValidationError("--data goes with --classifier: name the pictures themselves.") }
    if places.count > 1, saveStatistics != nil {
      throw ValidationError("--save-statistics is of one set of pictures, and \(places.count) are named.")
    }
    // Before hours of scoring, not after.
    for file in [saveStatistics, page].compactMap({ $0 }) {
      try makeFolder(at: URL(fileURLWithPath: file).deletingLastPathComponent())
    }
    let kept = try places.map {
      $0.lowercased().hasSuffix(".json") ? try ScoreDocument(contentsOf: URL(fileURLWithPath: $0)) : nil
    }
    if places.count == 1, kept[0] == nil { return try runPictureScores(of: places[0], processes) }
    try runComparison(kept, processes)
  }

  /// Several sets in one table.
  ///
  /// - Parameter kept: for each of the places what was scored before; nil for what is scored now.
  private func runComparison(_ kept: [ScoreDocument?], _ processes: ProcessGroup?) throws {
    var documents: [(name: String, document: ScoreDocument)] = []
    var scoring: Scoring?
    for (place, kept) in zip(places, kept) {
      if let kept {
        documents.append((place, kept))
        continue
      }
      Output.say("scoring \(place)")
      if scoring == nil { scoring = try makeScoring(processes) }
      documents.append((place, ScoreDocument(try scores(of: try open(place, scoring!), scoring!))))
    }
    let report = ScoreComparisonReport(comparison: ScoreComparison(documents))
    if let page, writes(processes) { try report.page().write(to: URL(fileURLWithPath: page)) }
    try Output.print(json ? report.json() : report.text(width: max(80, min(120, Terminal.columns))))
    if let page, !json { try Output.printPlace(URL(fileURLWithPath: page)) }
  }

  /// What pictures are scored by and against.
  private struct Scoring {
    let network: any PictureNetwork
    let device: Device
    /// The real pictures, where they are pictures.
    let realSet: (any PictureSet)?
    let real: PictureScores.Real
    let metrics: [any PictureMetric.Type]
    /// Those that share the work.
    let processes: ProcessGroup?
  }

  /// Whether this process writes files.
  private func writes(_ processes: ProcessGroup?) -> Bool { processes?.isFirst ?? true }

  private func makeScoring(_ processes: ProcessGroup?) throws -> Scoring {
    let device = try machine.apply(processes: processes)
    let network = try scores.network(classifier.reading, device: device)
    var realSet: (any PictureSet)?
    var real = PictureScores.Real.nothing
    if let against, against.lowercased().hasSuffix(".npz") {
      let url = URL(fileURLWithPath: against)
      let statistics = try FeatureStatistics(contentsOf: url)
      real = .statistics(
        statistics,
        ScorePassport.Side(
          title: "statistics of \(url.lastPathComponent)", count: statistics.count,
          checksum: sha256(try readFile(at: url))))
    } else if let against {
      let set = try ScoredPlace(
        text: against, split: againstSplit, count: nil, seed: 1, weights: SavedWeights(), device: device
      ).open()
      (realSet, real) = (set, .pictures(set))
    }
    return Scoring(
      network: network, device: device, realSet: realSet, real: real,
      metrics: try scores.chosen(ifNone: defaultMetrics(network, real)), processes: processes)
  }

  private func open(_ place: String, _ scoring: Scoring) throws -> any PictureSet {
    let generated = try ScoredPlace(
      text: place, split: split, count: samples, seed: seed, weights: weights.weights, device: scoring.device
    ).open()
    if let samples, generated.count < samples {
      throw ValidationError(
        "--samples must be at most \(generated.count), the number of pictures of \(place), is \(samples).")
    }
    return generated
  }

  private func scores(of generated: any PictureSet, _ scoring: Scoring) throws -> PictureScores {
    var bar = ScoreBar()
    defer { bar.finish() }
    return try PictureScores(
      of: generated, against: scoring.real, by: scoring.network, metrics: scoring.metrics,
      settings: scores.settings(splits: splits), batch: batchSize ?? 16, cache: scores.cache ? .standard : nil,
      version: swiftGanVersion, among: scoring.processes
    ) { bar.show($0) }
  }

  /// Scores of one set.
  private func runPictureScores(of place: String, _ processes: ProcessGroup?) throws {
    let scoring = try makeScoring(processes)
    let generated = try open(place, scoring)
    if let saveStatistics {
      var bar = ScoreBar()
      let features = try bar.features(
        of: generated, by: scoring.network, batch: batchSize ?? 16, among: processes)
      let statistics = try FeatureStatistics(of: features.features, divisor: scores.like.settings.divisor)
      let url = URL(fileURLWithPath: saveStatistics)
      if writes(processes) { try statistics.write(to: url) }
      bar.finish()
      try Output.printPlace(url)
      // Statistics alone were wanted, unless scores were asked for.
      guard against != nil || scores.metrics != nil else { return }
    }
    let report = PictureScoreReport(scores: try scores(of: generated, scoring))
    if let page, writes(processes) {
      try report.page(generated: generated, real: scoring.realSet).write(to: URL(fileURLWithPath: page))
    }
    try Output.print(json ? report.json() : report.text(width: max(80, min(120, Terminal.columns))))
    if let page, !json { try Output.printPlace(URL(fileURLWithPath: page)) }
  }

  private func defaultMetrics(_ network: any PictureNetwork, _ real: PictureScores.Real) -> [String] {
    let distance = network.isInception ? "fid" : "fd"
    return switch real {
    case .pictures: [distance, "kid", "precision", "recall", "density", "coverage"]
    case .statistics: [distance]
    case .nothing: ["is"]
    }
  }

  /// The Inception score by a classifier of the user's own.
  private func runInceptionScore(by classifierPath: String) throws {
    if against != nil || scores.metrics != nil {
      throw ValidationError(
        "--classifier is for the Inception score alone; --features names the network of other scores.")
    }
    // Not in `validate()`: there it would be said before a misspelt option.
    guard places.isEmpty != (data == nil), places.count <= 1 else {
      throw ValidationError("Name the folder of one run or --data, and not both.")
    }
    let device = try machine.apply()
    let source = try makeSource(device: device)
    let count = samples ?? source.count ?? 50_000
    if let available = source.count, count > available {
      throw ValidationError("--samples must be at most \(available), the number of images, is \(count).")
    }
    var score = try InceptionScore(samples: count, splits: splits)
    let (reading, classifier) = (
      classifier.reading.summary, try classifier.reading.load(classifierPath, device: device)
    )
    let batchSize = batchSize ?? 100
    var bar = ProgressBar("score", total: count, unit: "images")
    while score.count < count {
      let range = score.count..<min(count, score.count + batchSize)
      try score.add(classifier(source.images(range)))
      bar.update(score.count)
    }
    bar.finish(count)
    let report = ScoreReport(try score.result(), of: source.title, seed: seed, by: classifier, reading: reading)
    try Output.print(json ? try report.json() : report.text)
  }

  private func makeSource(device: Device) throws -> ScoreSource {
    if let runFolder = places.first {
      return try ScoreSource(run: URL(fileURLWithPath: runFolder), weights: weights.weights, seed: seed, device: device)
    }
    let folder = URL(fileURLWithPath: data!)
    let split = split ?? .test
    let images = try MNIST.Source().open(at: folder, split)
    return ScoreSource(
      images, title: "\(split.rawValue) images of \(folder.relativePath)", seed: seed, device: device)
  }
}

extension Split: ExpressibleByArgument {}

/// A bar for each stage of scoring.
struct ScoreBar {
  private var stage = ""
  private var bar: ProgressBar?

  mutating func show(_ progress: PictureScores.Progress) {
    switch progress {
    case .realPictures(let done, let total): show("features of real pictures", done, total)
    case .generatedPictures(let done, let total): show("features of what is scored", done, total)
    case .computing(let title):
      finish()
      stage = title
      Output.say("computing \(title)")
    }
  }

  /// One pass with a bar.
  mutating func features(
    of set: any PictureSet, by network: any PictureNetwork, batch: Int, among processes: ProcessGroup? = nil
  ) throws -> PictureFeatures {
    var bar = self
    defer { self = bar }
    return try PictureFeatures(of: set, by: network, batch: batch, among: processes) {
      bar.show("features", $0, set.count)
    }
  }

  private mutating func show(_ title: String, _ done: Int, _ total: Int) {
    if stage != title {
      finish()
      stage = title
      bar = ProgressBar(title, total: total, unit: "pictures")
    }
    if done < total { bar?.update(done) } else { bar?.clear() }
  }

  mutating func finish() {
    bar?.clear()
    bar = nil
  }
}
