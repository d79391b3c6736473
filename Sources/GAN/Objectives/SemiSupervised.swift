import Settings
import Torch

/// Classifying with few labels (Salimans et al. 2016, section 5): D has K logits l_k, one per class, and the class
/// "generated" has the logit 0, so that D(x) = Z / (Z + 1) with Z = sum_k exp(l_k). With s(x) = logsumexp_k l_k(x):
///
/// - D, labelled: mean(s(x) - l_y(x)), the cross-entropy among the K classes.
/// - D, unlabelled: 1/2 mean(softplus(s(x)) - alpha s(x)) + 1/2 mean softplus(s(G(z))).
/// - G, non-saturating: mean softplus(-s(G(z))); saturating: -mean softplus(s(G(z))). The published experiments leave
///   both out for ``FeatureMatching``.
///
/// The published form is alpha = 1, and all losses of D with a weight of 1 (``unlabelledWeight``). A softmax over K + 1
/// logits is the same function as long as the last one is fixed, since adding a number to all of them changes nothing.
public struct SemiSupervised: ClassifyingObjective, UnpairedObjective {
  /// alpha, the target of D for real examples, in 0 ... 1: one-sided label smoothing.
  public let realTarget: Double
  /// What G minimises, of the logit that stands for real.
  public let generatorLoss: Logistic.GeneratorLoss
  /// What D's unlabelled loss is multiplied by, beside the labelled one: below 1 D learns classes first.
  public let unlabelledWeight: Double

  /// - Parameters:
  ///   - realTarget: alpha; 1 is the published form.
  ///   - unlabelledWeight: what D's unlabelled loss is multiplied by; 1 is the published form.
  public init(
    realTarget: Double = 1, generatorLoss: Logistic.GeneratorLoss = .nonSaturating, unlabelledWeight: Double = 1
  ) {
    self.realTarget = realTarget
    self.generatorLoss = generatorLoss
    self.unlabelledWeight = unlabelledWeight
  }

  public func labelledLoss(_ judgement: Judgement, labels: Tensor) -> Tensor {
    let ofLabel = judgement.logits.gathered(-1, labels.unsqueezed(-1))
    return (score(judgement.logits) - ofLabel).batchMean()
  }

  public func discriminatorLoss(real: Judgement, generated: Judgement) -> Tensor {
    binary(real: real, generated: generated) * (0.5 * unlabelledWeight)
  }

  public func generatorLoss(generated: Judgement) -> Tensor {
    game.generatorLoss(generated: generated.with(logits: score(generated.logits)))
  }

  public func probability(_ logits: Tensor) -> Tensor { sigmoid(score(logits)) }

  /// The logit of D(x), s = logsumexp_k l_k: [..., N, K] -> [..., N, 1].
  public func score(_ logits: Tensor) -> Tensor { logits.logSumExp(-1, keep: true) }

  private var game: Logistic { Logistic(realTarget: realTarget, generatorLoss: generatorLoss) }

  private func binary(real: Judgement, generated: Judgement) -> Tensor {
    game.discriminatorLoss(
      real: real.with(logits: score(real.logits)), generated: generated.with(logits: score(generated.logits)))
  }
}

extension SemiSupervised {
  /// What a recipe says of it, as `objective.kind: semi-supervised`. Which class, or generated: D has a logit for each
  /// class.
  public struct Settings: ObjectiveSettings {
    public static let kind = "semi-supervised"
    public static let keys: [SettingsKey] = [
      .realTarget, .generatorLoss,
      SettingsKey(
        "unlabelledWeight", "what D's loss of real against generated is multiplied by, beside the labelled one"),
    ]
    public static let tellsClasses = true
    /// alpha, D's target for real examples: below 1 it is one-sided label smoothing.
    public var realTarget: Double
    /// What G minimises, of the logit that stands for real.
    public var generatorLoss: Logistic.GeneratorLoss
    /// What D's unlabelled loss is multiplied by.
    public var unlabelledWeight: Double

    public init() { self.init(realTarget: 1) }

    /// - Parameters:
    ///   - realTarget: alpha; 1 is the published form.
    ///   - unlabelledWeight: what D's unlabelled loss is multiplied by; 1 is the published form.
    public init(
      realTarget: Double, generatorLoss: Logistic.GeneratorLoss = .nonSaturating, unlabelledWeight: Double = 1
    ) {
      self.realTarget = realTarget
      self.generatorLoss = generatorLoss
      self.unlabelledWeight = unlabelledWeight
    }

    public func smoothed(to realTarget: Double) -> Settings? {
      Settings(realTarget: realTarget, generatorLoss: generatorLoss, unlabelledWeight: unlabelledWeight)
    }

    public func validate(_ check: SettingsCheck) throws {
      try check.number("realTarget", realTarget, above: 0, atMost: 1)
      try check.number("unlabelledWeight", unlabelledWeight, atLeast: 0)
    }

    public func make() -> any Objective {
      SemiSupervised(realTarget: realTarget, generatorLoss: generatorLoss, unlabelledWeight: unlabelledWeight)
    }
  }
}
