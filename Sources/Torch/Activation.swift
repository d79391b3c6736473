import CTorch

/// A nonlinearity, element by element.
public enum Activation: String, Codable, Sendable, CaseIterable {
  case identity, tanh, relu
  /// Of slope 0.2.
  case leakyReLU = "leaky-relu"
  case softplus, sigmoid

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
