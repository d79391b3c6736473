import Torch

/// y = x W^T + b: [..., N, in] -> [..., N, out].
public struct Linear: Layer {
  /// [out, in]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter?

  /// - Parameters:
  ///   - weight: the distribution of the weights; Glorot's uniform one by default.
  ///   - bias: whether there is a bias, which then starts at 0.
  public init(_ inputs: Int, _ outputs: Int, weight: Initializer = .glorotUniform, bias: Bool = true) {
    self.weight = Parameter([outputs, inputs], weight)
    self.bias = bias ? Parameter([outputs], .constant(0)) : nil
  }

  /// `x` [..., N, in] -> [..., N, out], in every mode.
  public func callAsFunction(_ x: Tensor) -> Tensor { linear(x, weight: weight.value, bias: bias?.value) }
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { self(x) }
}
