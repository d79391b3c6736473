import Torch

/// Two-dimensional cross-correlation, [N, in, H, W] -> [N, out, H', W'] with H' = (H + 2 padding - kernel) / stride + 1,
/// rounded down.
public struct Conv2d: Layer {
  /// [out, in, kernel, kernel]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter?
  public let stride: Int
  public let padding: Int

  /// - Parameter bias: whether there is a bias, which then starts at 0.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    weight: Initializer = .glorotUniform, bias: Bool = true
  ) {
    self.weight = Parameter([outputs, inputs, kernel, kernel], weight)
    self.bias = bias ? Parameter([outputs], .constant(0)) : nil
    self.stride = stride
    self.padding = padding
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    conv2d(x, weight: weight.value, bias: bias?.value, stride: stride, padding: padding)
  }
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { self(x) }
}
