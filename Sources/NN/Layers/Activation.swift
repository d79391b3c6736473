import Torch

/// A nonlinearity, element by element.
public typealias Activation = Torch.Activation

extension Activation: Layer {
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { self(x) }
}
