import CTorch

/// How convolutions of float32 tensors are made on the CPU, forward and backward.
public enum ConvolutionAlgorithm: String, Codable, Sendable, CaseIterable {
  /// ``winograd`` where it is faster, by the shapes, else ``direct``.
  case automatic
  /// As libtorch makes them.
  case direct
  /// By Winograd's algorithm (Lavin and Gray 2016) wherever it can be: kernels of 2 x 2 and 3 x 3 pixels, with a stride
  /// of 2 of 3 x 3 to 6 x 6, numbers of channels that are multiples of 16. A third of the time for 3 x 3 kernels;
  /// errors are about one and a half times those of ``direct``.
  case winograd

  var code: CTConvolutions {
    switch self {
    case .automatic: .automatic
    case .direct: .direct
    case .winograd: .winograd
    }
  }
}

/// Runs `body` with convolutions made by `algorithm`.
///
/// Like the recording of gradients it belongs to the thread. The backward pass does as the forward pass did. What
/// ``withProducts(in:_:)`` rounds, and what ``twiceDifferentiable(_:)`` holds, stays direct.
public func withConvolutions<Result>(_ algorithm: ConvolutionAlgorithm, _ body: () throws -> Result) rethrows -> Result
{
  let previous = ct_set_convolutions(algorithm.code)
  defer { _ = ct_set_convolutions(previous) }
  return try body()
}

/// Two-dimensional cross-correlation: `x` [N, in, H, W], `weight` [out, in / groups, kH, kW], `bias` [out] ->
/// [N, out, H', W'] with H' = (H + 2 padding - kH) / stride + 1, rounded down.
///
/// The channels of input and output fall into `groups` equal parts, one after the other; each part of the output sees
/// its own part of the input only.
///
/// - Parameter leakySlope: of a leaky ReLU of the result, ``leakyReLU(_:slope:)``, which then takes no pass of its own;
///   nil for none.
public func conv2d(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1,
  leakySlope: Double? = nil
) -> Tensor {
  Tensor(
    ct_conv2d(
      x.handle, weight.handle, bias?.handle, bias != nil, Int64(stride), Int64(padding), Int64(groups), leakySlope ?? 1)
  )
}

/// The transpose of ``conv2d(_:weight:bias:stride:padding:groups:leakySlope:)``: `x` [N, in, H, W], `weight` [in, out /
/// groups, kH, kW], `bias` [out] -> [N, out, H', W'] with H' = (H - 1) stride - 2 padding + kH + outputPadding.
public func convTranspose2d(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
  groups: Int = 1
) -> Tensor {
  Tensor(
    ct_conv_transpose2d(
      x.handle, weight.handle, bias?.handle, bias != nil, Int64(stride), Int64(padding), Int64(outputPadding),
      Int64(groups)))
}
