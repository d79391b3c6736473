import Torch

/// A vector for each class: labels [N] (int64) -> [N, width].
///
/// The vectors are picked by a product with one-hot rows, which adds their gradients up in the same order everywhere. A
/// label outside 0 ..< classes gives NaN, which no training goes on with.
public struct Embedding: Module {
  /// [classes, width]
  public let weight: Parameter
  /// Labels are in 0 ..< this.
  public var classes: Int { weight.shape[0] }

  /// - Parameter weight: the distribution of the vectors' elements.
  public init(_ classes: Int, _ width: Int, weight: Initializer = .normal(standardDeviation: 1)) {
    self.weight = Parameter([classes, width], weight)
  }

  /// `labels` [N] (int64) -> [N, width].
  public func callAsFunction(_ labels: Tensor) -> Tensor { self(labels, from: weight.value) }

  /// With `table` in the place of ``weight``.
  func callAsFunction(_ labels: Tensor, from table: Tensor) -> Tensor {
    let hits = (labels.unsqueezed(-1) .== Tensor.range(classes, device: labels.device)).to(table.dtype)
    return matmul(hits / hits.sum(-1, keep: true), table)
  }
}
