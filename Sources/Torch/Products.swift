import CTorch

/// The matrix product over the last two dimensions; those before are broadcast.
public func matmul(_ x: Tensor, _ y: Tensor) -> Tensor { Tensor(ct_matmul(x.handle, y.handle)) }

/// x W^T + b for `x` [N, in], `weight` [out, in], `bias` [out]; or, for each seed, of `x` [S, N, in] (or [N, in], shared by all),
/// `weight` [S, out, in] and `bias` [S, out].
public func linear(_ x: Tensor, weight: Tensor, bias: Tensor? = nil) -> Tensor {
  Tensor(ct_linear(x.handle, weight.handle, bias?.handle, bias != nil))
}

/// A weight-normalised dense layer (Salimans and Kingma 2016): x W^T + b with W = g v / sqrt(|v|^2 + epsilon) for each
/// output; `x` [..., N, in], v = `direction` [..., out, in], g = `gain` and b = `bias` [..., out] -> [..., N, out].
public func weightNormLinear(
  _ x: Tensor, direction: Tensor, gain: Tensor, bias: Tensor, epsilon: Double
) -> Tensor {
  Tensor(ct_weight_norm_linear(x.handle, direction.handle, gain.handle, bias.handle, epsilon))
}

/// Two-dimensional cross-correlation: `x` [N, in, H, W], `weight` [out, in, kH, kW], `bias` [out] -> [N, out, H', W'] with
/// H' = (H + 2 padding - kH) / stride + 1, rounded down.
public func conv2d(_ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0) -> Tensor {
  Tensor(ct_conv2d(x.handle, weight.handle, bias?.handle, bias != nil, Int64(stride), Int64(padding)))
}

/// The transpose of ``conv2d(_:weight:bias:stride:padding:)``: `x` [N, in, H, W], `weight` [in, out, kH, kW], `bias`
/// [out] -> [N, out, H', W'] with H' = (H - 1) stride - 2 padding + kH + outputPadding.
public func convTranspose2d(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0
) -> Tensor {
  Tensor(
    ct_conv_transpose2d(
      x.handle, weight.handle, bias?.handle, bias != nil, Int64(stride), Int64(padding), Int64(outputPadding)))
}

/// o_ib = sum over j of exp(-||m_ib - m_jb||_1), j = i included: `m` [..., N, B, C] -> [..., N, B]. Dimensions before
/// N are separate batches. The gradient of |a| at a = 0 is 0.
///
/// The pairwise part of minibatch discrimination (Salimans et al. 2016, section 3.2). Time grows with N^2, memory with
/// N, on the CPU; on other devices memory grows with N^2.
public func pairwiseL1Similarity(_ m: Tensor) -> Tensor { Tensor(ct_pairwise_l1_similarity(m.handle)) }
