import CTorch

/// A nonlinearity, element by element.
public enum Activation: String, Codable, Sendable, CaseIterable {
  /// x itself; the hyperbolic tangent; max(x, 0).
  case identity, tanh, relu
  /// Of slope 0.2.
  case leakyReLU = "leaky-relu"
  /// log(1 + e^x), and 1 / (1 + e^-x).
  case softplus, sigmoid

  /// Of every element of `x`; the shape stays.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .identity: x
    case .tanh: Torch.tanh(x)
    case .relu: Torch.relu(x)
    case .leakyReLU: Torch.leakyReLU(x)
    case .softplus: Torch.softplus(x)
    case .sigmoid: Torch.sigmoid(x)
    }
  }

  var code: CTActivation {
    switch self {
    case .identity: .identity
    case .tanh: .tanh
    case .relu: .reLU
    case .leakyReLU: .leakyReLU
    case .softplus: .softplus
    case .sigmoid: .sigmoid
    }
  }
}
