import Torch

/// A nonlinearity, element by element.
public enum Activation: String, Layer, Codable, Sendable, CaseIterable {
  case identity, tanh, relu, leakyReLU = "leaky-relu", softplus, sigmoid

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
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { self(x) }
}
