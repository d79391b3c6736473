import Datasets
import Torch

/// Examples held back from training, to test a classifier on.
public struct TestSet {
  /// [count, F], as the training examples.
  public let examples: Tensor
  /// The class of each.
  public let labels: [Int]
  /// A checksum of all of them.
  public let fingerprint: String

  /// - Parameter pixels: what the bytes become: as the training examples' do.
  public init(_ images: LabelledImages, pixels: PixelRange = .unit, device: Device) {
    examples =
      ImageBatches(
        pixels: images.images, imageSize: images.channels * images.height * images.width, batchSize: 1,
        range: pixels.bounds, device: device
      ).images
    labels = images.labels.map(Int.init)
    fingerprint = images.fingerprint
  }

  /// How many of `predictions` are wrong.
  public func errors(_ predictions: [Int]) -> Int { zip(predictions, labels).filter { $0 != $1 }.count }
}

/// The errors of a classifier on a ``TestSet``.
public struct TestErrors: Sendable, Hashable {
  /// With the weights as they are.
  public let raw: Int
  /// With their average, where the recipe asks for one.
  public let averaged: Int?
}

extension RecipeGame {
  /// The class with the highest logit, of each of `examples`.
  ///
  /// - Throws: `TensorError`.
  public func classes(of examples: Tensor, averaged: Bool) throws -> [Int] {
    try checkingTensors { try logits(examples, averaged: averaged).argmax(-1).values(Int64.self).map(Int.init) }
  }

  /// p(class) of each of `examples`, given that it is no generated one: the softmax of D's logits, [N, K].
  ///
  /// - Throws: `TensorError`.
  public func classProbabilities(_ examples: Tensor, averaged: Bool) throws -> Tensor {
    try checkingTensors {
      let logits = try logits(examples, averaged: averaged)
      return exp(logits - logits.logSumExp(-1, keep: true))
    }
  }

  func errors(on test: TestSet) throws -> TestErrors {
    TestErrors(
      raw: test.errors(try classes(of: test.examples, averaged: false)),
      averaged: discriminatorAverage == nil ? nil : test.errors(try classes(of: test.examples, averaged: true)))
  }
}
