import Settings
import Torch

/// Consistency (Bachman et al. 2014, *Learning with Pseudo-Ensembles*; Laine and Aila 2017, *Temporal Ensembling*):
/// under its own noise D is to tell the same classes of an example as without it. With p = softmax(l(x)) where D
/// evaluates and p' where it trains,
///
///     weight · mean KL(p || p') = weight · mean_i sum_k p_k(x_i) (log p_k(x_i) - log p'_k(x_i)),
///
/// p a constant. No class is needed, hence every real example teaches; a boundary between classes that noise
/// can push an example across costs most, and moves to where there are no examples.
///
/// Not part of *Improved Techniques for Training GANs*. It costs one more pass of the real examples through D, forward
/// only.
public struct ConsistencyRegularization: DiscriminatorTerm {
  /// What the divergence is multiplied by.
  public let weight: Double

  /// - Parameter weight: what the divergence is multiplied by.
  public init(weight: Double = 1) { self.weight = weight }

  /// Fails where D has one logit: there are no classes to tell then.
  public func callAsFunction(_ step: DiscriminatorStep) -> Tensor? {
    let clean = withoutGradient { step.real.judge(step.real.examples).logits }
    return divergence(from: clean, to: step.real.judgement.logits) * weight
  }

  /// mean KL(softmax(p) || softmax(q)) of logits [..., N, K] -> [...].
  func divergence(from p: Tensor, to q: Tensor) -> Tensor {
    guard p.isPoisoned || p.size(-1) > 1 else {
      return .failed("consistency of \(p.shape): D has one logit, and so no classes to tell")
    }
    let (logP, logQ) = (logSoftmax(p.detached()), logSoftmax(q))
    return (exp(logP) * (logP - logQ)).sum(-1).mean(-1)
  }

  private func logSoftmax(_ logits: Tensor) -> Tensor { logits - logits.logSumExp(-1, keep: true) }
}

extension ConsistencyRegularization {
  /// What a recipe says of it, under `consistency`: D's classes of real examples with its noise and without are to
  /// agree.
  public struct Settings: TechniqueSettings {
    public static let key = "consistency"
    public static let keys: [SettingsKey] = [
      SettingsKey("weight", "how much D pays for answers that change with its own noise; 0: nothing")
    ]

    /// 0 for none.
    public var weight: Double

    public init() { self.init(weight: 0) }

    /// - Parameter weight: 0 for none.
    public init(weight: Double) { self.weight = weight }

    public var isOn: Bool { weight > 0 }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      try check.number("weight", weight, atLeast: 0)
      if isOn, !game.tellsClasses {
        try check.fail("weight", "must be 0 where D tells no classes: objective.kind is not semi-supervised")
      }
    }

    public func discriminatorTerms() -> [any DiscriminatorTerm] { [ConsistencyRegularization(weight: weight)] }
  }
}
