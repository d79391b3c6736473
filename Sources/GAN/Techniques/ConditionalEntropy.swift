import Settings
import Torch

/// Conditional entropy (Springenberg 2016, *Unsupervised and Semi-supervised Learning with Categorical Generative
/// Adversarial Networks*; Dai et al. 2017, *Good Semi-supervised Learning That Requires a Bad GAN*, section 3.4): D is
/// to be certain of the class of a real example. With p = softmax(l(x)) over the K classes,
///
///     weight · mean_i H(p(x_i)) = -weight · mean_i sum_k p_k(x_i) log p_k(x_i),
///
/// in 0...log K. A boundary between classes costs where there are examples, and moves to where there are none. By
/// itself it makes D certain of mistakes as well; Dai et al. give it a weight of 0.1.
///
/// Not part of *Improved Techniques for Training GANs*. It costs nothing beside the pass that D makes in any case.
public struct ConditionalEntropy: DiscriminatorTerm {
  /// What the entropy is multiplied by.
  public let weight: Double

  /// - Parameter weight: what the entropy is multiplied by.
  public init(weight: Double = 0.1) { self.weight = weight }

  /// Fails where D has one logit: there are no classes to be certain of then.
  public func callAsFunction(_ step: DiscriminatorStep) -> Tensor? {
    let logP = step.real.judgement.logProbabilities(for: "conditional entropy")
    return (exp(logP) * logP).sum(-1).mean(-1) * -weight
  }
}

extension ConditionalEntropy {
  /// What a recipe says of it, under `conditionalEntropy`: D is to be certain of each real example's class.
  public struct Settings: TechniqueSettings {
    public static let key = "conditionalEntropy"
    public static let keys: [SettingsKey] = [
      SettingsKey("weight", "how much D pays for being uncertain of a real example's class; 0: nothing")
    ]

    /// 0 for none.
    public var weight: Double

    public init() { self.init(weight: 0) }

    /// - Parameter weight: 0 for none.
    public init(weight: Double) { self.weight = weight }

    public var isOn: Bool { weight > 0 }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      try check.number("weight", weight, atLeast: 0)
      try check.classes("weight", isOn: isOn, in: game)
    }

    public func discriminatorTerms() -> [any DiscriminatorTerm] { [ConditionalEntropy(weight: weight)] }
  }
}
