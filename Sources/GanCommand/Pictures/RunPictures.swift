import Images
import Recipes
import Torch

/// The pictures that a run keeps while it trains: of real examples, and of what G makes of the same noise as it goes.
struct RunPictures {
  private let game: RecipeGame
  private let examples: RecipeExamples
  private let folder: RunFolder
  /// For games on a line or in a plane.
  private let points: PointPicture?

  /// - Throws: `TensorError`.
  init(_ game: RecipeGame, _ examples: RecipeExamples, in folder: RunFolder) throws {
    (self.game, self.examples, self.folder) = (game, examples, folder)
    if case .image = game.example {
      points = nil
    } else {
      points = PointPicture(of: try Self.rows(Self.real(PointPicture.count, examples, game)))
    }
  }

  /// Whether a picture belongs to the state after so many steps.
  func isDue(_ step: Int) -> Bool { step % game.recipe.output.sampleInterval == 0 || step == game.steps }

  /// 64 real pictures, as the networks see them, or some thousand points.
  ///
  /// - Throws: `FileError`, `TensorError`.
  func drawReal() throws {
    if case .image = game.example {
      try imageGrid(of: Self.real(64, examples, game), game).write(to: folder.realSamplesFile())
    } else if let points {
      try points.real(Self.rows(Self.real(PointPicture.count, examples, game))).write(to: folder.realSamplesFile())
    }
  }

  /// As many samples, of the same noise at every step.
  ///
  /// - Throws: `FileError`, `TensorError`.
  func drawSamples(step: Int) throws {
    let random = RandomStream(seed: game.recipe.seed).stream("samples")
    if case .image = game.example {
      try imageGrid(of: game.samples(64, random), game).write(to: folder.samplesFile(step: step))
    } else if let points {
      try points.generated(Self.rows(game.samples(PointPicture.count, random))).write(
        to: folder.samplesFile(step: step))
    }
  }

  private static func real(_ count: Int, _ examples: RecipeExamples, _ game: RecipeGame) throws -> Tensor {
    let random = RandomStream(seed: game.recipe.seed).stream("real samples")
    return try checkingTensors { examples.sample(count, random).examples }
  }

  private static func rows(_ x: Tensor) throws -> [[Double]] {
    let (values, width) = (try x.values(Double.self), x.size(-1))
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }
}
