import NN
import Settings
import Torch

/// R1 and R2, zero-centred gradient penalties (Mescheder, Geiger and Nowozin 2018, *Which Training Methods for GANs do
/// actually Converge?*, section 4.1, equations 9 and 10): D pays for its slope at real (R1) or at generated examples
/// (R2),
///
///     gamma / 2 · mean_i || d D(x_i) / d x_i ||_2^2
///
/// with D's logit, by ``Objective/score(_:)``. Where G has found the data's distribution, D is flat there and the
/// penalty 0, so that the equilibrium stays one; around it the game then converges instead of turning in circles. Both
/// together make R3GAN.
///
/// The slope is that of D without noise and dropout, at the examples as they are, through the augmentation if there is
/// one. Where D looks at the whole batch, it is the slope of the sum of the batch's logits.
///
/// Its pass through D takes the composed form of this package's kernels (see `twiceDifferentiable`), and goes backward
/// twice: with one of the two a step of both players takes about twice as long, with both nearly three times; three and
/// five times in small games, which owe their speed to the kernels. With an `interval` of 16 the difference is a fifth
/// at most.
public struct GradientPenalty: DiscriminatorTerm {
  /// Which examples it is at.
  public enum Place: String, Codable, Sendable, CaseIterable {
    /// R1
    case real
    /// R2
    case generated
  }

  /// Which examples D's gradient is taken at.
  public let place: Place
  /// gamma, at least 0, by the step.
  public let weight: CosineSchedule
  /// k: only every k-th step has it, from the first one on, k times as heavy: lazy regularisation (Karras et al. 2020,
  /// *Analyzing and Improving the Image Quality of StyleGAN*, section 3.1).
  public let interval: Int

  /// - Parameters:
  ///   - weight: gamma, by the step.
  ///   - interval: only every so many steps have it, so much heavier; at least 1.
  public init(_ place: Place, weight: CosineSchedule, interval: Int = 1) {
    self.place = place
    self.weight = weight
    self.interval = max(1, interval)
  }

  /// With the same weight in every step.
  public init(_ place: Place, weight: Double, interval: Int = 1) {
    self.init(place, weight: .constant(weight), interval: interval)
  }

  public func callAsFunction(_ step: DiscriminatorStep) -> Tensor? {
    guard step.number % interval == 0 else { return nil }
    let batch = place == .real ? step.real : step.generated
    let slope = slope(of: batch, step.score)
    let squares = slope.rank == 4 ? square(slope).sum(1, 2, 3) : square(slope).sum(-1)
    return squares.mean(-1) * (weight(step.number) * Double(interval) / 2)
  }

  /// d sum_i D(x_i) / d x, with a graph.
  private func slope(of batch: DiscriminatorStep.Batch, _ score: (Tensor) -> Tensor) -> Tensor {
    var examples = batch.examples
    let seeds = batch.judgement.logits.shape.dropLast(2)
    // Examples that all seeds share have another slope for each.
    if examples.rank == 2, !seeds.isEmpty { examples = examples.expanded(seeds + examples.shape) }
    let x = examples.asVariable()
    let scores = twiceDifferentiable { score(batch.judge(x).logits) }
    return gradient(of: scores, by: [x], createsGraph: true)[0]
  }
}

extension GradientPenalty {
  /// What a recipe says of it, under `gradientPenalty`.
  public struct Settings: TechniqueSettings {
    public static let key = "gradientPenalty"
    public static let keys: [SettingsKey] = [
      SettingsKey("real", "gamma of R1, at real examples; 0: none"),
      SettingsKey("generated", "gamma of R2, at generated examples; 0: none"),
      SettingsKey("interval", "the penalty is paid every so many steps, and is so many times as heavy then"),
      SettingsKey("end", "what is left of both penalties in the end, as a share, along half a cosine"),
    ]

    /// gamma of R1; 0 for none.
    public var real: Double
    /// gamma of R2; 0 for none.
    public var generated: Double
    /// Every so many steps, and so much heavier then.
    public var interval: Int
    /// What is left of both in the end, as a share, along half a cosine over the run; 1 for weights that stay.
    public var end: Double

    public init() { self.init(real: 0, generated: 0) }

    /// - Parameters:
    ///   - real: gamma of R1; 0 for none.
    ///   - generated: gamma of R2; 0 for none.
    ///   - interval: only every so many steps have them, so much heavier.
    ///   - end: what is left of both in the end, as a share.
    public init(real: Double, generated: Double, interval: Int = 1, end: Double = 1) {
      self.real = real
      self.generated = generated
      self.interval = interval
      self.end = end
    }

    public var isOn: Bool { real > 0 || generated > 0 }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      try check.number("real", real, atLeast: 0)
      try check.number("generated", generated, atLeast: 0)
      try check.count("interval", interval)
      try check.number("end", end, atLeast: 0, atMost: 1)
    }

    public func discriminatorTerms(over steps: Int) -> [any DiscriminatorTerm] {
      [(Place.real, real), (.generated, generated)].filter { $0.1 > 0 }.map { place, weight in
        GradientPenalty(
          place, weight: CosineSchedule(from: weight, to: weight * end, over: 0..<steps), interval: interval)
      }
    }
  }
}
