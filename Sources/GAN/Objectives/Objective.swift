import Torch

/// What the two players minimise: exactly one per game.
///
/// A loss has one element per seed: of shape [S] where the judgements have a leading dimension over seeds, else a
/// scalar.
public protocol Objective {
  /// What D minimises, of its judgement of as many real and generated examples.
  func discriminatorLoss(real: Judgement, generated: Judgement) -> Tensor
  /// - Parameter real: D's judgement of as many real examples, made when it is asked for.
  func generatorLoss(real: () -> Judgement, generated: Judgement) -> Tensor
  /// D(x): how probable D holds it that an example is real, [..., N, 1] in 0 ... 1.
  func probability(_ logits: Tensor) -> Tensor
  /// The same of two batches that D was shown together, for an objective that only compares them: ``probability(_:)``
  /// of each unless stated otherwise.
  func probabilities(real: Tensor, generated: Tensor) -> (real: Tensor, generated: Tensor)
  /// D's output before any clamping, to be fitted to a density: ``probability(_:)`` unless stated otherwise.
  func unclampedProbability(_ logits: Tensor) -> Tensor
  /// The one number that says how real D finds an example, the greater the more so: [..., N, K] -> [..., N, 1]. The
  /// logits themselves unless stated otherwise.
  func score(_ logits: Tensor) -> Tensor
}

extension Objective {
  public func probabilities(real: Tensor, generated: Tensor) -> (real: Tensor, generated: Tensor) {
    (probability(real), probability(generated))
  }
  public func unclampedProbability(_ logits: Tensor) -> Tensor { probability(logits) }
  public func score(_ logits: Tensor) -> Tensor { logits }

  /// The same of a judgement of real examples that is there already.
  public func generatorLoss(real: Judgement, generated: Judgement) -> Tensor {
    generatorLoss(real: { real }, generated: generated)
  }
}

/// An objective whose G is judged by itself: its loss needs no real examples.
public protocol UnpairedObjective: Objective {
  /// What G minimises, of D's judgement of generated examples.
  func generatorLoss(generated: Judgement) -> Tensor
}

extension UnpairedObjective {
  public func generatorLoss(real: () -> Judgement, generated: Judgement) -> Tensor {
    generatorLoss(generated: generated)
  }
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
