import Datasets
import Files
import Foundation
import Metrics
import Recipes
import Torch

/// The classifier that a semi-supervised run has trained.
final class RunClassifier: ImageClassifier {
  let game: RecipeGame
  /// The data that the run was trained on.
  let source: any ImageSource
  let description: RunFolder.Description
  let name: String
  /// Of the file with the weights in use.
  let hash: String
  /// Channels, height and width of the images it takes.
  let imageShape: [Int]
  /// K
  var classes: Int? { classCount }
  let classCount: Int

  /// - Parameter weights: which of D's.
  /// - Throws: `FileError` for a folder that is no run, or one that was not trained to classify.
  init(_ folder: RunFolder, weights: SavedWeights = SavedWeights(), device: Device) throws {
    let run = try folder.load(device: device, weights: weights)
    let (game, description) = (run.game, run.description)
    guard game.recipe.tellsClasses, let source = game.recipe.data.images, let classes = description.classes,
      let imageShape = description.imageShape
    else {
      throw FileError(
        path: folder.url.path,
        reason: "is a run of '\(game.recipe.name)', which tells no classes apart; a semi-supervised run does")
    }
    self.game = game
    self.source = source
    self.description = description
    name = """
      \(folder.url.relativePath) \
      (\(game.recipe.name)\(weights.checkpoint == nil ? "" : weights.words(hasAverage: false)))
      """
    let isAveraged = weights.averaged && game.discriminatorAverage != nil
    if let checkpoint = weights.checkpoint {
      // It holds both kinds of weights.
      hash = sha256(
        try readFile(at: folder.checkpoints.file(checkpoint)), Data(isAveraged ? "averaged".utf8 : "raw".utf8))
    } else {
      hash = sha256(try readFile(at: folder.discriminatorFile(averaged: isAveraged)))
    }
    classCount = classes
    self.imageShape = imageShape
  }

  /// p(class), for each of `images`.
  ///
  /// - Parameter images: the bytes of an image each, channel by channel and row by row, 0 ... 255.
  /// - Throws: `TensorError`.
  func probabilities(of images: [[UInt8]]) throws -> [[Double]] {
    let flat = try checkingTensors {
      let pixels = Tensor(
        images.flatMap { $0 }, shape: [images.count] + imageShape, device: game.generator.flat.device)
      return try game.classProbabilities(game.asExamples(pixels.to(.float32) / 255), averaged: false).values(
        Double.self)
    }
    return stride(from: 0, to: flat.count, by: classCount).map { Array(flat[$0..<$0 + classCount]) }
  }

  func callAsFunction(_ images: Tensor) throws -> ClassOutputs {
    guard Array(images.shape.dropFirst()) == imageShape else {
      throw ClassifierError(
        classifier: name,
        reason: "takes images of \(imageShape) (channels, height, width), not \(images.shape.dropFirst())")
    }
    return .logits(try game.logits(checkingTensors { game.asExamples(images) }, averaged: false))
  }
}
