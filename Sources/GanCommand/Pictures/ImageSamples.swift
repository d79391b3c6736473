import Images
import Recipes
import Report
import Torch

/// Generated images as one picture, with the padding and the scale that suit their size.
///
/// - Parameters:
///   - samples: examples of `game`, as its generator makes them.
///   - columns: as many as make the grid about square if nil.
/// - Throws: `TensorError`.
func imageGrid(of samples: Tensor, _ game: RecipeGame, columns: Int? = nil) throws -> Image {
  let shape = game.example.dimensions
  return ImageGrid(
    try game.pictures(of: samples), columns: columns, padding: GridCells.padding, scale: gridScale(shape),
    background: 64
  ).tiled()
}

/// By how much images of `shape`, channels, height and width, are enlarged in a grid: small ones are hard to see
/// otherwise.
func gridScale(_ shape: [Int]) -> Int { max(1, 56 / max(shape[1], shape[2])) }
