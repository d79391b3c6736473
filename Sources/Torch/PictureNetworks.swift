import CTorch

/// A convolution followed by a rectifier, as networks of pictures have them in rows: max(0, x * weight + bias), in one
/// pass where oneDNN is at hand.
///
/// - Parameters:
///   - x: [N, in, H, W]
///   - weight: [out, in, kH, kW]
///   - bias: [out]
///   - stride: of rows and columns.
///   - padding: zeros above and below, left and right.
/// - Returns: [N, out, H', W'] with H' = (H + 2 padding - kH) / stride + 1, rounded down.
public func rectifiedConv2d(
  _ x: Tensor, weight: Tensor, bias: Tensor, stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0)
) -> Tensor {
  Tensor(
    ct_rectified_conv2d(
      x.handle, weight.handle, bias.handle, [Int64(stride.0), Int64(stride.1)], [Int64(padding.0), Int64(padding.1)]))
}

/// The largest value of each window: [N, C, H, W] -> [N, C, H', W'] with H' = (H + 2 padding - size) / stride + 1,
/// rounded down.
public func maxPool2d(_ x: Tensor, size: Int, stride: Int, padding: Int = 0) -> Tensor {
  Tensor(ct_max_pool2d(x.handle, Int64(size), Int64(stride), Int64(padding)))
}

/// The mean of what each window covers of the image, as in TensorFlow: what is beyond the edge is not counted. The
/// shape is that of ``maxPool2d(_:size:stride:padding:)``.
public func averagePool2d(_ x: Tensor, size: Int, stride: Int, padding: Int = 0) -> Tensor {
  Tensor(ct_average_pool2d(x.handle, Int64(size), Int64(stride), Int64(padding)))
}
