import CTorch

/// The matrix product over the last two dimensions; those before are broadcast.
public func matmul(_ x: Tensor, _ y: Tensor) -> Tensor { Tensor(ct_matmul(x.handle, y.handle)) }

/// The Euclidean distance of every row of `x` [N, F] from every row of `y` [M, F]: [N, M]. Exact also for rows that
/// almost agree.
public func euclideanDistances(_ x: Tensor, _ y: Tensor) -> Tensor {
  Tensor(ct_euclidean_distances(x.handle, y.handle))
}

/// x W^T + b for `x` [N, in], `weight` [out, in], `bias` [out]; or, for each seed, of `x` [S, N, in] (or [N, in],
/// shared by all), `weight` [S, out, in] and `bias` [S, out].
public func linear(_ x: Tensor, weight: Tensor, bias: Tensor? = nil) -> Tensor {
  Tensor(ct_linear(x.handle, weight.handle, bias?.handle, bias != nil))
}

/// A weight-normalised dense layer (Salimans and Kingma 2016): x W^T + b with W = g v / sqrt(|v|^2 + epsilon) for each
/// output; `x` [..., N, in], v = `direction` [..., out, in], g = `gain` and b = `bias` [..., out] -> [..., N, out].
public func weightNormLinear(
  _ x: Tensor, direction: Tensor, gain: Tensor, bias: Tensor, epsilon: Double
) -> Tensor {
  Tensor(ct_weight_norm_linear(x.handle, direction.handle, gain.handle, bias.handle, epsilon))
}

/// A dense layer and what follows it: y = a(x W^T + b).
public struct DenseStage {
  /// W [out, in], or [S, out, in].
  public let weight: Tensor
  /// b [out], or [S, out].
  public let bias: Tensor
  /// a, of every element of the product.
  public let activation: Activation

  /// A stage of the layer's weight and bias, in the shapes above.
  public init(weight: Tensor, bias: Tensor, activation: Activation) {
    self.weight = weight
    self.bias = bias
    self.activation = activation
  }
}

/// Dense layers one after the other, `x` [..., N, in] -> the outputs of the last, [..., N, out], and those of the one
/// before it, `x` itself where there is one layer.
///
/// Up to 128 units a layer, in float32 or float64 on the CPU, all of it is one operation, for small networks several
/// times as fast as layer by layer.
///
/// - Parameters:
///   - stages: at least one.
///   - fused: false for the composed form, which wide layers and other devices take.
public func denseChain(_ x: Tensor, _ stages: [DenseStage], fused: Bool = true) -> (output: Tensor, features: Tensor) {
  let results = run(x, stages, features: true, fused: fused)
  return (Tensor(results[0]), Tensor(results[1]))
}

/// The outputs of the last layer alone.
public func denseChainOutput(_ x: Tensor, _ stages: [DenseStage]) -> Tensor {
  Tensor(run(x, stages, features: false, fused: true)[0])
}

private func run(_ x: Tensor, _ stages: [DenseStage], features: Bool, fused: Bool) -> [CTensor?] {
  var results: [CTensor?] = [nil, nil]
  let parameters = stages.flatMap { [$0.weight.handle, $0.bias.handle] }
  let activations = stages.map(\.activation.code)
  parameters.withUnsafeBufferPointer {
    guard let first = $0.baseAddress else {
      let failure = Tensor.failed("denseChain of \(x.shape): there are no layers").handle
      return results = [failure, failure]
    }
    ct_dense_chain(x.handle, first, activations, Int32(stages.count), features, fused, &results)
  }
  return results
}

/// o_ib = sum over j of exp(-||m_ib - m_jb||_1), j = i included: `m` [..., N, B, C] -> [..., N, B]. Dimensions before
/// N are separate batches. The gradient of |a| at a = 0 is 0.
///
/// The pairwise part of minibatch discrimination (Salimans et al. 2016, section 3.2). Time grows with N^2, memory with
/// N, on the CPU; on other devices memory grows with N^2.
public func pairwiseL1Similarity(_ m: Tensor) -> Tensor { Tensor(ct_pairwise_l1_similarity(m.handle)) }
