import Torch

/// `layers` one after the other, each followed by its activation: the outputs of the last, and of the one before it.
///
/// - Precondition: every layer has a bias.
public func denseChain(
  _ x: Tensor, _ layers: [Linear], _ activations: [Activation]
) -> (output: Tensor, features: Tensor) {
  Torch.denseChain(x, stages(layers, activations))
}

/// The outputs of the last layer alone.
public func denseChainOutput(_ x: Tensor, _ layers: [Linear], _ activations: [Activation]) -> Tensor {
  Torch.denseChainOutput(x, stages(layers, activations))
}

private func stages(_ layers: [Linear], _ activations: [Activation]) -> [DenseStage] {
  zip(layers, activations).map { layer, activation in
    guard let bias = layer.bias else { preconditionFailure("a layer of a chain has no bias") }
    return DenseStage(weight: layer.weight.value, bias: bias.value, activation: activation)
  }
}
