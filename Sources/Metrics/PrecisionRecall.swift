import Torch

/// How much of what is generated is like something real, and how much of what is real is like something generated, by
/// balls that reach from each point to its k-th nearest other of the same set.
///
/// - precision (Kynkaanniemi et al. 2019): the share of generated points in the ball of some real one; recall: the
///   share of real points in that of some generated one. A point at the very distance is in.
/// - density and coverage (Naeem et al. 2020), with balls of the real points alone: density = (1 / (k M)) sum over
///   generated points of the number of balls that each is in, which may exceed 1; coverage = the share of real balls
///   that hold a generated point. A point at the very distance is out.
///
/// Comparisons are those of float64; memory grows with N + M, not with N M.
public struct PrecisionRecall: Sendable {
  /// The share of generated points beside real ones, in 0 ... 1.
  public let precision: Double
  /// The share of real points beside generated ones, in 0 ... 1.
  public let recall: Double
  /// The real balls that a generated point is in, on average, divided by k: about 1 where both sides are alike.
  public let density: Double
  /// The share of real points with a generated one in their ball, in 0 ... 1.
  public let coverage: Double
  /// The k of each, and what counts at the very distance.
  public let neighbours: Neighbours
  /// Of each point, what the means are taken of.
  public let memberships: FeatureKernels.Memberships

  /// k, and what counts at the very distance.
  public struct Neighbours: Sendable, Hashable, Codable {
    /// k of precision and recall.
    public var precisionRecall: Int
    /// k of density and coverage.
    public var densityCoverage: Int
    /// Whether a point at the very distance is out for precision and recall, too, as in the package `prdc`.
    public var isStrict: Bool

    /// As published: 3 and 5.
    public init(precisionRecall: Int = 3, densityCoverage: Int = 5, isStrict: Bool = false) {
      self.precisionRecall = precisionRecall
      self.densityCoverage = densityCoverage
      self.isStrict = isStrict
    }
  }

  /// - Throws: ``ScoreError``: a side that has no more points than a ball needs, other dimensions, numbers that are not
  ///   finite; `TensorError`.
  public init(real: Features, generated: Features, neighbours: Neighbours = Neighbours()) throws {
    let most = max(neighbours.precisionRecall, neighbours.densityCoverage)
    let fewest = min(neighbours.precisionRecall, neighbours.densityCoverage)
    guard fewest > 0 else {
      throw ScoreError.unsuitable("a ball reaches to the first neighbour at least, not to number \(fewest)")
    }
    guard real.dimensions == generated.dimensions else {
      throw ScoreError.otherDimensions(real.dimensions, generated.dimensions)
    }
    for (side, needed) in [(real, most + 1), (generated, neighbours.precisionRecall + 1)] where side.count < needed {
      throw ScoreError.tooFewPictures(side.count, needed: needed)
    }
    for side in [generated, real] {
      if let row = side.firstNotFinite { throw ScoreError.featuresNotFinite(picture: row) }
    }
    let dimensions = real.dimensions
    let ofReal = try FeatureKernels.nearestOthers(real.values, dimensions: dimensions, count: most)
    let ofGenerated = try FeatureKernels.nearestOthers(
      generated.values, dimensions: dimensions, count: neighbours.precisionRecall)
    func radii(_ squared: [Double], _ each: Int, _ k: Int) -> [Double] {
      stride(from: k - 1, to: squared.count, by: each).map { squared[$0] }
    }
    memberships = try FeatureKernels.memberships(
      real: real.values, generated: generated.values, dimensions: dimensions,
      realRadii: radii(ofReal, most, neighbours.precisionRecall),
      generatedRadii: radii(ofGenerated, neighbours.precisionRecall, neighbours.precisionRecall),
      exclusiveRadii: radii(ofReal, most, neighbours.densityCoverage), strict: neighbours.isStrict)
    self.neighbours = neighbours
    func share(_ flags: [UInt8]) -> Double { Double(flags.reduce(0) { $0 + Int($1) }) / Double(flags.count) }
    precision = share(memberships.generatedInReal)
    recall = share(memberships.realInGenerated)
    coverage = share(memberships.realBallIsMet)
    let balls = memberships.ballsAroundGenerated.reduce(0) { $0 + Int($1) }
    density = 1 / Double(neighbours.densityCoverage) * (Double(balls) / Double(generated.count))
  }

  /// Which mean an interval is of.
  public enum Score: Sendable {
    /// Of ``PrecisionRecall/precision``, and so on.
    case precision, recall, density, coverage
  }

  /// The middle 95 % of the mean over resampled points, their balls as they are: over generated points for precision
  /// and density, over real ones for recall and coverage.
  public func interval(of score: Score) -> ClosedRange<Double> {
    let values =
      switch score {
      case .precision: memberships.generatedInReal.map(Double.init)
      case .recall: memberships.realInGenerated.map(Double.init)
      case .coverage: memberships.realBallIsMet.map(Double.init)
      case .density: memberships.ballsAroundGenerated.map { Double($0) / Double(neighbours.densityCoverage) }
      }
    return Bootstrap.meanInterval(values, resamples: 1_000)
  }
}
