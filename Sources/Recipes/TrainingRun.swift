import Files
import Foundation
import GAN
import NN
import Torch

/// A recipe being trained in its run folder: the game with its averages, measurements, tests and checkpoints.
///
/// ```swift
/// while let progress = try run.next() { show(progress) }
/// ```
public final class TrainingRun {
  public let folder: RunFolder
  public let examples: RecipeExamples
  public let game: RecipeGame
  private let test: TestSet?
  private let trainer: Trainer<DenseGenerator, DenseDiscriminator>
  private let random: RandomStream
  private var sums = Sums()
  private var secondsBefore = 0.0
  private let start = ContinuousClock.now

  /// What happened in one step.
  public struct Progress: Sendable {
    public let report: StepReport
    /// Where the step ended with a test.
    public let errors: TestErrors?
    /// Steps played.
    public var step: Int { report.step + 1 }
  }

  /// Begins a run in `folder`, or goes on from the checkpoint that is there.
  ///
  /// - Parameter test: examples to count a classifier's errors on.
  /// - Throws: `FileError`, `TensorError`, ``RecipeError``.
  public init(_ recipe: Recipe, _ examples: RecipeExamples, test: TestSet?, in folder: RunFolder, device: Device)
    throws
  {
    self.folder = folder
    self.examples = examples
    self.test = recipe.objective.kind == .semiSupervised ? test : nil
    game = try checkingTensors {
      RecipeGame(
        recipe, width: examples.width, classes: examples.classes, stepsPerEpoch: examples.stepsPerEpoch, device: device)
    }
    trainer = try game.trainer(examples)
    random = RandomStream(seed: recipe.seed).stream("measurements")
    if folder.hasCheckpoint {
      try restore()
    } else {
      try folder.write(
        recipe,
        RunFolder.Description(
          width: examples.width, imageShape: examples.imageShape, classes: examples.classes, steps: game.steps,
          libtorch: Libtorch.version, device: device.rawValue, threads: Libtorch.threads))
      if let draw = examples.labelled?.draw { try folder.write(draw) }
    }
  }

  /// Steps played so far.
  public var step: Int { trainer.step }

  /// The seconds of training so far, those before an interruption included.
  public var seconds: Double { secondsBefore + (ContinuousClock.now - start) / .seconds(1) }

  /// Plays one step, and measures, tests and saves where the recipe says so; `nil` once all are played.
  ///
  /// - Throws: `TensorError` naming the operation that failed, `FileError`.
  public func next() throws -> Progress? {
    guard let report = try trainer.next() else { return nil }
    let output = game.recipe.output
    let step = report.step + 1
    let isLast = step == game.steps
    func isDue(_ interval: Int) -> Bool { step % interval == 0 || isLast }
    try checkingTensors { game.updateAverages() }
    sums.add(report)

    let errors = try test.flatMap { isDue(output.evaluationInterval) ? try game.errors(on: $0) : nil }
    // The last measurement is what says that a run is complete, so everything else is on disk before it.
    if isDue(output.checkpointInterval) || isDue(output.sampleInterval) { try folder.write(game) }
    if isDue(output.measurementInterval) || errors != nil { try measure(report, step, errors) }
    if isLast {
      try folder.removeCheckpoint()
    } else if isDue(output.checkpointInterval) {
      try folder.writeCheckpoint(state())
    }
    return Progress(report: report, errors: errors)
  }

  private func measure(_ report: StepReport, _ step: Int, _ errors: TestErrors?) throws {
    let real = try checkingTensors { examples.batches(report.step, random.stream("data")) }
    let probabilities = try game.probabilities(real, random.stream("noise").at(step))
    try folder.append(
      RunFolder.Measurement(
        step: step, seconds: seconds, discriminatorLoss: sums.discriminator / sums.count,
        generatorLoss: sums.generator / sums.count, labelledLoss: sums.labelled.map { $0 / sums.count },
        unlabelledLoss: sums.labelled.map { (sums.discriminator - $0) / sums.count },
        probabilityOfReal: probabilities.real, probabilityOfGenerated: probabilities.generated,
        testErrors: errors?.raw, testErrorsOfAverage: errors?.averaged))
    sums = Sums()
  }

  // MARK: Checkpoints

  private func state() throws -> Safetensors {
    var tensors = trainer.state
    func add(_ name: String, _ values: (tensor: Tensor, updates: Int)?) {
      guard let values else { return }
      tensors["\(name).values"] = values.tensor.copied()
      tensors["\(name).updates"] = Tensor([Int64(values.updates)])
    }
    add("generator-average", game.average.map { ($0.accumulated, $0.updates) })
    add("discriminator-average", game.discriminatorAverage.map { ($0.accumulated, $0.updates) })
    tensors["measurement-sums"] = Tensor([sums.discriminator, sums.generator, sums.labelled ?? .nan, sums.count])
    return Safetensors(tensors: tensors, metadata: ["seconds": "\(seconds)"])
  }

  private func restore() throws {
    let file = try folder.readCheckpoint(device: game.generator.flat.device)
    var tensors = file.tensors
    do {
      func take(_ name: String) throws -> Tensor {
        guard let tensor = tensors.removeValue(forKey: name) else { throw StateError(name: name, reason: "is missing") }
        return tensor
      }
      func take(_ name: String, _ flat: Tensor) throws -> (Tensor, Int) {
        let values = try take("\(name).values")
        guard values.shape == flat.shape else {
          throw StateError(name: name, reason: "has the shape \(values.shape), the network has \(flat.shape)")
        }
        return (values, Int(try take("\(name).updates").values(Int64.self).first ?? 0))
      }
      if let average = game.average {
        let (values, updates) = try take("generator-average", game.generator.flat)
        try checkingTensors { average.restore(values, updates: updates) }
      }
      if let average = game.discriminatorAverage {
        let (values, updates) = try take("discriminator-average", game.discriminator.flat)
        try checkingTensors { average.restore(values, updates: updates) }
      }
      let stored = try take("measurement-sums").values(Double.self)
      guard stored.count == 4 else { throw StateError(name: "measurement-sums", reason: "has \(stored.count) numbers") }
      sums = Sums(
        discriminator: stored[0], generator: stored[1], labelled: stored[2].isNaN ? nil : stored[2], count: stored[3])
      try trainer.restore(tensors)
    } catch let error as StateError {
      throw FileError(path: folder.checkpointFile.path, reason: "does not fit recipe.yaml: \(error)")
    }
    secondsBefore = file.metadata["seconds"].flatMap(Double.init) ?? 0
    try folder.truncateMeasurements(after: trainer.step)
  }
}

/// Of the steps since the last measurement.
private struct Sums {
  var discriminator = 0.0
  var generator = 0.0
  var labelled: Double?
  var count = 0.0

  mutating func add(_ report: StepReport) {
    discriminator += report.discriminatorLoss[0]
    generator += report.generatorLoss[0]
    if let loss = report.labelledLoss?[0] { labelled = (labelled ?? 0) + loss }
    count += 1
  }
}
