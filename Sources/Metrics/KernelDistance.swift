import Torch

/// The kernel distance of two sets of features, KID of Inception's (Binkowski et al. 2018): the unbiased squared
/// maximum mean discrepancy under the kernel (x.y / D + 1)^3, of many pairs of subsets. Unbiased: it does not fall with
/// the number of pictures, and may be below 0 where the sets are alike.
public struct KernelDistance: Sendable {
  /// Over the subsets.
  public let mean: Double
  /// Over the subsets, with their number in the denominator.
  public let standardDeviation: Double
  /// Of each pair of subsets.
  public let values: [Double]
  /// Pictures in a subset of either side.
  public let subsetSize: Int
  /// Of the draws of subsets.
  public let seed: UInt32

  /// Pairs of subsets.
  public var subsets: Int { values.count }
  /// The middle 95 % of the mean of resampled subsets.
  public var interval: ClosedRange<Double> { Bootstrap.meanInterval(values, resamples: 1_000) }

  /// - Parameters:
  ///   - real, generated: of the same dimensions.
  ///   - subsets: pairs of subsets, drawn without replacement within one, each by NumPy's `RandomState(seed).choice`,
  ///     of the generated side first, as torch-fidelity draws them.
  ///   - subsetSize: of either side; as many as the smaller side has where that is less.
  /// - Throws: ``ScoreError``: fewer than two pictures on a side, other dimensions, numbers that are not finite;
  ///   `TensorError`.
  public init(
    real: Features, generated: Features, subsets: Int = 100, subsetSize: Int = 1_000, seed: UInt32 = 2_020,
    progress: (Int) throws -> Void = { _ in }
  ) throws {
    guard subsets > 0, subsetSize > 1 else {
      throw ScoreError.unsuitable("\(subsets) subsets of \(subsetSize): there must be one of two pictures at least")
    }
    guard real.dimensions == generated.dimensions else {
      throw ScoreError.otherDimensions(real.dimensions, generated.dimensions)
    }
    let size = min(subsetSize, real.count, generated.count)
    guard size >= 2 else { throw ScoreError.tooFewPictures(min(real.count, generated.count), needed: 2) }
    for side in [generated, real] {
      if let row = side.firstNotFinite { throw ScoreError.featuresNotFinite(picture: row) }
    }
    var random = NumPyRandom(seed: seed)
    let m = Double(size)
    var values: [Double] = []
    for index in 0..<subsets {
      let x = generated.selecting(random.choice(of: generated.count, count: size))
      let y = real.selecting(random.choice(of: real.count, count: size))
      let sums = try FeatureKernels.cubicSums(x.values, y.values, dimensions: real.dimensions)
      values.append((sums.x + sums.y) / (m * (m - 1)) - 2 * sums.both / (m * m))
      try progress(index + 1)
    }
    self.values = values
    self.seed = seed
    self.subsetSize = size
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    standardDeviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }
}
