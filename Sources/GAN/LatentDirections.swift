import NN
import Torch

/// Directions of z in which what a generator makes changes most, by its first layer alone: the unit vectors n that make
/// |A n| largest, each orthogonal to those before it, with the layer's matrix A. They are the eigenvectors of A^T A
/// with the largest eigenvalues, in closed form (Shen and Zhou 2021, *Closed-Form Factorization of Latent Semantics in
/// GANs*, equations 5 to 8).
public struct LatentDirections: Sendable {
  /// Unit vectors of Z numbers, that of the largest eigenvalue first. The number that is largest in size is positive: a
  /// direction and its opposite are as good as each other.
  public let vectors: [[Double]]
  /// Of each, |A n|^2, descending.
  public let eigenvalues: [Double]
  /// The sum of all Z eigenvalues, |A|^2.
  public let total: Double

  /// - Parameters:
  ///   - matrix: A, [outputs, Z].
  ///   - count: how many, at most; there are Z.
  /// - Throws: `TensorError`.
  public init(of matrix: Tensor, count: Int) throws {
    let (values, rows) = try checkingTensors {
      let columns = matrix.detached().to(.cpu).to(.float64).transposed(0, 1).contiguous()
      let eigen = symmetricEigen(float64Product(columns, columns))
      return (try eigen.values.values(Double.self), try eigen.vectors.transposed(0, 1).values(Double.self))
    }
    let size = values.count
    let kept = (0..<min(count, size)).map { size - 1 - $0 }
    vectors = kept.map { row in
      let vector = Array(rows[row * size..<(row + 1) * size])
      let largest = vector.max { abs($0) < abs($1) } ?? 1
      return largest < 0 ? vector.map { -$0 } : vector
    }
    // Of rounding, where it is 0.
    eigenvalues = kept.map { max(0, values[$0]) }
    total = values.reduce(0) { $0 + max(0, $1) }
  }
}
