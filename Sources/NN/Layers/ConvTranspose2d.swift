import Torch

/// The transpose of ``Conv2d``, [N, in, H, W] -> [N, out, H', W'] with
/// H' = (H - 1) stride - 2 padding + kernel + outputPadding: kernel 5, stride 2, padding 2 and output padding 1 double
/// the sides.
public struct ConvTranspose2d: Layer {
  /// [in, out / groups, kernel, kernel]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter?
  /// Pixels of the output from where one pixel of the input goes to where the next one goes.
  public let stride: Int
  /// Rows and columns that are cut from each side of the output.
  public let padding: Int
  /// Rows and columns more at the bottom and on the right.
  public let outputPadding: Int
  /// Equal parts that both the input's and the output's channels fall into.
  public let groups: Int
  private let misfit: Parameter?

  /// - Parameters:
  ///   - groups: divides both numbers of channels.
  ///   - bias: whether there is a bias, which then starts at 0.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
    groups: Int = 1, weight: Initializer = .glorotUniform, bias: Bool = true
  ) {
    misfit = .unless(
      groups > 0 && inputs.isMultiple(of: groups) && outputs.isMultiple(of: groups),
      "has \(inputs) and \(outputs) channels, which \(groups) groups do not divide")
    self.weight = Parameter([inputs, outputs / max(1, groups), kernel, kernel], weight)
    self.bias = bias ? Parameter([outputs], .constant(0)) : nil
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
    self.groups = groups
  }

  /// `x` [N, in, H, W] -> [N, out, H', W'], in every mode.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    convTranspose2d(
      x, weight: weight.value, bias: bias?.value, stride: stride, padding: padding, outputPadding: outputPadding,
      groups: groups)
  }
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { self(x) }
}
