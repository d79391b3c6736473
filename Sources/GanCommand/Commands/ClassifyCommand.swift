import ArgumentParser
import Datasets
import Files
import Foundation
import Recipes
import Report
import Torch

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Labels images with a trained classifier.",
    discussion: """
      The images are PNG, JPEG or WebP files of the size that the run was trained on, or IDX files of many. MNIST \
      digits are light on dark: for dark ink on white paper use --invert. A file that is none is named, the others are \
      labelled, and the exit code is 1.

        gan classify runs/mnist-semisupervised-fast-1 seven.png
        gan classify runs/mnist-semisupervised-fast-1 t10k-images-idx3-ubyte.gz --json
      """)

  @Argument(help: ArgumentHelp("The folder of a semi-supervised run.", valueName: "run"), completion: .directory)
  var runFolder: String

  @Argument(help: "PNG, JPEG, WebP or IDX files.", completion: .file(extensions: ["png", "jpg", "jpeg", "webp", "gz"]))
  var files: [String]

  @Flag(help: "One JSON object per image, with the probability of every class.")
  var json = false

  @Flag(help: "Exchange light and dark.")
  var invert = false

  @OptionGroup var weights: WeightOptions

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let device = try machine.apply()
    let classifier = try RunClassifier(
      RunFolder(URL(fileURLWithPath: runFolder)), weights: weights.weights, device: device)
    // A stray file among them is named, and the others are told.
    var unreadable = 0
    let images = try files.flatMap { file -> [PictureFile.Picture] in
      do {
        return try PictureFile(URL(fileURLWithPath: file)).pictures(like: classifier.imageShape)
      } catch let error as FileError {
        if files.count == 1 { throw error }
        Output.say("error: \(error)")
        unreadable += 1
        return []
      }
    }
    if images.isEmpty, unreadable > 0 { throw ExitCode(1) }
    var predictions: [Prediction] = []
    for first in stride(from: 0, to: images.count, by: 1_000) {
      let part = images[first..<min(images.count, first + 1_000)]
      let probabilities = try classifier.probabilities(of: part.map { invert ? $0.pixels.map { 255 - $0 } : $0.pixels })
      predictions += zip(part, probabilities).map { Prediction(picture: $0.name, probabilities: $1) }
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      for prediction in predictions {
        try Output.print(String(decoding: try encoder.encode(prediction), as: UTF8.self))
      }
    } else {
      try Output.print(table(predictions).text())
    }
    if unreadable > 0 { throw ExitCode(1) }
  }

  private func table(_ predictions: [Prediction]) -> Table {
    Table(
      title: "\(predictions.count) \(predictions.count == 1 ? "image" : "images")",
      columns: [
        .init("Image"), .init("Class", alignment: .trailing), .init("Probability"),
        .init("Next", alignment: .trailing), .init("Its probability"),
      ],
      rows: predictions.map { prediction in
        let order = prediction.probabilities.indices.sorted {
          prediction.probabilities[$0] > prediction.probabilities[$1]
        }
        func share(_ index: Int) -> Table.Cell {
          .text(String(format: "%.4f", prediction.probabilities[index]))
        }
        guard order.count > 1 else { return [.text(prediction.picture), .text("\(order[0])"), share(order[0])] }
        return [
          .text(prediction.picture), .text("\(order[0])"), share(order[0]), .text("\(order[1])"), share(order[1]),
        ]
      })
  }
}

/// What a classifier says of one image.
private struct Prediction: Encodable {
  let picture: String
  /// Of each class; their sum is 1.
  let probabilities: [Double]

  enum CodingKeys: String, CodingKey { case image, label = "class", probability, probabilities }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] }!
    try container.encode(picture, forKey: .image)
    try container.encode(best, forKey: .label)
    try container.encode(probabilities[best], forKey: .probability)
    try container.encode(probabilities, forKey: .probabilities)
  }
}
