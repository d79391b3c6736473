import Torch

/// How much of the data generated examples reach, and how many of them are near any data: by the data's own neighbourhoods, so
/// that neither classes nor modes have to be known.
///
/// Around each real example stands the smallest ball that holds its k nearest real neighbours. Coverage is the share of balls with
/// a generated example in them (Naeem et al., *Reliable Fidelity and Diversity Metrics for Generative Models*, 2020); fidelity
/// is the share of generated examples that lie in any ball (the precision of Kynkäänniemi et al., *Improved Precision and Recall
/// Metric for Assessing Generative Models*, 2019). As many generated as real examples of the very same distribution have an
/// expected coverage of 1 - 2^-k or a little more, and a fidelity near 1.
public struct NeighbourCoverage: Sendable, Hashable {
  /// In 0 ... 1.
  public let coverage: Double
  /// In 0 ... 1.
  public let fidelity: Double

  /// - Parameters:
  ///   - real: [N, F], N above `neighbours`.
  ///   - generated: [M, F]; rows that are not finite are in no ball.
  ///   - tolerance: the distance up to which two examples are the same: no ball is smaller. Where examples repeat, their balls would
  ///     else hold nothing but their very centres.
  ///   - neighbours: k
  /// - Throws: `TensorError`.
  public init(real: Tensor, generated: Tensor, tolerance: Double = 0, neighbours: Int = 5) throws {
    (coverage, fidelity) = try checkingTensors {
      try withoutGradient {
        // The nearest real example of each is itself.
        let radii = euclideanDistances(real, real).sortedValues(-1).sliced(-1, neighbours..<neighbours + 1)
          .clamped(tolerance, .infinity)
        let holds = (radii .>= euclideanDistances(real, generated)).to(.float32)
        return (try holds.max(1).mean().item(), try holds.max(0).mean().item())
      }
    }
  }
}
