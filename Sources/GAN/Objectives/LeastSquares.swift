import Settings
import Torch

/// Least squares (Mao et al. 2017, *Least Squares Generative Adversarial Networks*, section 3.2, equation 2): D is
/// fitted to the numbers b for real and a for generated examples, G to make D say c.
///
/// - D: 1/2 mean (D(x) - b)^2 + 1/2 mean (D(G(z)) - a)^2
/// - G: 1/2 mean (D(G(z)) - c)^2
///
/// A generated example that D takes for real but that lies far from the real ones still has a gradient, unlike in
/// ``Logistic``. For fixed G the best D is (b p_data + a p_model) / (p_data + p_model), so that (D(x) - a) / (b - a) is
/// the share of p_data.
public struct LeastSquares: UnpairedObjective, Sendable {
  /// a, what D is to say of generated examples.
  public let generatedLabel: Double
  /// b, what D is to say of real ones; not a.
  public let realLabel: Double
  /// c, what G wants D to say of its own.
  public let generatorLabel: Double

  /// The defaults are the paper's equation 9, a = 0 and b = c = 1. Its equation 8, a = -1, b = 1, c = 0, minimises the
  /// Pearson chi-squared divergence.
  public init(generatedLabel: Double = 0, realLabel: Double = 1, generatorLabel: Double = 1) {
    self.generatedLabel = generatedLabel
    self.realLabel = realLabel
    self.generatorLabel = generatorLabel
  }

  public func discriminatorLoss(real: Judgement, generated: Judgement) -> Tensor {
    halfSquare(real.logits, realLabel) + halfSquare(generated.logits, generatedLabel)
  }

  public func generatorLoss(generated: Judgement) -> Tensor { halfSquare(generated.logits, generatorLabel) }

  /// (D(x) - a) / (b - a), limited to 0 ... 1.
  public func probability(_ outputs: Tensor) -> Tensor { unclampedProbability(outputs).clamped(0, 1) }

  public func unclampedProbability(_ outputs: Tensor) -> Tensor {
    (outputs - generatedLabel) / (realLabel - generatedLabel)
  }

  /// The outputs, or their negative where D is to say less of real examples than of generated ones.
  public func score(_ outputs: Tensor) -> Tensor { realLabel < generatedLabel ? -outputs : outputs }

  private func halfSquare(_ outputs: Tensor, _ target: Double) -> Tensor {
    square(outputs - target).batchMean() * 0.5
  }
}

extension LeastSquares {
  /// What a recipe says of it, as `objective.kind: least-squares`.
  public struct Settings: ObjectiveSettings {
    public static let kind = "least-squares"
    public static let keys: [SettingsKey] = [
      SettingsKey("generatedLabel", "what D is to say of generated examples"),
      SettingsKey("realLabel", "what D is to say of real examples"),
      SettingsKey("generatorLabel", "what G wants D to say of its own"),
    ]
    /// a, b and c.
    public var generatedLabel: Double
    /// b, what D is to say of real examples; not a.
    public var realLabel: Double
    /// c, what G wants D to say of its own.
    public var generatorLabel: Double

    public init() { self.init(generatedLabel: 0, realLabel: 1, generatorLabel: 1) }

    /// - Parameters:
    ///   - generatedLabel: a.
    ///   - realLabel: b.
    ///   - generatorLabel: c.
    public init(generatedLabel: Double, realLabel: Double, generatorLabel: Double) {
      self.generatedLabel = generatedLabel
      self.realLabel = realLabel
      self.generatorLabel = generatorLabel
    }

    public func validate(_ check: SettingsCheck) throws {
      try check.number("generatedLabel", generatedLabel)
      try check.number("realLabel", realLabel)
      try check.number("generatorLabel", generatorLabel)
      if realLabel == generatedLabel {
        try check.fail("realLabel", "must not be generatedLabel: D would have nothing to tell apart")
      }
    }

    public func make() -> any Objective {
      LeastSquares(generatedLabel: generatedLabel, realLabel: realLabel, generatorLabel: generatorLabel)
    }
  }
}
