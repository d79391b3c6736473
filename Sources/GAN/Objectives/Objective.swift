import Torch

/// What the two players minimise: exactly one per game.
///
/// A loss has one element per seed: of shape [S] where the judgements have a leading dimension over seeds, else a
/// scalar.
public protocol Objective {
  func discriminatorLoss(real: Judgement, generated: Judgement) -> Tensor
  func generatorLoss(generated: Judgement) -> Tensor
  /// D(x): how probable D holds it that an example is real, [..., N, 1] in 0 ... 1.
  func probability(_ logits: Tensor) -> Tensor
  /// D's output before any clamping, to be fitted to a density: ``probability(_:)`` unless stated otherwise.
  func unclampedProbability(_ logits: Tensor) -> Tensor
}

extension Objective {
  public func unclampedProbability(_ logits: Tensor) -> Tensor { probability(logits) }
}

/// An objective whose D also tells classes apart, and so has something to learn from labelled examples.
public protocol ClassifyingObjective: Objective {
  /// D's loss on labelled examples, added to ``Objective/discriminatorLoss(real:generated:)``.
  ///
  /// - Parameter labels: [..., N], whole numbers in 0 ..< K for the K logits.
  func labelledLoss(_ judgement: Judgement, labels: Tensor) -> Tensor
}

extension Tensor {
  /// The mean over the examples of a batch and their columns: [..., N, K] -> [...].
  func batchMean() -> Tensor { mean(-2, -1) }
}
