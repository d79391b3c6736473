import Torch

/// How much of the data generated examples reach, and how many of them are near any data, of one batch of each: by
/// their own neighbourhoods, so that neither classes nor modes have to be known. For thousands of pictures see
/// ``PrecisionRecall``.
///
/// Around each example stands the smallest ball that holds its k nearest neighbours of the same batch. Precision is the
/// share of generated examples in a ball of a real one, recall the share of real examples in that of a generated one
/// (Kynkäänniemi et al., *Improved Precision and Recall Metric for Assessing Generative Models*, 2019); coverage is the
/// share of real balls with a generated example in them, density the mean number of real balls that a generated example
/// is in, divided by k (Naeem et al., *Reliable Fidelity and Diversity Metrics for Generative Models*, 2020). As many
/// generated as real examples of the very same distribution have an expected coverage of 1 - 2^-k or a little more, and
/// a precision and a density near 1.
public struct NeighbourScores: Sendable, Hashable {
  /// In 0 ... 1.
  public let precision: Double
  /// In 0 ... 1.
  public let recall: Double
  /// May exceed 1.
  public let density: Double
  /// In 0 ... 1.
  public let coverage: Double

  /// - Parameters:
  ///   - real: [N, F], N above `neighbours`.
  ///   - generated: [M, F], M at least 1; rows that are not finite are in no ball and have none. Of no more than
  ///     `neighbours` rows balls hold all others.
  ///   - tolerance: the distance up to which two examples are the same: no ball is smaller. Where examples repeat,
  ///     their balls would else hold nothing but their very centres. A point at the very distance is in.
  ///   - neighbours: k
  /// - Throws: `TensorError`.
  public init(real: Tensor, generated: Tensor, tolerance: Double = 0, neighbours: Int = 5) throws {
    (precision, recall, density, coverage) = try checkingTensors {
      try withoutGradient {
        // The nearest example of each is itself.
        func radii(_ x: Tensor) -> Tensor {
          let k = min(neighbours, x.size(0) - 1)
          let radii = euclideanDistances(x, x).sortedValues(-1).sliced(-1, k..<k + 1).clamped(tolerance, .infinity)
          return select(radii.isFinite, radii, Tensor.full(-1, [1], dtype: radii.dtype, device: radii.device))
        }
        let distances = euclideanDistances(real, generated)
        let inReal = (radii(real) .>= distances).to(.float32)
        let inGenerated = (radii(generated).transposed() .>= distances).to(.float32)
        return (
          try inReal.max(0).mean().item(), try inGenerated.max(1).mean().item(),
          try inReal.sum(0).mean().item() / Double(neighbours), try inReal.max(1).mean().item()
        )
      }
    }
  }
}
