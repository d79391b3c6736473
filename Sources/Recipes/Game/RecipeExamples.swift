import Datasets
import Files
import Foundation
import GAN
import Torch

/// The real examples that a recipe plays against.
public struct RecipeExamples {
  /// The real examples of each step, [N, F] or [N, C, H, W], as the recipe's networks want them.
  public let batches: Batches
  /// The same batches with the classes of their examples; nil where these have none.
  public let withClasses: LabelledBatches?
  /// The shape of one example.
  public let shape: ExampleShape
  /// The batch of `step` with its classes, where it has any.
  public func batch(_ step: Int, _ random: RandomStream) -> (examples: Tensor, labels: Tensor?) {
    withClasses.map { $0(step, random) } ?? (batches(step, random), nil)
  }

  /// Numbers per example.
  public var width: Int { shape.count }
  /// Channels, height and width; nil where the examples are no images.
  public var imageShape: [Int]? { if case .image = shape { shape.dimensions } else { nil } }
  /// Nil where the examples are drawn without end.
  public let stepsPerEpoch: Int?
  /// So many examples [count, F] or [count, C, H, W], as the recipe's networks want them, chosen or drawn at random; of
  /// a set, different ones, and at most all. Their classes as well, [count], where they have any.
  public let sample: (_ count: Int, _ random: RandomStream) -> (examples: Tensor, labels: Tensor?)
  /// What D may see the classes of, and batches of it; nil without a classifying objective.
  public let labelled: (draw: LabelDraw, batches: LabelledBatches)?
  /// The batches that one process plays with: those rows of each, and of each labelled one.
  private let parts: (_ rows: Range<Int>, _ labelledRows: Range<Int>) throws -> Played

  /// The batches that a trainer takes.
  struct Played {
    let batches: Batches
    let withClasses: LabelledBatches?
    let labelled: LabelledBatches?
  }

  /// The batches that this process plays with: whole ones, or its part of them.
  ///
  /// - Throws: ``RecipeError`` where a batch has fewer examples than there are processes.
  func played(of recipe: Recipe, in group: ProcessGroup?) throws -> Played {
    guard let group else { return Played(batches: batches, withClasses: withClasses, labelled: labelled?.batches) }
    for (key, size) in [("batchSize", recipe.batchSize), ("generator.batchSize", recipe.generatedBatchSize)]
      + (labelled == nil ? [] : [("labels.batchSize", recipe.labels.batchSize)]) where size < group.count
    {
      throw RecipeError(key: key, reason: "must be at least \(group.count), one for each process, is \(size)")
    }
    // D's loss is one mean over both: a process's share of it is its share of either.
    for (key, size) in [("batchSize", recipe.batchSize), ("generator.batchSize", recipe.generatedBatchSize)]
    where recipe.generatedBatchSize != recipe.batchSize && !size.isMultiple(of: group.count) {
      throw RecipeError(
        key: key,
        reason: "must be a multiple of \(group.count), the processes, where batchSize and generator.batchSize "
          + "differ, is \(size)")
    }
    return try parts(group.rows(of: recipe.batchSize), group.rows(of: recipe.labels.batchSize))
  }
  /// K, where the examples have classes.
  public let classes: Int?
  /// Their names, where they have any.
  public let classNames: [String]?
  /// A checksum of all examples and their classes; nil where they are drawn without end.
  public let fingerprint: String?

  /// Fresh points of the recipe's density or mixture; nil where its examples are read from files.
  public init?(points recipe: Recipe, device: Device) {
    guard let points = recipe.data.points else { return nil }
    let batches = points.batches(recipe.batchSize, sorted: recipe.pairsRows, device: device)
    self.batches = batches
    // Points are cheap, and sorting needs all of them.
    parts = { rows, _ in
      Played(batches: { batches($0, $1).sliced(-2, rows) }, withClasses: nil, labelled: nil)
    }
    withClasses = nil
    sample = { (points.sample($0, $1, device: device), nil) }
    shape = .vector(points.dimensions)
    labelled = nil
    classes = nil
    classNames = nil
    fingerprint = nil
    stepsPerEpoch = nil
  }

  /// - Throws: ``RecipeError`` where there are fewer images than the batch, or the initialisation, asks for, or where
  ///   the labels cannot be drawn.
  public init(images: LabelledImages, recipe: Recipe, device: Device) throws {
    let needed = [
      ("batchSize", recipe.batchSize),
      (
        "discriminator.initializationExamples",
        recipe.takesFirstValuesFromData ? recipe.discriminator.initializationExamples : 0
      ),
    ].filter { $0.1 > images.count }
    if let (key, count) = needed.first {
      // All at once: a set of few images is in the way of both.
      let others = needed.dropFirst().map { ", and so must '\($0.0)', which is \($0.1)" }.joined()
      throw RecipeError(
        key: key, reason: "must be at most \(images.count), the number of images, is \(count)\(others)")
    }
    let shape = ExampleShape.image(channels: images.channels, height: images.height, width: images.width)
    self.shape = shape
    try recipe.validate(for: shape)
    let source = try ImageBatches(
      images, batchSize: recipe.batchSize, range: recipe.data.images?.pixels.bounds ?? 0...1,
      augmentation: recipe.imageAugmentation, asRows: recipe.layout == .rows, device: device)
    batches = source.batches
    withClasses = try source.labelledBatches()
    if recipe.isConditional, withClasses == nil {
      throw RecipeError(key: "classConditional.enabled", reason: "must be false: these images have no classes")
    }
    classes = images.classes
    classNames = images.classNames
    fingerprint = images.fingerprint
    if recipe.tellsClasses {
      guard let labels = images.labels, let classes = images.classes else {
        throw RecipeError(
          key: "objective.kind", reason: "\(recipe.objective.kind) needs images with classes; these have none")
      }
      do {
        let draw = try LabelDraw(recipe.labels.count, of: labels, classes: classes, seed: recipe.labels.seed)
        labelled = (draw, draw.batches(recipe.labels.batchSize, of: source))
      } catch let error as LabelDrawError {
        throw RecipeError(key: "labels.count", reason: error.description)
      }
    } else {
      labelled = nil
    }
    let (draw, labelledSize) = (labelled?.draw, recipe.labels.batchSize)
    parts = { rows, labelledRows in
      Played(
        batches: try source.batches(rows: rows), withClasses: try source.labelledBatches(rows: rows),
        labelled: draw.map { $0.batches(labelledSize, of: source, rows: labelledRows) })
    }
    stepsPerEpoch = source.stepsPerEpoch
    sample = { count, random in
      let chosen = random.permutation(images.count).prefix(count)
      let classes = images.labels.map { labels in chosen.map { Int64(labels[$0]) } }
      return (source.examples(chosen), classes.map { Tensor($0, device: device) })
    }
  }
}
