import Settings
import Torch

/// The relativistic pairing game (Jolicoeur-Martineau 2018, *The relativistic discriminator*, section 3; with the
/// gradient penalties R1 and R2 it is that of R3GAN: Huang et al. 2024, *The GAN is dead; long live the GAN!*, section
/// 2): D is to find each real example more real than the generated one beside it, G the reverse.
///
/// - D: mean softplus(-(D(x) - D(G(z))))
/// - G: mean softplus(-(D(G(z)) - D(x)))
///
/// Rows are paired as they come: both batches have as many. Since every generated example is compared with a real one,
/// a G that gives up a mode pays for it, and there is no local minimum of collapse (section 2.1 of R3GAN's paper, after
/// Sun et al. 2020).
///
/// A number added to D changes nothing: what D says of an example by itself means nothing, only differences do.
public struct Relativistic: Objective, Sendable {
  /// It has no settings.
  public init() {}

  public func discriminatorLoss(real: Judgement, generated: Judgement) -> Tensor {
    loss(real.logits, above: generated.logits)
  }

  public func generatorLoss(real: () -> Judgement, generated: Judgement) -> Tensor {
    loss(generated.logits, above: real().logits)
  }

  /// sigma(D(x)), the probability beside an example that D gives 0. Use ``probabilities(real:generated:)`` where there
  /// are both.
  public func probability(_ logits: Tensor) -> Tensor { sigmoid(logits) }

  /// sigma(D(x) - mean D(G(z))) and sigma(D(G(z)) - mean D(x)): how probable D holds it that an example is more real
  /// than the other kind is on average (Jolicoeur-Martineau 2018, section 4.2).
  public func probabilities(real: Tensor, generated: Tensor) -> (real: Tensor, generated: Tensor) {
    (sigmoid(real - generated.mean(-2, keep: true)), sigmoid(generated - real.mean(-2, keep: true)))
  }

  private func loss(_ better: Tensor, above worse: Tensor) -> Tensor {
    guard better.isPoisoned || worse.isPoisoned || better.shape == worse.shape else {
      return .failed(
        "relativistic loss of \(better.shape), \(worse.shape): rows are compared in pairs, and need to be as many")
    }
    return logisticLoss(better - worse, target: 1)
  }
}

extension Relativistic {
  /// What a recipe says of it, as `objective.kind: relativistic`: no more than that.
  public struct Settings: ObjectiveSettings {
    public static let kind = "relativistic"
    public static let keys: [SettingsKey] = []
    public init() {}
    public func make() -> any Objective { Relativistic() }
  }
}
