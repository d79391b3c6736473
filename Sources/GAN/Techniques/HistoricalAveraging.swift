import NN
import Settings
import Torch

/// Historical averaging (Salimans et al. 2016, section 3.3): a player pays for its distance from where it has been on
/// average, which calls it back from an orbit around the equilibrium.
///
///     weight || theta - (1/t) sum_{i=1..t} theta[i] ||_2^2
///
/// The average runs to t and so includes theta itself; it counts as a constant, and the gradient is
/// 2 weight (theta - average), without the factor 1 - 1/t that the share of theta in the average would bring. At the
/// first step the average is theta, and the penalty 0.
///
/// The average is kept in the parameters' kind of numbers. In float32 it stands still after some 10^7 steps, when its
/// share 1/t of a change is less than a unit in its last place.
///
/// Average and gradient are updated in one pass over the flat parameters. Several seeds need nothing further: the
/// operation is element by element, and the square of the distance is a sum over each seed's own elements.
///
/// ```swift
/// let training = Training(Adam(beta1: 0.5), learningRate: LearningRate(0.001), penalties: [HistoricalAveraging(weight:
/// 0.1)])
/// ```
public final class HistoricalAveraging: ParameterPenalty {
  /// At least 0.
  public let weight: Double
  /// Laid out as the parameters; nil before the first step.
  public private(set) var average: Tensor?
  /// t, the number of steps that the average is over.
  public private(set) var count = 0

  /// - Parameter weight: at least 0.
  public init(weight: Double) { self.weight = weight }

  public var state: [String: Tensor] { average.map { ["average": $0, "count": Tensor([Int64(count)])] } ?? [:] }

  public let stateNames: Set<String>? = ["average", "count"]

  public func restore(_ state: [String: Tensor]) throws {
    try StateError.require(["average", "count"], in: Set(state.keys), of: "the penalty")
    guard let average = state["average"], let count = state["count"] else { return (average, count) = (nil, 0) }
    self.count = Int(try count.item())
    self.average = try average.checked()
  }

  public func add(to gradient: Tensor, at parameters: Tensor) throws {
    // Kept only if there: memory that there was no room for may be there next time.
    let average = try (average ?? .zeros(like: parameters)).checked()
    self.average = average
    try historicalAverageStep(average, of: parameters, gradient: gradient, count: count + 1, weight: weight)
    count += 1
  }

  /// The penalty at `parameters` against the average as it is: one element per seed, or a scalar; nil before the first
  /// step. For reports: it takes a pass of its own.
  public func value(at parameters: Tensor) -> Tensor? {
    average.map { average in withoutGradient { square(parameters - average).sum(-1) * weight } }
  }
}

extension HistoricalAveraging {
  /// What a recipe says of it, under `historicalAveraging`: the weights of the penalty on each player's distance from
  /// its own past; 0 for none.
  public struct Settings: TechniqueSettings {
    public static let key = "historicalAveraging"
    public static let keys: [SettingsKey] = [
      SettingsKey("generator", "how much G pays for being far from the mean of its past weights; 0: nothing"),
      SettingsKey("discriminator", "how much D pays for being far from the mean of its past weights; 0: nothing"),
    ]

    /// The weight of G's penalty; at least 0.
    public var generator: Double
    /// The weight of D's penalty; at least 0.
    public var discriminator: Double

    public init() { self.init(generator: 0, discriminator: 0) }

    /// - Parameters:
    ///   - generator: the weight of G's penalty; 0 for none.
    ///   - discriminator: the weight of D's.
    public init(generator: Double, discriminator: Double) {
      self.generator = generator
      self.discriminator = discriminator
    }

    public var isOn: Bool { generator > 0 || discriminator > 0 }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      try check.number("generator", generator, atLeast: 0)
      try check.number("discriminator", discriminator, atLeast: 0)
    }

    public func penalties(on player: Player) -> [any ParameterPenalty] {
      let weight = player == .generator ? generator : discriminator
      return weight > 0 ? [HistoricalAveraging(weight: weight)] : []
    }
  }
}
