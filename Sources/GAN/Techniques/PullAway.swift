import Settings
import Torch

/// The pull-away term (Zhao et al. 2017, *Energy-based Generative Adversarial Networks*, section 2.4): G is to make
/// examples whose features point in different directions. With f(G(z_i)) in R^A and N examples,
///
///     weight / (N (N - 1)) · sum_i sum_(j != i) (f_i · f_j / (|f_i| |f_j|))^2,
///
/// in 0...1 before the weight. Beside feature matching, which looks at the mean alone, it keeps G's examples apart: Dai
/// et al. 2017 (*Good Semi-supervised Learning That Requires a Bad GAN*) take it for the entropy of what G makes.
///
/// Not part of *Improved Techniques for Training GANs*. It costs one product of N x A and A x N.
public struct PullAway: GeneratorTerm {
  /// What the mean of the squared cosines is multiplied by.
  public let weight: Double
  public var replacesObjective: Bool { false }

  /// - Parameter weight: what the mean of the squared cosines is multiplied by.
  public init(weight: Double = 1) { self.weight = weight }

  public func callAsFunction(real: Judgement, generated: Judgement) -> Tensor {
    let f = generated.features
    // The smallest length keeps a row of zeros, and its gradient, at 0.
    let directions = f / sqrt(square(f).sum(-1, keep: true) + Self.smallest)
    let all = generated.whole.gathered(directions, -2)
    let (own, count) = (f.size(-2), all.size(-2))
    guard f.isPoisoned || all.isPoisoned || count > 1 else {
      return .failed("pull-away of \(f.shape): one example has no other")
    }
    let cosines = matmul(directions, all.transposed(-2, -1))
    // What an example has with itself is left out.
    let others = square(cosines).sum(-2, -1) - square(square(directions).sum(-1)).sum(-1)
    return others * (weight / Double(own * (count - 1)))
  }

  private static let smallest = 1e-20
}

extension PullAway {
  /// What a recipe says of it, under `pullAway`: G is to make examples that D's features tell apart.
  public struct Settings: TechniqueSettings {
    public static let key = "pullAway"
    public static let keys: [SettingsKey] = [
      SettingsKey("weight", "how much G pays for examples whose features point the same way; 0: nothing")
    ]

    /// 0 for none.
    public var weight: Double

    public init() { self.init(weight: 0) }

    /// - Parameter weight: 0 for none.
    public init(weight: Double) { self.weight = weight }

    public var isOn: Bool { weight > 0 }
    public var looksAtBatch: Bool { isOn }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      try check.number("weight", weight, atLeast: 0)
      if isOn, game.generatedBatchSize < 2 { try check.fail("weight", "must be 0 where batches have one example") }
    }

    public func generatorTerms() -> [any GeneratorTerm] { [PullAway(weight: weight)] }
  }
}
