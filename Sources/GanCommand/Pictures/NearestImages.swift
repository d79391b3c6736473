import Datasets
import GAN
import Images
import Torch

/// Looks up the images of a training set that lie nearest to samples, by the root mean square difference of pixels:
/// whether a generator copies what it has seen.
struct NearestImages {
  struct Neighbour {
    /// Position in the training set.
    let index: Int
    /// Root mean square difference of values in 0 ... 1.
    let distance: Double
    let picture: Image
  }

  private let images: LabelledImages

  init(_ images: LabelledImages) { self.images = images }

  /// The `count` nearest of each sample, the nearest first.
  ///
  /// - Parameter samples: with values in 0 ... 1, of the shape of the set's images or as rows of as many numbers.
  /// - Throws: `TensorError`.
  func find(_ count: Int, of samples: Tensor) throws -> [[Neighbour]] {
    let size = images.imageSize
    let (own, lengths) = try checkingTensors {
      let own = samples.to(.cpu).reshaped([-1, size])
      return (own, square(own).sum(-1).unsqueezed(-1))
    }
    var best = [[(index: Int, distance: Double)]](repeating: [], count: own.size(0))
    // In parts: the set may be larger than memory.
    let batches = try ImageBatches(images, batchSize: 1)
    for first in stride(from: 0, to: images.count, by: 1_024) {
      let positions = first..<min(images.count, first + 1_024)
      let distances = try checkingTensors {
        let part = batches.examples(positions)
        let squares = lengths + square(part).sum(-1).unsqueezed(0) - matmul(own, part.transposed(0, 1)) * 2
        return try squares.values(Double.self)
      }
      for sample in best.indices {
        let row = distances[sample * positions.count..<(sample + 1) * positions.count]
        let found = row.enumerated().map { (index: first + $0, distance: (max(0, $1) / Double(size)).squareRoot()) }
        best[sample] = Array((best[sample] + found).sorted { $0.distance < $1.distance }.prefix(count))
      }
    }
    return try best.map { neighbours in
      try neighbours.map { neighbour in
        let planes = images.pixels(of: neighbour.index).map { Float($0) / 255 }
        return Neighbour(
          index: neighbour.index, distance: neighbour.distance,
          picture: try Image(
            width: images.width, height: images.height, channels: images.channels, planes: planes, range: 0...1))
      }
    }
  }
}
