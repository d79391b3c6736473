import Settings
import Torch

/// The hinge game (Lim and Ye 2017, *Geometric GAN*, section 3; Miyato et al. 2018, *Spectral Normalization for
/// Generative Adversarial Networks*, equations 16 and 17): D learns only from examples within its margin, as a support
/// vector machine does.
///
/// - D: mean max(0, 1 - D(x)) + mean max(0, 1 + D(G(z)))
/// - G: -mean D(G(z))
public struct Hinge: UnpairedObjective, Sendable {
  /// It has no settings.
  public init() {}

  public func discriminatorLoss(real: Judgement, generated: Judgement) -> Tensor {
    relu(1 - real.logits).batchMean() + relu(1 + generated.logits).batchMean()
  }

  public func generatorLoss(generated: Judgement) -> Tensor { -generated.logits.batchMean() }

  /// (D(x) + 1) / 2, limited to 0 ... 1: the margins are its ends. D is no estimate of a probability: for fixed G the
  /// best D says 1 where p_data is the greater and -1 where p_model is.
  public func probability(_ outputs: Tensor) -> Tensor { unclampedProbability(outputs).clamped(0, 1) }

  public func unclampedProbability(_ outputs: Tensor) -> Tensor { (outputs + 1) * 0.5 }
}

extension Hinge {
  /// What a recipe says of it, as `objective.kind: hinge`: no more than that.
  public struct Settings: ObjectiveSettings {
    public static let kind = "hinge"
    public static let keys: [SettingsKey] = []
    public init() {}
    public func make() -> any Objective { Hinge() }
  }
}
