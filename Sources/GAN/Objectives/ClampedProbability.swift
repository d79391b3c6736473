import Torch

/// The one-dimensional tutorial's own game, kept for comparison: D ends in tanh, and its output d is clamped to
/// [0.01, 0.99] and used as if it were a probability p.
///
/// - D: -mean log p(x) - mean log(1 - p(G(z)))
/// - G: -mean log p(G(z))
///
/// Where d is outside the interval no gradient flows: a D that is sure of itself learns nothing more and teaches
/// nothing more. ``Logistic`` does the same on logits without that.
public struct ClampedProbability: UnpairedObjective {
  /// It has no settings.
  public init() {}

  public func discriminatorLoss(real: Judgement, generated: Judgement) -> Tensor {
    -log(probability(real.logits)).batchMean() - log(1 - probability(generated.logits)).batchMean()
  }

  public func generatorLoss(generated: Judgement) -> Tensor { -log(probability(generated.logits)).batchMean() }

  /// `outputs`: D's tanh outputs, which this game takes in the place of logits.
  public func probability(_ outputs: Tensor) -> Tensor { outputs.clamped(0.01, 0.99) }

  public func unclampedProbability(_ outputs: Tensor) -> Tensor { outputs }
}
