import Images
import Torch

/// Generated images, one row of numbers in 0 ... 1 each, as one picture.
///
/// - Parameters:
///   - samples: [count, channels * height * width].
///   - shape: channels, height and width.
/// - Throws: `TensorError`.
func imageGrid(_ samples: Tensor, shape: [Int]) throws -> Image {
  let size = shape.reduce(1, *)
  let values = try samples.values(Float.self)
  let images = stride(from: 0, to: values.count, by: size).map { first in
    Image(width: shape[2], height: shape[1], channels: shape[0], planes: values[first..<first + size])
  }
  return ImageGrid(images, padding: 2, scale: max(1, 56 / max(shape[1], shape[2])), background: 64).tiled()
}
