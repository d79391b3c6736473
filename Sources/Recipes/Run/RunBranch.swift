import Files
import Foundation
import Torch

extension RunFolder {
  /// Begins a run in `folder` that stands where this one stood at a checkpoint, and goes on by another recipe: what a
  /// change of one setting is worth in the middle of a game, without the way there being played again.
  ///
  /// The data, the draw of labels and the seed stay: with others it would not be the same game. So do all parts that
  /// have something to go on with: both networks' parameters, what optimisers keep, averages. What is drawn after the
  /// checkpoint is what this run would have drawn.
  ///
  /// - Parameters:
  ///   - folder: holds nothing yet. Where this throws, it holds nothing that could be taken for a run.
  ///   - recipe: of the new run.
  ///   - choice: a checkpoint of this run; nil for the newest valid one.
  ///   - examples: of `recipe`.
  /// - Returns: steps played then.
  /// - Throws: ``RecipeError`` naming a key that must stay; `FileError` where there is no such checkpoint, or one that
  ///   does not fit the recipe's networks and optimisers.
  public func branch(
    into folder: RunFolder, _ recipe: Recipe, from choice: SavedWeights.Checkpoint? = nil, _ examples: RecipeExamples,
    device: Device
  ) throws -> Int {
    let own = try self.recipe()
    func keep(_ key: String, _ isKept: Bool) throws {
      if !isKept { throw RecipeError(key: key, reason: "must be that of the run that the new one begins in") }
    }
    try keep("data", recipe.data == own.data)
    try keep("seed", recipe.seed == own.seed)
    try keep("labels.seed", recipe.labels.seed == own.labels.seed)
    try keep("labels.count", recipe.labels.count == own.labels.count)
    try keep("labels.validation", recipe.labels.validation == own.labels.validation)
    var description = try description()
    try description.requireExamples(examples.fingerprint, in: self, purpose: "a run cannot begin in it with these")
    let (file, checkpoint) = try checkpoint(choice, device)
    try checkpoint.require(own, in: url)

    do {
      description.branch = Branch(run: url.standardizedFileURL.path, step: checkpoint.step)
      try folder.write(recipe, description)
      if let draw = examples.labelled?.draw { try folder.write(draw) }
      let lines = try measurements().filter { $0.step <= checkpoint.step }
      try replaceFile(at: folder.measurementsFile, with: try Self.text(of: lines))
      var origin = checkpoint.origin
      (origin.recipe, origin.measure) = (try RecipeFile.text(recipe), nil)
      let tensors = try Dictionary(
        uniqueKeysWithValues: checkpoint.tensors.names.map { ($0, try checkpoint.tensors.tensor($0)) })
      try folder.checkpoints.write(step: checkpoint.step, tensors, origin, kept: 1, isBest: false)
      // What does not fit is said now.
      _ = try TrainingRun(recipe, examples, test: nil, in: folder, device: device)
    } catch {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path)) ?? [] {
        try? FileManager.default.removeItem(at: folder.url.appendingPathComponent(name))
      }
      guard let misfit = error as? FileError, misfit.path == folder.checkpoints.url.path else { throw error }
      throw FileError(path: file.path, reason: "the recipe asks for other networks or optimisers: \(misfit.reason)")
    }
    return checkpoint.step
  }

  private func checkpoint(_ choice: SavedWeights.Checkpoint?, _ device: Device) throws -> (URL, Checkpoint) {
    if let choice {
      let file = try checkpoints.file(choice)
      return (file, try CheckpointFolder.read(file, device: device))
    }
    guard let newest = checkpoints.newest(device: device).checkpoint else {
      throw FileError(path: url.path, reason: "there is no checkpoint to begin in")
    }
    return (checkpoints.file(of: newest.step), newest)
  }
}
