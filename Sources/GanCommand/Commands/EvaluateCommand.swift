import ArgumentParser
import Datasets
import Files
import Foundation
import Recipes
import Report
import Torch

struct Evaluate: ParsableCommand, SharedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Counts a trained classifier's errors, class by class.",
    discussion: """
        gan evaluate runs/mnist-semisupervised-fast-1 --data ~/.cache/swift-gan/mnist
      """)

  @Argument(help: ArgumentHelp("The folder of a semi-supervised run.", valueName: "run"), completion: .directory)
  var runFolder: String

  @OptionGroup var data: DataOption

  @Option(help: "train or test.")
  var split = Split.test

  @OptionGroup var checkpoint: CheckpointOption

  @Flag(help: "One JSON object in place of the tables.")
  var json = false

  @OptionGroup var machine: MachineOptions

  func run() throws { try Processes.together(evaluate) }

  private func evaluate(_ processes: ProcessGroup?) throws {
    let device = try machine.apply(processes: processes)
    let folder = RunFolder(URL(fileURLWithPath: runFolder))
    let classifier = try RunClassifier(folder, weights: checkpoint.weights(averaged: true), device: device)
    let source = classifier.source
    let place = try data.place(of: source, run: classifier.description)
    let images = try source.open(at: place, split)
    guard [images.channels, images.height, images.width] == classifier.imageShape else {
      throw FileError(
        path: place.path,
        reason:
          "has images of \([images.channels, images.height, images.width]) (channels, height, width); the run was "
          + "trained on \(classifier.imageShape)")
    }
    guard images.classes == classifier.classCount else {
      throw FileError(
        path: place.path,
        reason: "has \(images.classes.map { "\($0)" } ?? "no") classes; the run tells \(classifier.classCount) apart")
    }
    let examples = try checkingTensors { try TestSet(images, pixels: source.pixels, device: device) }
    try checkWhose(images: examples, classifier.description, folder)
    let averaged = try classifier.game.classes(of: examples, averaged: false, among: processes)
    let hasAverage = classifier.game.discriminatorAverage != nil
    let raw =
      try hasAverage
      ? RunClassifier(folder, weights: checkpoint.weights(averaged: false), device: device).game.classes(
        of: examples, averaged: false, among: processes)
      : averaged
    let evaluation = Evaluation(
      images: images.count, errors: examples.errors(averaged),
      errorsOfRawWeights: hasAverage ? examples.errors(raw) : nil,
      confusion: confusion(examples.labels, averaged, classes: classifier.classCount))
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      try Output.print(String(decoding: try encoder.encode(evaluation), as: UTF8.self))
    } else {
      try Output.print(evaluation.summary)
      try Output.print(evaluation.table.text(width: 120))
    }
  }

  /// Other images than the run's may be meant, where a place is given; where none is, the files have changed since.
  private func checkWhose(images: TestSet, _ description: RunFolder.Description, _ folder: RunFolder) throws {
    // A run that was tested on what it held out has seen neither split as a whole.
    guard try folder.recipe().labels.validation == 0 else { return }
    guard let known = split == .test ? description.tests : description.examples, known != images.fingerprint else {
      return
    }
    let whose = split == .test ? "was tested on while it was trained" : "was trained on"
    guard data.path != nil else {
      throw FileError(
        path: folder.url.path,
        reason: "these are not the images that the run \(whose); if they are meant, say where they are with --data")
    }
    Output.say("these are not the images that the run \(whose)")
  }

  /// [true class][told class]
  private func confusion(_ labels: [Int], _ told: [Int], classes: Int) -> [[Int]] {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    for (label, told) in zip(labels, told) { counts[label][told] += 1 }
    return counts
  }
}

private struct Evaluation: Encodable {
  let images: Int
  /// Of the averaged weights, where the run keeps an average.
  let errors: Int
  let errorsOfRawWeights: Int?
  /// How many images of each class (outer) were taken for each class (inner).
  let confusion: [[Int]]

  var summary: String {
    let share = String(format: "%.2f %%", 100 * Double(errors) / Double(max(1, images)))
    return "\(errors) errors of \(images) (\(share))" + (errorsOfRawWeights.map { ", \($0) by the raw weights" } ?? "")
  }

  var table: Table {
    Table(
      title: "Rows are the true classes, columns what they were taken for",
      columns: [.init("", alignment: .trailing)] + confusion.indices.map { .init("\($0)", alignment: .trailing) }
        + [.init("Errors", alignment: .trailing)],
      rows: confusion.enumerated().map { label, counts in
        [.text("\(label)")]
          + counts.enumerated().map { told, count in count == 0 && told != label ? .text("·") : .text("\(count)") }
          + [.text("\(counts.reduce(0, +) - counts[label])")]
      })
  }
}
