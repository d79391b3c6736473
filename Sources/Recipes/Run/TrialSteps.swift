import Foundation
import GAN
import Torch

/// A few steps of a game that is thrown away: what a run will take, before it begins.
public struct TrialSteps: Sendable {
  /// Of a step, in seconds: the shortest of those played, since the first ones also make what later ones use again.
  public let secondsPerStep: Double
  /// Of the whole game, without measurements and pictures.
  public let seconds: Double
  /// The most memory that the process has had so far, in bytes.
  public let memory: Int

  /// Plays `count` steps of the recipe's game on `examples`.
  ///
  /// - Throws: `TensorError`, `TrainingFault`.
  public init(_ recipe: Recipe, _ examples: RecipeExamples, count: Int = 3, device: Device) throws {
    let game = try RecipeGame(
      recipe, example: examples.shape, classes: examples.classes, stepsPerEpoch: examples.stepsPerEpoch,
      device: device)
    let trainer = try game.trainer(examples)
    // Those with labelled examples alone are short, and not what a run is made of.
    trainer.labelledSteps = 0
    var shortest = Double.infinity
    for _ in 0..<count {
      let start = ContinuousClock.now
      guard try trainer.next() != nil else { break }
      try game.updateAverages()
      shortest = min(shortest, (ContinuousClock.now - start) / .seconds(1))
    }
    secondsPerStep = shortest
    seconds = shortest * Double(max(1, game.steps - recipe.labels.firstSteps))
    memory = Self.peakMemory
  }

  /// The most memory that this process has had resident, in bytes.
  static var peakMemory: Int {
    var usage = rusage()
    #if canImport(Darwin)
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #else
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return usage.ru_maxrss * 1024
    #endif
  }
}
