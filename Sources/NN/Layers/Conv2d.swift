import Torch

/// Two-dimensional cross-correlation, [N, in, H, W] -> [N, out, H', W'] with H' = (H + 2 padding - kernel) / stride +
/// 1, rounded down. With several groups the channels fall into as many equal parts, each of which sees only its own.
public struct Conv2d: Layer {
  /// [out, in / groups, kernel, kernel]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter?
  /// Pixels from one place of the kernel to the next, down and to the right.
  public let stride: Int
  /// Rows and columns of zeros on each side.
  public let padding: Int
  /// Equal parts that both the input's and the output's channels fall into.
  public let groups: Int
  private let misfit: Parameter?

  /// - Parameters:
  ///   - groups: divides both numbers of channels.
  ///   - bias: whether there is a bias, which then starts at 0.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1,
    weight: Initializer = .glorotUniform, bias: Bool = true
  ) {
    misfit = .unless(
      groups > 0 && inputs.isMultiple(of: groups) && outputs.isMultiple(of: groups),
      "has \(inputs) and \(outputs) channels, which \(groups) groups do not divide")
    self.weight = Parameter([outputs, inputs / max(1, groups), kernel, kernel], weight)
    self.bias = bias ? Parameter([outputs], .constant(0)) : nil
    self.stride = stride
    self.padding = padding
    self.groups = groups
  }

  /// `x` [N, in, H, W] -> [N, out, H', W'], in every mode.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    conv2d(x, weight: weight.value, bias: bias?.value, stride: stride, padding: padding, groups: groups)
  }
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { self(x) }
}
