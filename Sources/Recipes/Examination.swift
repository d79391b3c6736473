import Datasets
import Files
import Foundation
import Metrics
import NN
import Torch

/// What a doctor finds out about a run before any judgement: its measurements, and how some thousand fresh samples compare
/// with the data.
public struct Examination: Sendable {
  public let recipe: Recipe
  /// Steps of the whole run.
  public let steps: Int
  public let measurements: [RunFolder.Measurement]
  public let faults: [RunFolder.Fault]
  /// Of fresh samples and as many real examples; nil where the networks were not saved, or are not finite.
  public let samples: FreshSamples?

  public struct FreshSamples: Sendable {
    public let count: Int
    public let signs: BatchSigns
    /// Of a mixture, whose modes are known.
    public let modes: ModeCoverage?
    /// Some of both, to be looked at: rows of numbers.
    public let generated: [[Double]]
    public let real: [[Double]]

    public init(count: Int, signs: BatchSigns, modes: ModeCoverage?, generated: [[Double]], real: [[Double]]) {
      self.count = count
      self.signs = signs
      self.modes = modes
      self.generated = generated
      self.real = real
    }
  }

  public init(
    recipe: Recipe, steps: Int, measurements: [RunFolder.Measurement], faults: [RunFolder.Fault] = [],
    samples: FreshSamples?
  ) {
    self.recipe = recipe
    self.steps = steps
    self.measurements = measurements
    self.faults = faults
    self.samples = samples
  }

  /// Looks at a run, which may still be going on.
  ///
  /// - Parameters:
  ///   - images: the run's real examples, where they are images.
  ///   - count: of fresh samples.
  ///   - seed: of their noise and of the choice of real examples.
  /// - Throws: `FileError` naming what is missing in the folder, or does not fit; `RecipeError`, `TensorError`.
  public init(_ folder: RunFolder, images: LabelledImages?, count: Int = 2_000, seed: UInt64 = 1, device: Device) throws
  {
    let description = try folder.description()
    let recipe = try folder.recipe()
    self.recipe = recipe
    steps = description.steps
    measurements = try folder.measurements()
    faults = try folder.faults()
    guard folder.hasNetworks else {
      samples = nil
      return
    }
    let (game, _) = try folder.load(device: device)
    let random = RandomStream(seed: seed).stream("doctor")
    let examples =
      try RecipeExamples(points: recipe, device: device)
      ?? images.map { try RecipeExamples(images: $0, recipe: recipe, device: device) }
    guard let examples else {
      throw FileError(path: folder.url.path, reason: "was trained on images: the doctor needs them as well (--data)")
    }
    let real = try checkingTensors { examples.sample(count, random.stream("real")) }
    guard real.size(-1) == description.width else {
      throw FileError(
        path: folder.url.path,
        reason: "was trained on examples of \(description.width) numbers; the data have \(real.size(-1))")
    }
    let (signs, modes) = try game.signs(real, random.stream("noise"), averaged: true, compared: count)
    let generated = try game.samples(real.size(0), random.stream("noise")).rows()
    samples = FreshSamples(
      count: generated.count, signs: signs, modes: modes, generated: Array(generated.prefix(1_000)),
      real: Array(try real.rows().prefix(1_000)))
  }
}
