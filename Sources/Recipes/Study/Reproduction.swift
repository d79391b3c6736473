import Datasets
import Dispatch
import Files
import Foundation
import Synchronization
import Torch

/// A semi-supervised recipe trained for several numbers of labels and several draws of them: the published table, run
/// by run.
///
/// Every run has a folder of its own and goes on from its last checkpoint, so that the whole may be interrupted at any
/// time, started again, or extended by more draws.
public struct Reproduction: Sendable {
  /// What every run trains, but for its number of labels and its seeds.
  public let recipe: Recipe
  /// Numbers of labels, one row of the table each.
  public let labelCounts: [Int]
  /// Draws of labels for each count, by their seeds, which are those of a run's draw and of its networks; from 1.
  public let draws: ClosedRange<Int>
  /// Holds a run folder for each run: `labels-100/draw-1` and so on.
  public let folder: URL

  /// One network: a number of labels and a draw.
  public struct Run: Sendable, Hashable {
    /// In all, the same number of each class.
    public let labels: Int
    /// From 1.
    public let draw: Int
    /// For people.
    public var title: String { "\(labels) labels, draw \(draw)" }
    /// Relative to the folder of the whole.
    public var path: String { "labels-\(labels)/draw-\(draw)" }
  }

  /// What is shown while it goes.
  public enum Event: Sendable {
    /// Begun, or taken up from its checkpoint, with `step` steps behind it.
    case started(Run, step: Int)
    /// A test after `epoch` passes through the data; the losses are means since the line before.
    case tested(Run, epoch: Double, RunFolder.Measurement)
    /// One step more.
    case stepped(Run, step: Int)
    /// The run is over, and tested.
    case finished(Run)
  }

  /// - Parameters:
  ///   - labelCounts: numbers of labels, one row of the table each.
  ///   - draws: of labels for each count, by their seeds: 1...5, or 6...15 for draws that settings were not chosen by.
  ///   - folder: holds a run folder for each run.
  public init(_ recipe: Recipe, labelCounts: [Int], draws: ClosedRange<Int>, folder: URL) {
    self.recipe = recipe
    self.labelCounts = labelCounts
    self.draws = draws
    self.folder = folder
  }

  /// Draw after draw, so that an interrupted table has something in every row.
  public var runs: [Run] {
    draws.flatMap { draw in labelCounts.map { Run(labels: $0, draw: draw) } }
  }

  /// The recipe with the run's number of labels and seeds.
  public func recipe(of run: Run) -> Recipe {
    var recipe = recipe
    recipe.labels.count = run.labels
    recipe.labels.seed = UInt64(run.draw)
    recipe.seed = UInt64(run.draw)
    return recipe
  }

  /// Where the run writes; it may not be there yet.
  public func runFolder(of run: Run) -> RunFolder { RunFolder(folder.appendingPathComponent(run.path)) }

  /// Refuses what could not be trained, and folders whose runs were begun with other settings.
  ///
  /// - Throws: ``RecipeError``, `FileError`.
  public func check(_ images: LabelledImages) throws {
    for run in runs {
      let recipe = recipe(of: run)
      try recipe.validate()
      do {
        _ = try LabelDraw(
          run.labels, of: images.labels ?? [], classes: images.classes ?? 1, seed: recipe.labels.seed)
      } catch let error as LabelDrawError {
        throw RecipeError(key: "labels.count", reason: error.description)
      }
      let file = runFolder(of: run).url.appendingPathComponent("recipe.yaml")
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      guard try RecipeFile.read(file) == recipe else {
        throw FileError(
          path: file.path, reason: "this run was begun with other settings: use those, or another output folder")
      }
    }
  }

  /// Trains every run that is not complete.
  ///
  /// - Parameters:
  ///   - images: what is trained on, among which the labelled ones are drawn.
  ///   - test: what the runs are tested on: the test set, or what was held out (``Recipe/validation(of:)``).
  ///   - jobs: runs at a time, each on its own thread.
  ///   - shared: where other processes train runs of the same table: each run is trained by one of them, and those that
  ///     others are at are left to these.
  ///   - progress: called from any of these threads. Where it throws, its run is saved as it stands and goes no
  ///     further, and no other is begun.
  /// - Throws: the first error of any run, or of `progress`, after the others have come to the end of their own.
  public func train(
    _ images: LabelledImages, test: LabelledImages, jobs: Int, device: Device, shared: SharedWork? = nil,
    progress: @escaping @Sendable (Event) throws -> Void
  ) throws {
    let runs = runs
    let order = shared.map { $0.share.order(runs.count).map { runs[$0] } } ?? runs
    let failure = Mutex<(any Error)?>(nil)
    // Once more, where another process has died while this one was at its own.
    while case let left = try order.filter({ try isLeft($0, shared) }), !left.isEmpty {
      let waiting = Mutex(left[...])
      DispatchQueue.concurrentPerform(iterations: max(1, jobs)) { _ in
        while let run = waiting.withLock({ $0.popFirst() }) {
          do {
            let claim = try shared?.claim(run.path)
            // It may have been played, or taken, since.
            if shared != nil, try claim == nil || runFolder(of: run).isComplete() { continue }
            try withExtendedLifetime(claim) { try train(run, images, test, device, progress) }
          } catch {
            failure.withLock { $0 = $0 ?? error }
            waiting.withLock { $0 = [] }
          }
        }
      }
      if let error = failure.withLock({ $0 }) { throw error }
      if shared == nil { break }
    }
  }

  /// Whether a run is to be trained, and nobody is at it.
  private func isLeft(_ run: Run, _ shared: SharedWork?) throws -> Bool {
    try !runFolder(of: run).isComplete() && shared?.isTaken(run.path) != true
  }

  /// Test images with the pixels that the recipe trains on.
  private func testSet(_ images: LabelledImages, _ device: Device) throws -> TestSet {
    try checkingTensors { try TestSet(images, pixels: recipe.data.images?.pixels ?? .unit, device: device) }
  }

  private func train(
    _ run: Run, _ images: LabelledImages, _ test: LabelledImages, _ device: Device, _ progress: (Event) throws -> Void
  ) throws {
    let folder = runFolder(of: run)
    try makeFolder(at: folder.url)
    let recipe = recipe(of: run)
    let examples = try checkingTensors { try RecipeExamples(images: images, recipe: recipe, device: device) }
    let testSet = try testSet(test, device)
    let training = try TrainingRun(
      recipe, examples, test: testSet, in: folder, device: device,
      checkpoints: CheckpointPolicy(kept: 1, keepsFinal: false))
    func tell(_ event: Event) throws {
      do {
        try progress(event)
      } catch {
        if training.step < training.game.steps { try training.save() }
        throw error
      }
    }
    try tell(.started(run, step: training.step))
    while let step = try training.next() {
      if step.errors != nil, let line = try folder.measurements().last {
        try tell(.tested(run, epoch: Double(step.step) / Double(examples.stepsPerEpoch ?? 1), line))
      }
      try tell(.stepped(run, step: step.step))
    }
    try progress(.finished(run))
  }

  // MARK: Results

  /// The runs that are complete, with what their networks say of the test set.
  ///
  /// - Throws: `FileError`, `TensorError`.
  public func results(test: LabelledImages, device: Device) throws -> [ReproductionRow] {
    let testSet = try testSet(test, device)
    return try labelCounts.map { labels in
      var row = ReproductionRow(labels: labels, runs: [], ensembleProbabilities: [], classes: test.classes ?? 0)
      for run in runs where run.labels == labels {
        let folder = runFolder(of: run)
        guard try folder.isComplete() else { continue }
        let game = try folder.load(device: device).game
        // Loaded averaged weights stand in the parameters' place.
        let probabilities = try checkingTensors {
          try game.classProbabilities(of: testSet, averaged: false).values(Double.self)
        }
        let errors = testSet.errors(ReproductionRow.classes(probabilities, classes: test.classes ?? 0))
        row.add(
          ReproductionRow.Entry(run: run, errors: errors, measurements: try folder.measurements()), probabilities)
      }
      return row
    }
  }
}

/// One column of the published table: a number of labels.
public struct ReproductionRow: Sendable {
  /// In all, the same number of each class.
  public let labels: Int
  /// Those that are over.
  public private(set) var runs: [Entry]
  /// The mean over the runs of the probabilities of each class for each test example, row by row.
  private var ensembleProbabilities: [Double]
  private let classes: Int

  /// A run that is over.
  public struct Entry: Sendable {
    /// Which run it is.
    public let run: Reproduction.Run
    /// On the test set, of the averaged weights where there are any.
    public let errors: Int
    /// The lines of its `measurements.jsonl`.
    public let measurements: [RunFolder.Measurement]
  }

  init(labels: Int, runs: [Entry], ensembleProbabilities: [Double], classes: Int) {
    self.labels = labels
    self.runs = runs
    self.ensembleProbabilities = ensembleProbabilities
    self.classes = classes
  }

  mutating func add(_ entry: Entry, _ probabilities: [Double]) {
    let share = 1 / Double(runs.count + 1)
    if runs.isEmpty {
      ensembleProbabilities = probabilities
    } else {
      for index in probabilities.indices {
        ensembleProbabilities[index] += share * (probabilities[index] - ensembleProbabilities[index])
      }
    }
    runs.append(entry)
  }

  /// The class that the runs' mean probabilities favour, for each test example; empty without a run.
  public var ensembleClasses: [Int] { Self.classes(ensembleProbabilities, classes: classes) }

  /// A test example that the runs together get wrong.
  public struct Mistake: Sendable, Codable {
    /// In the test set.
    public let index: Int
    /// The class that it has.
    public let label: Int
    /// The class that it was taken for.
    public let told: Int
  }

  /// What the runs together get wrong, in the order of the test set.
  public func ensembleMistakes(_ test: LabelledImages) -> [Mistake] {
    zip(ensembleClasses, test.labels ?? []).enumerated().compactMap { index, pair in
      pair.0 == Int(pair.1) ? nil : Mistake(index: index, label: Int(pair.1), told: pair.0)
    }
  }

  /// How many the runs together get wrong.
  public func ensembleErrors(_ test: LabelledImages) -> Int { ensembleMistakes(test).count }

  static func classes(_ probabilities: [Double], classes: Int) -> [Int] {
    stride(from: 0, to: probabilities.count, by: classes).map { first in
      (0..<classes).max { probabilities[first + $0] < probabilities[first + $1] }!
    }
  }
}
