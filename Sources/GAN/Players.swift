import NN
import Torch

/// G: noise to examples, [..., N, Z] -> [..., N, F] or [N, C, H, W].
public protocol Generator: Module {
  func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor
}

/// D: examples to what it thinks of them, [..., N, F] or [N, C, H, W] -> ``Judgement``.
public protocol Discriminator: Module {
  func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement
}

/// What a discriminator says of a batch, computed once a step and shared by all that need it.
public struct Judgement {
  /// [..., N, K]: one logit per example, or one per class. Not probabilities.
  public let logits: Tensor
  /// f(x), [..., N, A]: the activations that feature matching compares, by default those of the last hidden layer,
  /// before its noise or dropout.
  public let features: Tensor

  public init(logits: Tensor, features: Tensor) {
    self.logits = logits
    self.features = features
  }

  /// The judgements of the batches, of the given sizes, that were passed through D together.
  func split(_ sizes: [Int]) -> [Judgement] {
    var first = 0
    return sizes.map { size in
      defer { first += size }
      return Judgement(
        logits: logits.sliced(-2, first..<first + size), features: features.sliced(-2, first..<first + size))
    }
  }

  /// The same as constants: no gradient flows through.
  var detached: Judgement { Judgement(logits: logits.detached(), features: features.detached()) }
}

extension Network where Model: Discriminator {
  /// Lets layers with data-dependent initialisation set their parameters from `x`, a batch of real examples.
  ///
  /// - Throws: `TensorError` naming the first operation that failed.
  public func initialize(on x: Tensor) throws {
    try checkingTensors {
      withoutGradient { _ = model(x, Context(.initialization, random: random.stream("initialization"))) }
    }
  }
}
