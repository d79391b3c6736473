import CTorch

/// y = g (x - m) / sqrt(v + epsilon) + b with the mean m and the variance v (divided by their number) of each channel
/// over examples and pixels: `x` [N, C, H, W] or [N, C], `gain` and `bias` [C]. Without a gain g is 1.
public func batchNorm2d(_ x: Tensor, gain: Tensor? = nil, bias: Tensor, epsilon: Double = 1e-5) -> Tensor {
  Tensor(ct_batch_norm(x.handle, gain?.handle, gain != nil, bias.handle, epsilon))
}

/// Virtual batch normalisation (Salimans et al. 2016, section 3.5) of rows whose first `referenceCount` are the
/// reference batch: `x` [..., R + N, F], `gain` and `bias` [..., F]; or [R + N, C, H, W], [C]. Rank 4 means images.
///
/// With the share w = 1 / (R + 1), the reference's mean M and variance V, and an example's own, m and v (over its
/// pixels; a vector's are x and 0):
///
///     y = gain (x - mu) / sigma + bias,   mu = w m + (1 - w) M,
///     sigma^2 = epsilon + w v + (1 - w) V + w (1 - w) (m - M)^2
///
/// which is epsilon + E2 - mu^2 for the same mix E2 of the second moments, written as a sum of terms that are never
/// negative: nothing cancels. Rows of the reference have mu = M and sigma^2 = epsilon + V. Gradients flow into the
/// reference as well.
///
/// - Parameter fused: false for the form that devices other than the CPU take.
public func virtualBatchNorm(
  _ x: Tensor, gain: Tensor, bias: Tensor, referenceCount: Int, epsilon: Double = 1e-5, fused: Bool = true
) -> Tensor {
  Tensor(ct_virtual_batch_norm(x.handle, gain.handle, bias.handle, Int64(referenceCount), epsilon, fused))
}
