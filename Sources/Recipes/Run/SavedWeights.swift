import Files
import Foundation
import GAN
import NN
import Torch

/// Which of a run's saved weights are meant.
public struct SavedWeights: Sendable, Hashable {
  /// The averaged ones, where the run keeps an average, or those of the step itself.
  public var averaged: Bool
  /// The checkpoint that they are taken from; nil for what the run saved last.
  public var checkpoint: Checkpoint?

  /// A checkpoint of a run.
  public enum Checkpoint: Sendable, Hashable {
    /// The one that `--keep-best` has kept.
    case best
    /// The one after so many steps.
    case step(Int)
  }

  /// The averaged weights that the run saved last, unless it says otherwise.
  public init(averaged: Bool = true, checkpoint: Checkpoint? = nil) {
    self.averaged = averaged
    self.checkpoint = checkpoint
  }

  /// For people, such as ", averaged weights, best checkpoint".
  ///
  /// - Parameter hasAverage: whether the network has averaged weights at all.
  public func words(hasAverage: Bool) -> String {
    let place =
      switch checkpoint {
      case nil: ""
      case .best: ", best checkpoint"
      case .step(let step): ", checkpoint of step \(step)"
      }
    return (averaged && hasAverage ? ", averaged weights" : "") + place
  }
}

extension CheckpointFolder {
  /// The file of a checkpoint.
  ///
  /// - Throws: `FileError` naming those that there are, where it is not there.
  public func file(_ choice: SavedWeights.Checkpoint) throws -> URL {
    let file =
      switch choice {
      case .best: best
      case .step(let step): files.first { $0.step == step }?.url ?? url.appendingPathComponent("step \(step)")
      }
    guard !FileManager.default.fileExists(atPath: file.path) else { return file }
    let steps = files.map { "\($0.step)" } + (FileManager.default.fileExists(atPath: best.path) ? ["best"] : [])
    let known = steps.isEmpty ? "the run keeps none" : "there are \(steps.joined(separator: ", "))"
    throw FileError(
      path: url.path,
      reason: choice == .best
        ? "has no best checkpoint, which a run keeps that is trained with --keep-best; \(known)"
        : "has no checkpoint of \(file.lastPathComponent); \(known)")
  }
}

extension RecipeGame {
  /// Takes the networks' weights from a checkpoint of a run of this game.
  ///
  /// - Returns: steps played then.
  /// - Throws: `FileError` where the file is damaged or of another recipe.
  func load(checkpoint file: URL, averaged: Bool, device: Device) throws -> Int {
    let checkpoint = try CheckpointFolder.read(file, device: device)
    try checkpoint.require(recipe, in: file)
    func load<M>(_ network: Network<M>, _ average: WeightAverage<M>?, _ name: String) throws {
      try network.load(checkpoint.tensors.part(name))
      guard let average else { return }
      if averaged {
        try KeptAverage("\(name)-average", average, checkpoint.tensors).restore()
        try network.flat.assign(average.values)
      }
      try average.reset()
    }
    do {
      try load(generator, average, "generator")
      try load(discriminator, discriminatorAverage, "discriminator")
    } catch let error as StateError {
      throw FileError(path: file.path, reason: "does not fit recipe.yaml: \(error)")
    }
    return checkpoint.step
  }
}

/// A network's average as a checkpoint has it: looked at, and taken over when it is time.
struct KeptAverage {
  /// Of its tensors in the checkpoint.
  let names: [String]
  /// Takes it over.
  let restore: () throws -> Void

  /// - Throws: `StateError` where it is missing, or not like `average`.
  init<Model>(_ name: String, _ average: WeightAverage<Model>, _ source: TensorSource) throws {
    let (values, updates) = ("\(name).values", "\(name).updates")
    let flat = average.accumulated
    names = [values, updates]
    for name in names where source.descriptions[name] == nil { throw StateError(name: name, reason: "is missing") }
    let (shape, dtype) = source.descriptions[values] ?? ([], flat.dtype)
    guard shape == flat.shape else {
      throw StateError(name: values, reason: "has the shape \(shape), the network has \(flat.shape)")
    }
    guard dtype == flat.dtype else {
      throw StateError(name: values, reason: "has elements of kind \(dtype), the network \(flat.dtype)")
    }
    guard let count = try source.tensor(updates).values(Int64.self).first, count >= 0 else {
      throw StateError(name: updates, reason: "is no count")
    }
    restore = { try average.restore(from: source, values, updates: Int(count)) }
  }
}

extension Checkpoint {
  /// - Throws: `FileError` where it is not of `recipe`, whose length may be another.
  func require(_ recipe: Recipe, in file: URL) throws {
    // As values: a recipe of an earlier version says nothing of what came later, and means it not to be there.
    var own: Recipe
    do {
      own = try RecipeFile.parse(origin.recipe)
    } catch let error as RecipeError {
      throw FileError(path: file.path, reason: "the recipe in its checkpoint of step \(step) is damaged: \(error)")
    }
    own.duration = recipe.duration
    guard own == recipe else {
      throw FileError(path: file.path, reason: "its checkpoint of step \(step) is of another recipe than recipe.yaml")
    }
  }
}
