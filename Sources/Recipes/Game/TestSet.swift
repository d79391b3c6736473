import Datasets
import Torch

/// Examples held back from training, to test a classifier on.
public struct TestSet {
  /// The class of each.
  public let labels: [Int]
  /// A checksum of all of them.
  public let fingerprint: String
  private let source: ImageBatches

  /// - Parameter pixels: what the bytes become: as the training examples' do.
  /// - Throws: ``RecipeError`` where the images have no classes.
  public init(_ images: LabelledImages, pixels: PixelRange = .unit, device: Device) throws {
    guard let labels = images.labels else {
      throw RecipeError(key: "objective.kind", reason: "a classifier is tested on images with classes; these have none")
    }
    self.labels = labels.map(Int.init)
    fingerprint = images.fingerprint
    source = try ImageBatches(images, batchSize: 1, range: pixels.bounds, device: device)
  }

  /// Some of them, [N, F].
  func examples(_ range: Range<Int>) -> Tensor { source.examples(range) }

  /// How many of `predictions` are wrong.
  public func errors(_ predictions: [Int]) -> Int { zip(predictions, labels).filter { $0 != $1 }.count }
}

extension Recipe {
  /// The images divided in those to train on and those to test on, where a classifier is not to be tested on the test
  /// set (`labels.validation`); nil where it is.
  ///
  /// - Throws: ``RecipeError`` where so many cannot be held out.
  public func validation(of images: LabelledImages) throws -> (training: LabelledImages, heldOut: LabelledImages)? {
    guard tellsClasses, labels.validation > 0 else { return nil }
    do {
      return try images.holdingOut(labels.validation)
    } catch let error as LabelDrawError {
      throw RecipeError(key: "labels.validation", reason: error.description)
    }
  }
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

  /// The same of a test set, of which parts are held at a time.
  ///
  /// - Parameter processes: those that share the work, each of which calls this, and gets the classes of all.
  /// - Throws: `TensorError`; `ProcessError`.
  public func classes(of test: TestSet, averaged: Bool, among processes: ProcessGroup? = nil) throws -> [Int] {
    // Whole parts, as one process judges them: D may compare the examples that it judges together.
    let all = parts(of: test.labels.count)
    let own = processes.map { Array(all[$0.rows(of: all.count)]) } ?? all
    let told =
      own.isEmpty
      ? []
      : try checkingTensors {
        try logits(own, averaged: averaged, examples: test.examples).argmax(-1).values(Int64.self)
      }
    return try (processes?.joined(told) ?? told).map { Int($0) }
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

  /// The same of a test set, of which parts are held at a time.
  ///
  /// - Throws: `TensorError`.
  public func classProbabilities(of test: TestSet, averaged: Bool) throws -> Tensor {
    try checkingTensors {
      let logits = try logits(of: test, averaged: averaged)
      return exp(logits - logits.logSumExp(-1, keep: true))
    }
  }

  private func logits(of test: TestSet, averaged: Bool) throws -> Tensor {
    try logits(test.labels.count, averaged: averaged, examples: test.examples)
  }

  /// - Parameter processes: those that share the work, each of which calls this.
  func errors(on test: TestSet, among processes: ProcessGroup? = nil) throws -> TestErrors {
    func errors(averaged: Bool) throws -> Int {
      processes?.activity = "judging the test set"
      return test.errors(try classes(of: test, averaged: averaged, among: processes))
    }
    return TestErrors(
      raw: try errors(averaged: false),
      averaged: try discriminatorAverage.map { _ in try errors(averaged: true) })
  }
}
