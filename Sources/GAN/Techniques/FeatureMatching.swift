import Settings
import Torch

/// Feature matching (Salimans et al. 2016, section 3.1): G is to match the statistics of real data in the
/// activations f of one of D's layers, instead of the output of a D that it would only overtrain against.
///
/// Gradients flow through the generated features; whether they flow through the real ones is the caller's decision
/// (``Trainer`` detaches them).
public struct FeatureMatching: GeneratorTerm {
  /// How the sources write the distance between f(x) and f(G(z)).
  public enum Reading: String, Codable, Sendable, CaseIterable {
    /// || mean_i f(x_i) - mean_i f(G(z_i)) ||_2^2, the squared length of the difference of batch means.
    case paper
    /// The mean over features of the squared difference of batch means: the released code on MNIST.
    case releaseSquared = "release-squared"
    /// The mean over features of the absolute difference of batch means: the released code on CIFAR-10 and SVHN.
    case releaseAbsolute = "release-absolute"
    /// sqrt(sum_i sum_k (f_k(x_i) - f_k(G(z_i)))^2) over paired rows: the one-dimensional tutorial, whose rows are
    /// sorted. The gradient is 0 where the two are equal.
    case tutorial
  }

  /// Which distance between features.
  public let reading: Reading
  /// What the distance is multiplied by.
  public let weight: Double
  public let replacesObjective: Bool

  /// - Parameters:
  ///   - weight: what the distance is multiplied by.
  ///   - replacesObjective: whether it stands in the place of the objective's loss of G, and not beside it.
  public init(_ reading: Reading = .paper, weight: Double = 1, replacesObjective: Bool = true) {
    self.reading = reading
    self.weight = weight
    self.replacesObjective = replacesObjective
  }

  public func callAsFunction(real: Judgement, generated: Judgement) -> Tensor {
    distance(real.features, generated.features, generated.whole) * weight
  }

  /// `real` and `generated`: [..., N, A] -> [...].
  ///
  /// The means are those of the whole batch, before the square: parts that each matched their own means would match the
  /// noise of small batches, another objective.
  func distance(_ real: Tensor, _ generated: Tensor, _ whole: WholeBatch = .alone) -> Tensor {
    /// Of real examples less that of generated ones, in one exchange.
    var difference: Tensor { whole.mean(real.mean(-2) - generated.mean(-2)) }
    return switch reading {
    case .paper: square(difference).sum(-1)
    case .releaseSquared: square(difference).mean(-1)
    case .releaseAbsolute: abs(difference).mean(-1)
    case .tutorial: guardedRoot(whole.sum(square(real - generated).sum(-2, -1)))
    }
  }

  /// sqrt(x) with gradient 0 at x = 0, where the root's own is infinite.
  private func guardedRoot(_ x: Tensor) -> Tensor {
    let isPositive = x .> 0
    let one = Tensor.full(1, [], dtype: x.dtype, device: x.device)
    return select(isPositive, sqrt(select(isPositive, x, one)), x)
  }
}

extension FeatureMatching {
  /// What a recipe says of it, under `featureMatching`.
  public struct Settings: TechniqueSettings {
    public static let key = "featureMatching"
    public static let keys: [SettingsKey] = [
      SettingsKey("role", "feature matching in the place of G's loss, beside it, or not at all", of: Role.self),
      SettingsKey("reading", "which source's formula (Docs/Techniques.md)", of: Reading.self),
      SettingsKey("weight", "what feature matching is multiplied by"),
    ]

    /// Where it stands in G's loss.
    public enum Role: String, Codable, Sendable, CaseIterable {
      /// Nowhere: the technique is off.
      case none
      /// In the place of the objective's loss of G.
      case replaces
      /// Beside it.
      case joins
    }

    /// Where it stands in G's loss.
    public var role: Role
    /// Which distance between features.
    public var reading: Reading
    /// What the distance is multiplied by.
    public var weight: Double

    public init() { self.init(role: .none) }

    /// - Parameter weight: what the distance is multiplied by.
    public init(role: Role, reading: Reading = .releaseSquared, weight: Double = 1) {
      self.role = role
      self.reading = reading
      self.weight = weight
    }

    public var isOn: Bool { role != .none }
    public var pairsRows: Bool { isOn && reading == .tutorial }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      try check.number("weight", weight, above: 0)
      if pairsRows, !game.canPairRows {
        try check.fail(
          "reading",
          "tutorial pairs the rows of two sorted batches: it needs a density on a line and noise.kind stratified, "
            + "with a noise.jitter of the distance of two points at most")
      }
    }

    public func generatorTerms() -> [any GeneratorTerm] {
      [FeatureMatching(reading, weight: weight, replacesObjective: role == .replaces)]
    }
  }
}
