import Datasets
import Files
import Foundation
import Metrics
import NN
import Torch

/// What a doctor finds out about a run before any judgement: its measurements, and how some thousand fresh samples
/// compare with the data.
public struct Examination: Sendable {
  /// What the run was told.
  public let recipe: Recipe
  /// Steps of the whole run.
  public let steps: Int
  /// The lines of `measurements.jsonl`, in the order of their steps.
  public let measurements: [RunFolder.Measurement]
  /// The lines of `faults.jsonl`.
  public let faults: [RunFolder.Fault]
  /// The errors that guessing makes on the test set, where the run has one.
  public let errorsByChance: Double?
  /// Whether the run goes back from numbers that are not finite, and so has tried that.
  public let rollsBack: Bool
  /// Real examples, where they are images of a set.
  public let pictures: Int?
  /// Whether the run has kept its best checkpoint.
  public let keepsBest: Bool
  /// Of fresh samples and as many real examples; nil where no networks have been saved yet.
  public let samples: FreshSamples?

  /// How samples drawn for the purpose compare with the data.
  public struct FreshSamples: Sendable {
    /// Samples that were looked at, and as many real examples where there are so many.
    public let count: Int
    /// Steps played when the networks that they are of were saved; nil for a run of an earlier version.
    public let step: Int?
    /// Of all samples and real examples.
    public let signs: BatchSigns
    /// Of a mixture, whose modes are known.
    public let modes: ModeCoverage?
    /// Some of both, to be looked at: rows of numbers.
    public let generated: [[Double]]
    /// As ``generated``, of the real examples.
    public let real: [[Double]]

    /// - Parameters:
    ///   - count: samples that were looked at.
    ///   - step: played when the networks were saved.
    ///   - generated: some samples, as rows of numbers.
    ///   - real: some real examples in the same way.
    public init(
      count: Int, step: Int?, signs: BatchSigns, modes: ModeCoverage?, generated: [[Double]], real: [[Double]]
    ) {
      self.count = count
      self.step = step
      self.signs = signs
      self.modes = modes
      self.generated = generated
      self.real = real
    }
  }

  /// Puts together what is known.
  public init(
    recipe: Recipe, steps: Int, measurements: [RunFolder.Measurement], faults: [RunFolder.Fault] = [],
    errorsByChance: Double? = nil, rollsBack: Bool = false, pictures: Int? = nil, keepsBest: Bool = false,
    samples: FreshSamples?
  ) {
    self.pictures = pictures
    self.keepsBest = keepsBest
    self.rollsBack = rollsBack
    self.errorsByChance = errorsByChance
    self.recipe = recipe
    self.steps = steps
    self.measurements = measurements
    self.faults = faults
    self.samples = samples
  }

  /// Steps of the run so far, by its measurements.
  public var played: Int { measurements.last?.step ?? 0 }

  /// Fresh samples: always as many, since a verdict's limits are of a number of them.
  public static let sampleCount = 2_000

  /// Looks at a run, which may still be going on.
  ///
  /// - Parameters:
  ///   - images: the run's real examples, where they are images.
  ///   - seed: of their noise and of the choice of real examples.
  /// - Throws: `FileError` naming what is missing in the folder, or does not fit; `RecipeError`, `TensorError`.
  public init(_ folder: RunFolder, images: LabelledImages?, seed: UInt64 = 1, device: Device) throws {
    let description = try folder.description()
    let recipe = try folder.recipe()
    self.recipe = recipe
    steps = description.steps
    measurements = try folder.measurements()
    faults = try folder.faults()
    rollsBack = description.options?.rollbacks != nil
    errorsByChance = description.testExamples.flatMap { count in
      description.classes.map { Double(count) * (1 - 1 / Double($0)) }
    }
    pictures = images?.count
    keepsBest = FileManager.default.fileExists(atPath: folder.checkpoints.best.path)
    guard folder.hasNetworks else {
      samples = nil
      return
    }
    let run = try folder.load(device: device)
    let (game, count) = (run.game, Self.sampleCount)
    let random = RandomStream(seed: seed).stream("doctor")
    let examples =
      try RecipeExamples(points: recipe, device: device)
      ?? images.map { images in
        // In a scope: there may be too little memory for them.
        try checkingTensors { try RecipeExamples(images: images, recipe: recipe, device: device) }
      }
    guard let examples else {
      throw FileError(path: folder.url.path, reason: "was trained on images: the doctor needs them as well (--data)")
    }
    let real = try checkingTensors { examples.sample(count, random.stream("real")) }
    guard examples.shape == description.example else {
      throw FileError(
        path: folder.url.path,
        reason: "was trained on examples of \(description.example.dimensions) numbers; the data have "
          + "\(examples.shape.dimensions)")
    }
    try description.requireExamples(examples.fingerprint, in: folder, purpose: "it is not examined by these")
    let (signs, modes, samples) = try game.signs(real, random.stream("noise"), averaged: true, compared: count)
    let generated = try samples.rows()
    self.samples = FreshSamples(
      count: generated.count, step: run.step, signs: signs, modes: modes, generated: Array(generated.prefix(1_000)),
      real: Array(try checkingTensors { game.rows(of: real.examples) }.rows().prefix(1_000)))
  }
}
