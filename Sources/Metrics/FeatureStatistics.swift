import Torch

/// Mean and covariance of features: what the Frechet distance is a function of, and what tools exchange as `.npz`
/// files.
public struct FeatureStatistics: Sendable, Equatable {
  /// [D]
  public let mean: [Double]
  /// [D, D], row after row.
  public let covariance: [Double]
  /// N; nil where it is not known, as of a file that does not say.
  public let count: Int?

  /// D
  public var dimensions: Int { mean.count }

  /// What the sum of products of deviations is divided by.
  public enum Divisor: String, Sendable, Codable, CaseIterable {
    /// N - 1: TTUR, pytorch-fid, clean-fid, torch-fidelity, EDM2.
    case unbiased = "n-1"
    /// N: stylegan3.
    case count = "n"
  }

  /// - Parameter covariance: as long as `mean` squared.
  /// - Throws: ``ScoreError`` where it is not.
  public init(mean: [Double], covariance: [Double], count: Int?) throws(ScoreError) {
    guard covariance.count == mean.count * mean.count else {
      throw .unsuitable("a covariance of \(covariance.count) numbers is none of \(mean.count) dimensions")
    }
    self.mean = mean
    self.covariance = covariance
    self.count = count
  }

  /// Of features, in float64 and in one pass over them, in blocks that are merged so that nothing large cancels. The
  /// rows are put into an order of their own first, so that neither the order of the pictures nor the number of threads
  /// changes a bit.
  ///
  /// - Throws: ``ScoreError``: fewer than two rows, or numbers that are not finite; `TensorError`: no memory.
  public init(of features: Features, divisor: Divisor = .unbiased) throws {
    let (count, dimensions) = (features.count, features.dimensions)
    guard count >= 2 else { throw ScoreError.tooFewPictures(count, needed: 2) }
    if let row = features.firstNotFinite { throw ScoreError.featuresNotFinite(picture: row) }
    var mean = [Double](repeating: 0, count: dimensions)
    var scatter = [Double](repeating: 0, count: dimensions * dimensions)
    let order = features.canonicalOrder
    let block = 512
    for start in stride(from: 0, to: count, by: block) {
      let rows = features.selecting(order[start..<min(count, start + block)])
      try rows.values.withUnsafeBufferPointer {
        try FeatureKernels.add($0, before: start, mean: &mean, scatter: &scatter)
      }
    }
    let by = divisor == .unbiased ? Double(count - 1) : Double(count)
    scatter.withUnsafeMutableBufferPointer { scatter in for index in scatter.indices { scatter[index] /= by } }
    self.mean = mean
    covariance = scatter
    self.count = count
  }
}
