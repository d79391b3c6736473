import Torch

/// ``Linear`` layers one after the other, each followed by a nonlinearity, [..., N, in] -> [..., N, out]: narrow ones in one
/// operation (see `denseChain`).
public struct DenseChain: Layer {
  public let layers: [Linear]
  /// One for each layer.
  public let activations: [Activation]

  /// - Parameters:
  ///   - sizes: of the input and of every layer, at least two.
  ///   - activation: of the layers but the last.
  ///   - output: of the last.
  ///   - weight: the distribution of the weights.
  public init(
    _ sizes: [Int], activation: Activation, output: Activation = .identity, weight: Initializer = .glorotUniform
  ) {
    precondition(sizes.count >= 2, "a chain needs an input and a layer")
    layers = zip(sizes, sizes.dropFirst()).map { Linear($0, $1, weight: weight) }
    activations = Array(repeating: activation, count: sizes.count - 2) + [output]
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { denseChainOutput(x, layers, activations) }

  /// The outputs of the last layer, and of the one before it.
  public func withFeatures(_ x: Tensor) -> (output: Tensor, features: Tensor) {
    denseChain(x, layers, activations)
  }
}

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
