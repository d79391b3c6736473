import Foundation
import Settings
import Torch

/// Marginal entropy (Springenberg 2016, *Unsupervised and Semi-supervised Learning with Categorical Generative
/// Adversarial Networks*): over many real examples D is to use all K classes equally. With p = softmax(l(x)) and p̄ its
/// mean over the batch,
///
///     weight · KL(p̄ || 1/K) = weight · (log K + sum_k p̄_k log p̄_k),
///
/// in 0...log K. A class that loses its examples to another costs more and more: without it D can give all of a class's
/// examples but the labelled ones away. For data whose classes are about as frequent as each other; an example that D
/// is certain of feels nothing of it.
///
/// Not part of *Improved Techniques for Training GANs*. It costs nothing beside the pass that D makes in any case.
public struct MarginalEntropy: DiscriminatorTerm {
  /// What the loss is multiplied by.
  public let weight: Double

  /// - Parameter weight: what the loss is multiplied by.
  public init(weight: Double = 1) { self.weight = weight }

  /// Fails where D has one logit: there are no classes to tell then.
  public func callAsFunction(_ step: DiscriminatorStep) -> Tensor? {
    let logP = step.real.judgement.logProbabilities(for: "marginal entropy")
    guard !logP.isPoisoned else { return logP }
    let logMean = step.real.judgement.whole.logMeanExp(
      logP.logSumExp(-2) - Foundation.log(Double(logP.size(-2))))
    return ((exp(logMean) * logMean).sum(-1) + Foundation.log(Double(logP.size(-1)))) * weight
  }
}

extension MarginalEntropy {
  /// What a recipe says of it, under `marginalEntropy`: D is to use all classes equally.
  public struct Settings: TechniqueSettings {
    public static let key = "marginalEntropy"
    public static let keys: [SettingsKey] = [
      SettingsKey("weight", "how much D pays for naming some classes more often than others; 0: nothing")
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

    public func discriminatorTerms() -> [any DiscriminatorTerm] { [MarginalEntropy(weight: weight)] }
  }
}
