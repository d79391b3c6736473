import Torch

/// ``Conv2d`` with its weight under ``SpectralNorm``, as a matrix [out, in kernel kernel]: [N, in, H, W] -> [N, out,
/// H', W'].
public struct SpectralNormConv2d: Layer {
  /// W before it is normalised, [out, in, kernel, kernel]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter?
  /// Holds u, [out], and divides ``weight`` by its largest singular value.
  public let norm: SpectralNorm
  /// Pixels from one place of the kernel to the next, down and to the right.
  public let stride: Int
  /// Rows and columns of zeros on each side.
  public let padding: Int

  /// - Parameter bias: whether there is a bias, which then starts at 0.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    weight: Initializer = .glorotUniform, bias: Bool = true
  ) {
    self.weight = Parameter([outputs, inputs, kernel, kernel], weight)
    self.bias = bias ? Parameter([outputs], .constant(0)) : nil
    norm = SpectralNorm(outputs)
    self.stride = stride
    self.padding = padding
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    conv2d(x, weight: norm(weight.value, context), bias: bias?.value, stride: stride, padding: padding)
  }
}
