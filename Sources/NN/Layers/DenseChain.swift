import Torch

/// `layers` one after the other, each followed by its activation: the outputs of the last, and of the one before it.
///
/// Every layer must have a bias: what comes of others is poisoned.
public func denseChain(
  _ x: Tensor, _ layers: [Linear], _ activations: [Activation]
) -> (output: Tensor, features: Tensor) {
  guard layers.allSatisfy({ $0.bias != nil }) else { return (.failed(withoutBias), .failed(withoutBias)) }
  return Torch.denseChain(x, stages(layers, activations))
}

/// The outputs of the last layer alone.
public func denseChainOutput(_ x: Tensor, _ layers: [Linear], _ activations: [Activation]) -> Tensor {
  guard layers.allSatisfy({ $0.bias != nil }) else { return .failed(withoutBias) }
  return Torch.denseChainOutput(x, stages(layers, activations))
}

private func stages(_ layers: [Linear], _ activations: [Activation]) -> [DenseStage] {
  zip(layers, activations).map { DenseStage(weight: $0.weight.value, bias: $0.bias!.value, activation: $1) }
}

private let withoutBias = "a chain of dense layers: one of them has no bias"
