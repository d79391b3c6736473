import Settings
import Torch

/// Manifold regularisation (Lecouat et al. 2018, *Semi-Supervised Learning with GANs: Revisiting Manifold
/// Regularization*): what D says of a generated example is not to change where G's noise moves a little. With D's
/// logits l and a direction r / |r| of r ~ N(0, I) for each example,
///
///     weight · mean_i || l(G(z_i)) - l(G(z_i + distance · r_i / |r_i|)) ||_2^2,
///
/// by D's parameters alone. G stands for the manifold on which the data lie, so that D becomes smooth along it, and its
/// classes do not end within it.
///
/// Not part of *Improved Techniques for Training GANs*. It costs a pass through G, forward only, and one through D
/// more.
public struct ManifoldRegularization: DiscriminatorTerm {
  /// What the mean of the squared differences is multiplied by.
  public let weight: Double
  /// How far the noise moves.
  public let distance: Double

  /// - Parameters:
  ///   - weight: what the mean of the squared differences is multiplied by.
  ///   - distance: how far the noise moves.
  public init(weight: Double = 1e-3, distance: Double = 1) {
    self.weight = weight
    self.distance = distance
  }

  /// None in a step whose examples no generator made.
  public func callAsFunction(_ step: DiscriminatorStep) -> Tensor? {
    step.generatedNearby.map { nearby in
      let random = step.random.stream("manifold regularization").rows(of: [step.generated.judgement.whole])
      let moved = nearby { Self.moved($0, along: random.normal(like: $0), by: distance) }
      return Self.loss(of: moved, step.generated.judgement) * weight
    }
  }

  /// z + distance · r / |r|, row by row.
  package static func moved(_ z: Tensor, along r: Tensor, by distance: Double) -> Tensor {
    z + r * distance / sqrt(square(r).sum(-1, keep: true))
  }

  /// mean_i || l_i - l'_i ||_2^2.
  package static func loss(of moved: Judgement, _ judgement: Judgement) -> Tensor {
    square(moved.logits - judgement.logits).sum(-1).mean(-1)
  }
}

extension ManifoldRegularization {
  /// What a recipe says of it, under `manifoldRegularization`: D is to say the same of neighbours among G's examples.
  public struct Settings: TechniqueSettings {
    public static let key = "manifoldRegularization"
    public static let keys: [SettingsKey] = [
      SettingsKey("weight", "how much D pays for answers that change where G's noise moves a little; 0: nothing"),
      SettingsKey("distance", "how far G's noise moves, of a unit of length"),
    ]

    /// 0 for none.
    public var weight: Double
    /// How far the noise moves.
    public var distance: Double

    public init() { self.init(weight: 0) }

    /// - Parameters:
    ///   - weight: 0 for none.
    ///   - distance: how far the noise moves.
    public init(weight: Double, distance: Double = 1) {
      self.weight = weight
      self.distance = distance
    }

    public var isOn: Bool { weight > 0 }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      try check.number("weight", weight, atLeast: 0)
      try check.number("distance", distance, above: 0)
    }

    public func discriminatorTerms() -> [any DiscriminatorTerm] {
      [ManifoldRegularization(weight: weight, distance: distance)]
    }
  }
}
