import ArgumentParser
import Datasets
import Files
import Foundation
import Metrics
import Torch

struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The Inception score of a run's samples, or of real images.",
    discussion: """
      The score is a function of the classifier, which is named beside it with the hash of its file. Scores compare only \
      for the same classifier, number of samples and splits.

        gan score runs/mnist-1 --classifier digits.pt
        gan score --data ~/.cache/swift-gan/mnist --split test --classifier digits.pt
        gan score runs/mnist-1 --classifier network.pt --input-range 0..255
      """)

  @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
  var runFolder: String?

  @Option(help: "Folder with MNIST's files, or others like them, in place of a run.", completion: .directory)
  var data: String?

  @Option(help: "Which images of --data: train or test. (default: test)")
  var split: Split?

  @OptionGroup var classifier: ClassifierOptions

  @Option(parsing: .unconditional, help: "How many samples. (default: 50000 of a run, all images of --data)")
  var samples: Int?

  @Option(parsing: .unconditional, help: "Equal parts that are scored each on their own.")
  var splits = 10

  @Option(
    parsing: .unconditional,
    help:
      "Images that the classifier sees at once; the score does not depend on it. A traced module may need its own number."
  )
  var batchSize = 100

  @Option(parsing: .unconditional, help: "Seed of a run's noise, or of the order of --data.")
  var seed: UInt64 = 1

  @Flag(help: "Draw from the weights of the last step, not from their average.")
  var raw = false

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var machine: MachineOptions

  func validate() throws {
    if split != nil && data == nil { throw ValidationError("--split belongs to --data.") }
    if raw && data != nil { throw ValidationError("--raw belongs to a run.") }
    let bounds = [
      ("--samples", samples ?? 1, 1...1_000_000_000), ("--splits", splits, 1...1_000_000),
      ("--batch-size", batchSize, 1...100_000),
    ]
    for (name, value, range) in bounds where !range.contains(value) {
      throw ValidationError("\(name) must be between \(range.lowerBound) and \(range.upperBound), is \(value).")
    }
  }

  func run() throws {
    // Not in `validate()`: there it would be said before a misspelt option.
    guard (runFolder == nil) != (data == nil) else {
      throw ValidationError("Name the folder of a run or --data, and not both.")
    }
    let device = try machine.apply()
    let source = try makeSource(device: device)
    let count = samples ?? source.count ?? 50_000
    if let available = source.count, count > available {
      throw ValidationError("--samples must be at most \(available), the number of images, is \(count).")
    }
    var score = try InceptionScore(samples: count, splits: splits)
    let (reading, classifier) = (classifier.reading.summary, try classifier.load(device: device))
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
    if let runFolder {
      return try ScoreSource(run: URL(fileURLWithPath: runFolder), averaged: !raw, seed: seed, device: device)
    }
    let folder = URL(fileURLWithPath: data!)
    let split = split ?? .test
    let images = try MNIST.Source().open(at: folder, split)
    return ScoreSource(
      images, title: "\(split.rawValue) images of \(folder.relativePath)", seed: seed, device: device)
  }
}

extension Split: ExpressibleByArgument {}
