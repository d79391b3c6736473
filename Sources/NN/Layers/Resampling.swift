import Torch

/// Twice the height and width by linear interpolation between the pixels' centres, each channel by itself: [N, C, H, W]
/// -> [N, C, 2 H, 2 W]. Beyond the border the image is 0.
///
/// Zeros are put between the pixels and the result is filtered with (1, 3, 3, 1) / 4 along both sides, the filter (1,
/// 2, 1) of R3GAN's resampler (Huang et al. 2024) after doubling every pixel.
public struct Upsample2d: Layer {
  /// It has no parameters.
  public init() {}
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    convTranspose2d(x, weight: interpolation(like: x) * 4, stride: 2, padding: 1, groups: x.size(1))
  }
}

/// Half the height and width, the reverse of ``Upsample2d``: [N, C, H, W] -> [N, C, H / 2, W / 2], filtered with
/// (1, 3, 3, 1) / 8 along both sides before every other pixel is left out. Beyond the border the image is 0.
public struct Downsample2d: Layer {
  /// It has no parameters.
  public init() {}
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    conv2d(x, weight: interpolation(like: x), stride: 2, padding: 1, groups: x.size(1))
  }
}

/// (1, 3, 3, 1)^T (1, 3, 3, 1) / 64 for every channel of `x`, [C, 1, 4, 4]; computed where `x` is.
private func interpolation(like x: Tensor) -> Tensor {
  let line = 0.5 - abs(Tensor.range(4, dtype: x.dtype, device: x.device) - 1.5) * 0.25  // 1/8, 3/8, 3/8, 1/8
  return (line.unsqueezed(-1) * line).expanded([x.size(1), 1, 4, 4])
}
