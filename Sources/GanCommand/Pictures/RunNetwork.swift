import Images
import Metrics
import Recipes
import Scores
import Torch

/// The discriminator of a semi-supervised run as a network of features: what its last layer sees, and the classes that
/// it tells.
final class RunNetwork: PictureNetwork, @unchecked Sendable {
  private let classifier: RunClassifier

  init(_ classifier: RunClassifier) { self.classifier = classifier }

  var name: String { classifier.name }
  var hash: String { classifier.hash }
  var resizing: PictureResizing { .none }
  var reading: String { "as the run's own images" }
  var isInception: Bool { false }

  func callAsFunction(_ pictures: [Image]) throws -> NetworkOutputs {
    let shape = classifier.imageShape
    var planes: [Float] = []
    for picture in pictures {
      guard picture.height == shape[1], picture.width == shape[2] else {
        throw NetworkError(
          network: name,
          reason: "takes pictures of \(shape[2]) x \(shape[1]) pixels, not of \(picture.width) x \(picture.height): "
            + "resize them first, such as with gan data pack --size")
      }
      planes += (shape[0] == 1 ? picture.grey() : picture.colour()).planes()
    }
    return try checkingTensors {
      try withoutGradient {
        let game = classifier.game
        let x = game.asExamples(Tensor(planes, shape: [pictures.count] + shape, device: game.generator.flat.device))
        let judgement = game.discriminator.model(x, .evaluation)
        let features = judgement.features.reshaped([pictures.count, -1])
        return NetworkOutputs(
          features: try features.to(.float32).values(), dimensions: features.size(1),
          logits: try judgement.logits.to(.float32).values())
      }
    }
  }
}
