import Torch

/// ``Linear`` with its weight under ``SpectralNorm``: [..., N, in] -> [..., N, out].
public struct SpectralNormLinear: Layer {
  /// W before it is normalised, [out, in]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter?
  /// Holds u, [out], and divides ``weight`` by its largest singular value.
  public let norm: SpectralNorm

  /// - Parameter bias: whether there is a bias, which then starts at 0.
  public init(_ inputs: Int, _ outputs: Int, weight: Initializer = .glorotUniform, bias: Bool = true) {
    self.weight = Parameter([outputs, inputs], weight)
    self.bias = bias ? Parameter([outputs], .constant(0)) : nil
    norm = SpectralNorm(outputs)
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    linear(x, weight: norm(weight.value, context), bias: bias?.value)
  }
}
