import Torch

/// Spectral normalisation (Miyato et al. 2018): W / sigma(W), where sigma is the largest singular value of W seen as a
/// matrix [out, all else], so that the layer stretches no difference between two inputs.
///
/// sigma is estimated by power iteration from a vector u that is kept: v := W^T u / |W^T u|, u := W v / |W v|, sigma =
/// u^T W v. u and v are constants to the gradient. One iteration a pass is enough, as W moves slowly: every pass makes
/// one, and every pass in training or initialisation keeps its u, as the authors' code does (so a step in which D is
/// shown real and generated pictures one after the other makes two). u is a fixed parameter: it is saved and loaded
/// with the rest, and a function of the seed and of the passes made.
public struct SpectralNorm: Module {
  /// u, [out]
  public let vector: Parameter

  /// Below the norm of anything that is not 0, and above 0: a weight of zeros stays one.
  private static let epsilon = 1e-12

  /// Of a weight with so many rows; u begins as a draw of N(0, 1).
  public init(_ outputs: Int) { vector = Parameter([outputs], .normal(standardDeviation: 1), role: .fixed) }

  /// `weight` [..., out, ...] / sigma, of the same shape; dimensions before `out` are those of ``vector``'s value.
  public func callAsFunction(_ weight: Tensor, _ context: Context) -> Tensor {
    let leading = vector.value.rank - 1
    let matrix = weight.rank == leading + 2 ? weight : weight.reshaped(weight.shape.prefix(leading + 1) + [-1])
    let (u, v) = withoutGradient {
      let constant = matrix.detached()
      let v = Self.normalized(matmul(constant.transposed(), vector.value.unsqueezed(-1)))
      let u = Self.normalized(matmul(constant, v))
      if context.mode != .evaluation, case let kept = vector.value.assigned(u.squeezed(-1)), kept.isPoisoned {
        return (kept, v)
      }
      return (u, v)
    }
    let sigma = (u * matmul(matrix, v)).sum(-2, -1) + Self.epsilon
    let trailing = Array(repeating: 1, count: weight.rank - leading)
    return weight / (leading == 0 ? sigma : sigma.reshaped(sigma.shape + trailing))
  }

  /// A column, [..., n, 1], of length 1.
  private static func normalized(_ x: Tensor) -> Tensor { x / (sqrt(square(x).sum(-2, keep: true)) + epsilon) }
}
