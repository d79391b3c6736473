import Settings
import Torch

/// The game of Goodfellow et al. 2014 on logits a = D(x), with one-sided label smoothing (Salimans et al. 2016,
/// section 3.4):
///
/// - D: mean(softplus(a_real) - alpha a_real) + mean softplus(a_generated), which for alpha = 1 is
///   mean softplus(-a_real) + mean softplus(a_generated).
/// - G, non-saturating: mean softplus(-a_generated); saturating: -mean softplus(a_generated).
///
/// For fixed G the optimal D is sigma(a) = alpha p_data / (p_data + p_model). Only real examples have a target to
/// smooth: smoothing the generated ones' would let bad samples attract.
public struct Logistic: UnpairedObjective {
  /// What G minimises.
  public enum GeneratorLoss: String, Codable, Sendable, CaseIterable {
    /// mean log(1 - D(G(z))): the minimax game. Its gradient vanishes where D rejects with confidence.
    case saturating
    /// -mean log D(G(z))
    case nonSaturating = "non-saturating"
  }

  /// alpha, the target of D for real examples, in 0 ... 1.
  public let realTarget: Double
  /// What G minimises.
  public let generatorLoss: GeneratorLoss

  /// - Parameter realTarget: alpha; 1 is the game without label smoothing.
  public init(realTarget: Double = 1, generatorLoss: GeneratorLoss = .nonSaturating) {
    self.realTarget = realTarget
    self.generatorLoss = generatorLoss
  }

  public func discriminatorLoss(real: Judgement, generated: Judgement) -> Tensor {
    logisticLoss([(real.logits, realTarget), (generated.logits, 0)])
  }

  public func generatorLoss(generated: Judgement) -> Tensor {
    switch generatorLoss {
    case .saturating: -logisticLoss(generated.logits, target: 0)
    case .nonSaturating: logisticLoss(generated.logits, target: 1)
    }
  }

  public func probability(_ logits: Tensor) -> Tensor { sigmoid(logits) }
}

extension Logistic {
  /// What a recipe says of it, as `objective.kind: logistic`. Real or generated: D has one logit.
  public struct Settings: ObjectiveSettings {
    public static let kind = "logistic"
    public static let keys: [SettingsKey] = [.realTarget, .generatorLoss]
    /// alpha, D's target for real examples: below 1 it is one-sided label smoothing.
    public var realTarget: Double
    /// What G minimises.
    public var generatorLoss: Logistic.GeneratorLoss

    public init() { self.init(realTarget: 1) }

    /// - Parameter realTarget: alpha; 1 is the game without label smoothing.
    public init(realTarget: Double, generatorLoss: Logistic.GeneratorLoss = .nonSaturating) {
      self.realTarget = realTarget
      self.generatorLoss = generatorLoss
    }

    public func smoothed(to realTarget: Double) -> Settings? {
      Settings(realTarget: realTarget, generatorLoss: generatorLoss)
    }

    public func validate(_ check: SettingsCheck) throws {
      try check.number("realTarget", realTarget, above: 0, atMost: 1)
    }

    public func make() -> any Objective { Logistic(realTarget: realTarget, generatorLoss: generatorLoss) }
  }
}
