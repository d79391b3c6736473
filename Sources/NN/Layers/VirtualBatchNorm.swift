import Torch

/// Virtual batch normalisation (Salimans et al. 2016, section 3.5): each example is normalised with the statistics of a
/// reference batch and of itself, so that its output does not depend on the other examples of its batch, as batch
/// normalisation's does. [..., R + N, F] or [R + N, C, H, W], the first R rows the reference (see ``ReferenceBatch``).
///
/// With w = 1 / (R + 1): mu = w mu_x + (1 - w) mu_ref, E2 the same mix of the second moments,
/// sigma^2 = epsilon + E2 - mu^2, y = g (x - mu) / sigma + b. mu_x is taken over the pixels of the one example (the
/// activation itself, for vectors), mu_ref over the reference's examples and their pixels. The reference is normalised
/// by its own statistics. For how sigma^2 keeps its digits see `virtualBatchNorm`.
///
/// The same in every mode. Without a reference in the context the operation fails.
public struct VirtualBatchNorm: Layer {
  /// g, [F] or [C], first N(1, 0.02).
  public let gain: Parameter
  /// b, [F] or [C]
  public let bias: Parameter
  private let epsilon: Double

  /// - Parameter features: F, or the channels C.
  public init(_ features: Int, epsilon: Double = 1e-5) {
    gain = Parameter([features], .normal(mean: 1, standardDeviation: 0.02))
    bias = Parameter([features], .constant(0))
    self.epsilon = epsilon
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    guard context.referenceCount > 0 else {
      return .failed("VirtualBatchNorm of \(x.shape): there is no reference batch in the context")
    }
    return virtualBatchNorm(
      x, gain: gain.value, bias: bias.value, referenceCount: context.referenceCount, epsilon: epsilon)
  }
}
