import Torch

/// The Frechet distance of two normal distributions (Dowson and Landau 1982), squared, as FID has it of Inception's
/// features (Heusel et al. 2017):
///
///     |m_r - m_g|^2 + tr(S_r) + tr(S_g) - 2 tr((S_r S_g)^(1/2))
///
/// The last trace is the sum of the singular values of A B^T, where S_r = A^T A and S_g = B^T B: no matrix root is
/// taken, nothing is complex, and it is right for singular covariances, of fewer pictures than dimensions. It is never
/// below 0, and 0 for statistics that are the same.
public struct FrechetDistance: Sendable {
  /// The distance itself, the sum of both terms; squared, as FID is given.
  public let value: Double
  /// |m_r - m_g|^2
  public let meanTerm: Double
  /// tr(S_r) + tr(S_g) - 2 tr((S_r S_g)^(1/2))
  public let covarianceTerm: Double

  /// Where the middle 95 % of resampled sets of generated pictures would lie; see
  /// ``interval(real:generated:features:)``.
  public typealias Interval = ClosedRange<Double>

  /// A side of the comparison: statistics, and the features they are of, where those are at hand: of fewer pictures
  /// than dimensions the distance is then exact to the last digits.
  public struct Side: Sendable {
    /// Mean and covariance.
    public let statistics: FeatureStatistics
    let features: Features?

    /// Statistics whose features are not at hand, such as those of a file.
    public init(_ statistics: FeatureStatistics) {
      self.statistics = statistics
      features = nil
    }

    /// - Throws: as `FeatureStatistics.init(of:divisor:)`.
    public init(of features: Features, divisor: FeatureStatistics.Divisor = .unbiased) throws {
      statistics = try FeatureStatistics(of: features, divisor: divisor)
      // The rows are a factor of the covariance, and a smaller one, where there are fewer than dimensions.
      self.features = features.count <= features.dimensions && divisor == .unbiased ? features : nil
    }

    /// A [K, D] with S = A^T A.
    func factor() throws -> Tensor {
      let dimensions = statistics.dimensions
      if let features {
        let mean = Tensor(statistics.mean, shape: [1, dimensions])
        // In the order that depends on nothing but what they hold.
        let rows = features.selecting(features.canonicalOrder)
        return (Tensor(rows.values, shape: [rows.count, dimensions]).to(.float64) - mean)
          * (1 / Double(features.count - 1).squareRoot())
      }
      let covariance = Tensor(statistics.covariance, shape: [dimensions, dimensions])
      if let lower = cholesky(covariance) { return lower.transposed().contiguous() }
      let (values, vectors) = symmetricEigen(covariance)
      return (vectors * sqrt(values.clamped(0, .infinity)).unsqueezed(0)).transposed().contiguous()
    }
  }

  /// - Throws: ``ScoreError`` where the sides have other dimensions, or are not finite; `TensorError`.
  public init(real: Side, generated: Side) throws {
    let (r, g) = (real.statistics, generated.statistics)
    try Self.check(r, g)
    meanTerm = zip(r.mean, g.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    if r.mean == g.mean && r.covariance == g.covariance {
      covarianceTerm = 0
    } else {
      let root = try checkingTensors {
        try withoutGradient {
          let a = try real.factor()
          if real.features != nil || generated.features != nil {
            let b = try generated.factor()
            return try singularValues(float64Product(a, b)).sum().item()
          }
          // Its eigenvalues are the squares of the singular values, and come in a third of the time.
          let b = Tensor(g.covariance, shape: [g.dimensions, g.dimensions])
          let product = float64Product(float64Product(a, b), a)
          return try sqrt(symmetricEigenvalues(product).clamped(0, .infinity)).sum().item()
        }
      }
      covarianceTerm = max(0, Self.trace(r) + Self.trace(g) - 2 * root)
    }
    value = meanTerm + covarianceTerm
  }

  /// - Throws: as ``init(real:generated:)``.
  public init(_ real: FeatureStatistics, _ generated: FeatureStatistics) throws {
    try self.init(real: Side(real), generated: Side(generated))
  }

  private static func check(_ r: FeatureStatistics, _ g: FeatureStatistics) throws(ScoreError) {
    guard r.dimensions == g.dimensions else { throw .otherDimensions(r.dimensions, g.dimensions) }
    for statistics in [r, g] {
      guard statistics.mean.allSatisfy(\.isFinite), statistics.covariance.allSatisfy(\.isFinite) else {
        throw .statisticsNotFinite
      }
    }
  }

  private static func trace(_ statistics: FeatureStatistics) -> Double {
    (0..<statistics.dimensions).reduce(0) { $0 + statistics.covariance[$1 * (statistics.dimensions + 1)] }
  }

  /// The middle 95 % of what the distance would be of other sets of as many generated pictures, by a bootstrap to first
  /// order: to each picture belongs the derivative of the distance by its weight, and means of these are resampled.
  /// Resampling pictures themselves and computing the distance each time gives distances that are all too large, since
  /// pictures repeat.
  ///
  /// The derivative by S_g is I - A^T (A S_g A^T)^(-1/2) A with S_r = A^T A; directions in which a covariance vanishes
  /// are left out.
  ///
  /// - Parameter features: of the generated pictures, which `generated` are the statistics of.
  /// - Throws: as ``init(real:generated:)``.
  public func interval(real: Side, generated: Side, features: Features) throws -> Interval {
    let (r, g) = (real.statistics, generated.statistics)
    try Self.check(r, g)
    let dimensions = g.dimensions
    let influence = try checkingTensors {
      try withoutGradient {
        let a = try real.factor()
        let b = Tensor(g.covariance, shape: [dimensions, dimensions])
        let (values, vectors) = symmetricEigen(float64Product(float64Product(a, b), a))
        let largest = try values.max().item()
        let inverse = select(values .> (1e-10 * largest), Tensor.ones([1], dtype: .float64) / sqrt(values), values * 0)
        let rotated = float64Product(a.transposed().contiguous(), vectors.transposed().contiguous())
        let map = float64Product(rotated * inverse.unsqueezed(0), rotated)
        let mean = Tensor(g.mean, shape: [1, dimensions])
        let shift = mean - Tensor(r.mean, shape: [1, dimensions])
        var influence: [Double] = []
        for start in stride(from: 0, to: features.count, by: 4_096) {
          let rows = start..<min(features.count, start + 4_096)
          let part = features.selecting(rows)
          let x = Tensor(part.values, shape: [part.count, dimensions]).to(.float64) - mean
          let own = square(x).sum(1) - (float64Product(x, map) * x).sum(1)
          influence += try (own + (x * shift).sum(1) * 2).values(Double.self)
        }
        return influence
      }
    }
    let mean = influence.reduce(0, +) / Double(influence.count)
    let means = Bootstrap.meanInterval(influence, resamples: 1_000)
    return max(0, value + means.lowerBound - mean)...max(0, value + means.upperBound - mean)
  }
}
