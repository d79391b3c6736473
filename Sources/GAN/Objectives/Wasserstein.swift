import Settings
import Torch

/// The critic's game (Arjovsky, Chintala and Bottou 2017, *Wasserstein GAN*, equations 2 and 3): of all D whose slope
/// is at most 1 the best one's loss is minus the Wasserstein-1 distance of generated examples from real ones.
///
/// - D: mean D(G(z)) - mean D(x)
/// - G: -mean D(G(z))
///
/// The loss has no least value of its own: something has to hold D's slopes down, such as ``GradientPenalty`` or
/// spectral norm.
public struct Wasserstein: UnpairedObjective, Sendable {
  /// It has no settings.
  public init() {}

  public func discriminatorLoss(real: Judgement, generated: Judgement) -> Tensor {
    generated.logits.batchMean() - real.logits.batchMean()
  }

  public func generatorLoss(generated: Judgement) -> Tensor { -generated.logits.batchMean() }

  /// sigma(D(x)). D's outputs mean something beside each other alone: use ``probabilities(real:generated:)`` where
  /// there are both kinds.
  public func probability(_ outputs: Tensor) -> Tensor { sigmoid(outputs) }

  /// sigma(D(x) - mean D(G(z))) and sigma(D(G(z)) - mean D(x)): above 1/2 for what D puts above the other kind's mean.
  public func probabilities(real: Tensor, generated: Tensor) -> (real: Tensor, generated: Tensor) {
    (sigmoid(real - generated.mean(-2, keep: true)), sigmoid(generated - real.mean(-2, keep: true)))
  }
}

extension Wasserstein {
  /// What a recipe says of it, as `objective.kind: wasserstein`: no more than that.
  public struct Settings: ObjectiveSettings {
    public static let kind = "wasserstein"
    public static let keys: [SettingsKey] = []
    public init() {}
    public func make() -> any Objective { Wasserstein() }
  }
}
