import Files
import Foundation
import Metrics
import Torch

/// Scores of a set of pictures, and what they were computed with.
public struct PictureScores: Sendable {
  /// In the order in which they were asked for.
  public let values: [ScoreValue]
  /// What the scores were computed with, without which they say nothing.
  public let passport: ScorePassport
  /// Of the generated pictures, in the order of their set; nil where nothing compares them with real ones one by one.
  public let nearest: [NearestReal]?

  /// Which real picture lies nearest to a generated one.
  public struct NearestReal: Sendable {
    /// Of the generated picture in its set.
    public let index: Int
    /// Of the real picture in its set.
    public let real: Int
    /// Of their features, Euclidean.
    public let distance: Double
  }

  /// What the pictures are compared with.
  public enum Real {
    /// The pictures of a set, one by one.
    case pictures(any PictureSet)
    /// Mean and covariance of features, as a file has them, and what it says of itself.
    case statistics(FeatureStatistics, ScorePassport.Side)
    /// For scores that need no real side.
    case nothing
  }

  /// What goes on, for people who wait.
  public enum Progress: Sendable {
    /// The network sees the real pictures.
    case realPictures(done: Int, of: Int)
    /// The network sees the generated pictures.
    case generatedPictures(done: Int, of: Int)
    /// A score is computed: its title.
    case computing(String)
  }

  /// - Parameters:
  ///   - metrics: at least one.
  ///   - cache: where features of real pictures are kept; nil for nowhere. That nothing could be kept is no error, but
  ///     noted.
  ///   - keepsGenerated: whether the features of the generated pictures are kept as well.
  ///   - version: of the program.
  ///   - processes: those that share the work, each of which calls this with the same pictures and gets the scores.
  /// - Throws: `ScoreError`, `FileError`, ``NetworkError``, `TensorError`; what `progress` throws.
  public init(
    of generated: any PictureSet, against real: Real, by network: any PictureNetwork,
    metrics: [any PictureMetric.Type], settings: ScoreSettings = ScoreSettings(), batch: Int = 16,
    cache: FeatureCache? = .standard, keepsGenerated: Bool = false, version: String,
    among processes: ProcessGroup? = nil,
    progress: (Progress) throws -> Void = { _ in }
  ) throws {
    try Self.check(metrics, network, real)
    guard generated.count >= 2 else { throw ScoreError.tooFewPictures(generated.count, needed: 2) }
    var notes: [String] = []
    func features(of set: any PictureSet, kept: Bool, _ report: (Int) throws -> Void) throws -> PictureFeatures {
      let known = kept ? cache?.features(set, network) : nil
      // All go without, or none: they compute together.
      let isMissing = try processes?.any(known == nil) ?? (known == nil)
      if let known, !isMissing { return known }
      let features = try PictureFeatures(of: set, by: network, batch: batch, among: processes, progress: report)
      if kept, let cache, processes?.isFirst ?? true {
        do {
          try cache.keep(features, of: set, by: network)
        } catch let error as FileError {
          notes.append("features could not be kept: \(error)")
        }
      }
      return features
    }
    var (realFeatures, statistics): (PictureFeatures?, FeatureStatistics?)
    var realSide: ScorePassport.Side?
    switch real {
    case .nothing: break
    case .statistics(let known, let side): (statistics, realSide) = (known, side)
    case .pictures(let set):
      guard set.count >= 2 else { throw ScoreError.tooFewPictures(set.count, needed: 2) }
      let all = try features(of: set, kept: true) { try progress(.realPictures(done: $0, of: set.count)) }
      realFeatures = all
      realSide = ScorePassport.Side(
        title: set.title, count: all.features.count, checksum: set.key, notes: set.notes)
    }
    let own = try features(of: generated, kept: keepsGenerated) {
      try progress(.generatedPictures(done: $0, of: generated.count))
    }
    let input = ScoreInput(
      generated: own, realFeatures: realFeatures?.features, realStatistics: statistics, settings: settings)
    if let statistics, statistics.dimensions != own.features.dimensions {
      throw ScoreError.otherDimensions(statistics.dimensions, own.features.dimensions)
    }
    values = try metrics.map { metric in
      try progress(.computing(metric.title))
      return try metric.compute(input)
    }
    let usesNeighbours = metrics.contains { ["precision", "recall", "density", "coverage"].contains($0.name) }
    if usesNeighbours, let realFeatures {
      let memberships = try input.precisionRecall().memberships
      nearest = own.indices.indices.map {
        NearestReal(
          index: own.indices[$0], real: realFeatures.indices[Int(memberships.nearestReal[$0])],
          distance: memberships.nearestSquared[$0].squareRoot())
      }
    } else {
      nearest = nil
    }
    passport = ScorePassport(
      network: .init(
        name: network.name, sha256: network.hash, resizing: network.resizing.rawValue, reading: network.reading,
        dimensions: own.features.dimensions), real: realSide,
      generated: .init(
        title: generated.title, count: own.features.count, checksum: generated.key, notes: generated.notes + notes),
      settings: settings, version: version)
  }

  /// - Throws: `ScoreError` where a score is not of such a network, or needs what is not there.
  public static func check(
    _ metrics: [any PictureMetric.Type], _ network: any PictureNetwork, hasRealPictures: Bool
  ) throws {
    for metric in metrics where metric.needs.contains(.inception) && !network.isInception {
      throw ScoreError.unsuitable(
        """
        \(metric.title) is of FID's Inception network, and \(network.name) is another: ask for fd, the same distance \
        of any
        """)
    }
    guard !hasRealPictures else { return }
    for metric in metrics where metric.needs.contains(.realFeatures) {
      throw ScoreError.unsuitable("\(metric.title) needs real pictures: of statistics there are FID and fd alone")
    }
  }

  private static func check(_ metrics: [any PictureMetric.Type], _ network: any PictureNetwork, _ real: Real) throws {
    switch real {
    case .pictures: try check(metrics, network, hasRealPictures: true)
    case .statistics: try check(metrics, network, hasRealPictures: false)
    case .nothing:
      for metric in metrics where !metric.needs.isDisjoint(with: [.realFeatures, .realStatistics]) {
        throw ScoreError.unsuitable("\(metric.title) compares with real pictures: say which")
      }
      try check(metrics, network, hasRealPictures: true)
    }
  }
}
