import Metrics

/// A score of pictures. A new one is a file in `Metrics` and a line in ``PictureMetrics``.
public protocol PictureMetric: Sendable {
  /// As it is asked for, such as "fid".
  static var name: String { get }
  /// As it is printed.
  static var title: String { get }
  /// What must be there for it to be computed.
  static var needs: Set<ScoreNeed> { get }
  /// Whether more is better; nil where neither is.
  static var moreIsBetter: Bool { get }
  /// The score of an input that has what it needs.
  ///
  /// - Throws: `ScoreError`, `TensorError`.
  static func compute(_ input: ScoreInput) throws -> ScoreValue
}

/// What a score takes.
public enum ScoreNeed: Sendable {
  /// Mean and covariance of real features.
  case realStatistics
  /// The features of each real picture.
  case realFeatures
  /// Which class a network takes each generated picture for.
  case classes
  /// FID's Inception network and no other.
  case inception
}

/// Every score of pictures, in the order in which they are printed.
public enum PictureMetrics {
  /// In the order in which they are printed.
  public static let all: [any PictureMetric.Type] = [
    FIDMetric.self, KIDMetric.self, PrecisionMetric.self, RecallMetric.self, DensityMetric.self, CoverageMetric.self,
    InceptionMetric.self, FrechetMetric.self,
  ]

  /// The score of that ``PictureMetric/name``; nil where there is none.
  public static func named(_ name: String) -> (any PictureMetric.Type)? { all.first { $0.name == name } }
}

/// A score as it is.
public struct ScoreValue: Sendable, Codable, Hashable {
  /// The ``PictureMetric/name`` of the score.
  public var metric: String
  /// In the score's own unit.
  public var value: Double
  /// Over subsets or splits; nil where there are none.
  public var deviation: Double?
  /// The middle 95 % of a bootstrap, lower and upper end.
  public var interval: [Double]?
  /// Over what the bootstrap draws.
  public var resampled: String?
  /// What whoever reads it should know, such as that there are too few pictures.
  public var note: String?

  /// - Parameters:
  ///   - metric: the score's ``PictureMetric/name``.
  ///   - deviation: over subsets or splits.
  ///   - interval: the middle 95 % of a bootstrap.
  ///   - resampled: over what the bootstrap draws.
  public init(
    metric: String, value: Double, deviation: Double? = nil, interval: ClosedRange<Double>? = nil,
    resampled: String? = nil, note: String? = nil
  ) {
    self.metric = metric
    self.value = value
    self.deviation = deviation
    self.interval = interval.map { [$0.lowerBound, $0.upperBound] }
    self.resampled = resampled
    self.note = note
  }
}

/// What scores are computed of; what several need is computed once.
public final class ScoreInput {
  /// What the network makes of the generated pictures.
  public let generated: PictureFeatures
  /// nil where the real side is a file of statistics, or there is none.
  public let realFeatures: Features?
  /// Everything that scores depend on beside the pictures and the network.
  public let settings: ScoreSettings
  private let statistics: FeatureStatistics?
  private var sides: (real: FrechetDistance.Side, generated: FrechetDistance.Side)?
  private var neighbours: PrecisionRecall?

  /// - Parameters:
  ///   - realFeatures: nil where the real side is a file of statistics, or there is none.
  ///   - realStatistics: of such a file; they stand in for what the features would give.
  public init(
    generated: PictureFeatures, realFeatures: Features?, realStatistics: FeatureStatistics?, settings: ScoreSettings
  ) {
    self.generated = generated
    self.realFeatures = realFeatures
    self.settings = settings
    statistics = realStatistics
  }

  func frechetSides() throws -> (real: FrechetDistance.Side, generated: FrechetDistance.Side) {
    if let sides { return sides }
    let real =
      try statistics.map { FrechetDistance.Side($0) }
      ?? FrechetDistance.Side(of: realFeatures!, divisor: settings.divisor)
    sides = (real, try FrechetDistance.Side(of: generated.features, divisor: settings.divisor))
    return sides!
  }

  /// All four of its scores, computed when the first is asked for.
  ///
  /// - Precondition: there are real features.
  /// - Throws: `ScoreError`, `TensorError`.
  public func precisionRecall() throws -> PrecisionRecall {
    if let neighbours { return neighbours }
    neighbours = try PrecisionRecall(
      real: realFeatures!, generated: generated.features, neighbours: settings.neighbours)
    return neighbours!
  }
}
