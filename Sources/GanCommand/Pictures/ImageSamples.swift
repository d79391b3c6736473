import Images
import Recipes
import Report
import Torch

/// Generated images as one picture, with the padding and the scale that suit their size.
///
/// - Parameters:
///   - samples: examples of `game`, as its generator makes them.
///   - columns: as many as make the grid about square if nil.
/// - Precondition: the game's data are images.
/// - Throws: `TensorError`.
func imageGrid(of samples: Tensor, _ game: RecipeGame, columns: Int? = nil) throws -> Image {
  let shape = game.example.dimensions
  let images = try pictures(checkingTensors { game.asImages(samples) }, shape: shape)
  return ImageGrid(images, columns: columns, padding: 2, scale: gridScale(shape), background: 64).tiled()
}

/// By how much images of `shape`, channels, height and width, are enlarged in a grid: small ones are hard to see otherwise.
func gridScale(_ shape: [Int]) -> Int { max(1, 56 / max(shape[1], shape[2])) }

/// Images [N, C, H, W] with values in 0 ... 1 as pictures.
///
/// - Parameter shape: channels, height and width.
/// - Throws: `TensorError`.
func pictures(_ images: Tensor, shape: [Int]) throws -> [Image] {
  let (values, size) = (try images.values(Float.self), shape.reduce(1, *))
  return stride(from: 0, to: values.count, by: size).map { first in
    Image(width: shape[2], height: shape[1], channels: shape[0], planes: values[first..<first + size])
  }
}
