import CTorch

// Over the dimensions named, or over all where none is; `keep` leaves a size of 1 in their place.

extension Tensor {
  /// The sum over `dimensions`, counted from the end where negative.
  public func sum(_ dimensions: Int..., keep: Bool = false) -> Tensor { reduced(ct_sum, dimensions, keep) }
  /// The mean over `dimensions`, counted from the end where negative.
  public func mean(_ dimensions: Int..., keep: Bool = false) -> Tensor { reduced(ct_mean, dimensions, keep) }
  /// The largest element over `dimensions`; equal ones share the gradient.
  public func max(_ dimensions: Int..., keep: Bool = false) -> Tensor { reduced(ct_amax, dimensions, keep) }
  /// The smallest element over `dimensions`; equal ones share the gradient.
  public func min(_ dimensions: Int..., keep: Bool = false) -> Tensor { reduced(ct_amin, dimensions, keep) }
  /// log(sum(exp(x))), without overflow
  public func logSumExp(_ dimensions: Int..., keep: Bool = false) -> Tensor { reduced(ct_logsumexp, dimensions, keep) }

  /// The mean squared distance from the mean, divided by the number of elements less `correction`: 0 for the batch's
  /// own variance, 1 for the unbiased estimate.
  public func variance(_ dimensions: Int..., correction: Int = 0, keep: Bool = false) -> Tensor {
    Tensor(dimensions.sizes { ct_variance(handle, $0, $1, Int32(correction), keep) })
  }

  /// Whether no element is NaN or infinite.
  ///
  /// - Throws: the tensor's ``failure``, where it is poisoned.
  public func isAllFinite() throws -> Bool {
    var isFinite = false
    try check(ct_all_finite(handle, &isFinite))
    return isFinite
  }

  /// The index of the largest element along `dimension`, of kind int64.
  public func argmax(_ dimension: Int) -> Tensor { Tensor(ct_argmax(handle, Int64(dimension))) }
  /// Running sums along `dimension`.
  public func cumulativeSum(_ dimension: Int) -> Tensor { Tensor(ct_cumsum(handle, Int64(dimension))) }

  private func reduced(
    _ operation: (CTensor?, UnsafePointer<Int64>, Int32, Bool) -> CTensor, _ dimensions: [Int], _ keep: Bool
  ) -> Tensor {
    Tensor(dimensions.sizes { operation(handle, $0, $1, keep) })
  }
}

/// The mean of softplus(a) - `target` a over the last two dimensions of `logits`, [..., N, K] -> [...]: the
/// cross-entropy between sigma(a) and the constant probability `target` (for 0 and 1, -log of the one that is meant).
///
/// - Parameter fused: false for the composed form, which other devices take.
public func logisticLoss(_ logits: Tensor, target: Double, fused: Bool = true) -> Tensor {
  logisticLoss([(logits, target)], fused: fused)
}

/// The sum of the batches' losses, in one operation.
public func logisticLoss(_ batches: [(logits: Tensor, target: Double)], fused: Bool = true) -> Tensor {
  let targets = batches.map(\.target)
  return batches.map(\.logits).withHandles("logisticLoss") { ct_logistic_loss($0, targets, $1, fused) }
}
