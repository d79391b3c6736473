import Foundation
import Scores

/// Which scores a run takes of its samples while it trains, and when. None of it changes what the run computes.
public struct ScorePlan: Codable, Sendable, Hashable {
  /// Names of `PictureMetrics`, at least one.
  public var metrics: [String]
  /// Samples that are scored.
  public var count: Int
  /// Steps between scores, or seconds; the last step is always scored.
  public var steps: Int?
  /// The other way to say it.
  public var seconds: Double?
  /// The network's file, or a run's folder; nil for the one that was fetched.
  public var features: String?
  /// Whose numbers the scores are to be.
  public var convention: ScoreConvention

  /// - Parameters:
  ///   - metrics: names of `PictureMetrics`, at least one.
  ///   - count: samples that are scored.
  ///   - steps: between scores, or nil.
  ///   - seconds: between scores, or nil.
  ///   - features: the network's file, or a run's folder; nil for the one that was fetched.
  public init(
    metrics: [String], count: Int, steps: Int?, seconds: Double?, features: String?, convention: ScoreConvention
  ) {
    self.metrics = metrics
    self.count = count
    self.steps = steps
    self.seconds = seconds
    self.features = features
    self.convention = convention
  }
}

/// Takes the scores of a run that is training.
public struct RunScorer {
  /// What is taken, and when.
  public let plan: ScorePlan
  /// The scores by name, of the first samples of one noise, by G's averaged weights where there are any.
  let score: (RecipeGame) throws -> [String: Double]

  /// - Parameter score: the scores by name, of the first samples of one noise; of a run that several processes play,
  ///   called by all of them.
  public init(_ plan: ScorePlan, score: @escaping (RecipeGame) throws -> [String: Double]) {
    self.plan = plan
    self.score = score
  }

  /// Whether scores are due: after so many steps, or so many seconds since the last ones.
  func isDue(step: Int, seconds: Double, last: Double) -> Bool {
    if let steps = plan.steps { return step % steps == 0 }
    return plan.seconds.map { seconds - last >= $0 } ?? false
  }
}
