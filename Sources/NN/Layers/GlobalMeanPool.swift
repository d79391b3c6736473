import Torch

/// The mean of each channel over the pixels: [N, C, H, W] -> [N, C].
public struct GlobalMeanPool: Layer {
  /// It has no parameters.
  public init() {}
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { x.mean(2, 3) }
}
