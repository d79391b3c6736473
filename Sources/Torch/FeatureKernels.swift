import CTorch

/// Our own kernels over rows of features, the same for any number of threads.
public enum FeatureKernels {
  private static func requireRows(_ count: Int, _ dimensions: Int) throws {
    guard dimensions > 0, count.isMultiple(of: dimensions) else {
      throw TensorError(description: "\(count) numbers are no rows of \(dimensions)")
    }
  }

  /// Adds `rows` [count, D] to the mean [D] and to the scatter [D, D], the sum of the products of deviations from the
  /// mean, of the `before` rows that they are of (Chan, Golub and LeVeque 1979: nothing large cancels).
  ///
  /// - Precondition: `rows`, `mean` and `scatter` have as many elements as that takes.
  /// - Throws: `TensorError` where there is no memory.
  public static func add(
    _ rows: UnsafeBufferPointer<Float>, before: Int, mean: inout [Double], scatter: inout [Double]
  ) throws {
    let dimensions = mean.count
    try requireRows(rows.count, dimensions)
    guard scatter.count == dimensions * dimensions else {
      throw TensorError(description: "a scatter matrix of \(scatter.count) numbers is none of \(dimensions) dimensions")
    }
    guard let start = rows.baseAddress, rows.count > 0 else { return }
    let count = Int64(rows.count / dimensions)
    try mean.withUnsafeMutableBufferPointer { mean in
      try scatter.withUnsafeMutableBufferPointer { scatter in
        try check(
          ct_add_to_moments(
            start, count, Int64(dimensions), Int64(before), mean.baseAddress!, scatter.baseAddress!))
      }
    }
  }

  /// The sums of (a.b / D + 1)^3 over the pairs of different rows of `x` [N, D], over those of `y` [M, D], and over the
  /// pairs of a row of each, in float64.
  ///
  /// - Throws: `TensorError` where there is no memory.
  public static func cubicSums(_ x: [Float], _ y: [Float], dimensions: Int) throws -> (
    x: Double, y: Double, both: Double
  ) {
    try requireRows(x.count, dimensions)
    try requireRows(y.count, dimensions)
    var sums = [Double](repeating: 0, count: 3)
    try check(
      ct_cubic_kernel_sums(x, Int64(x.count / dimensions), y, Int64(y.count / dimensions), Int64(dimensions), &sums))
    return (sums[0], sums[1], sums[2])
  }

  /// The squared distances of each of `rows` [N, D] to its `count` nearest others, ascending: [N, count], as float64
  /// makes them of the differences.
  ///
  /// - Throws: `TensorError`: there are not so many others, or a row is not finite.
  public static func nearestOthers(_ rows: [Float], dimensions: Int, count: Int) throws -> [Double] {
    try requireRows(rows.count, dimensions)
    let number = rows.count / dimensions
    var squared = [Double](repeating: 0, count: number * count)
    try check(ct_neighbour_distances(rows, Int64(number), Int64(dimensions), Int32(count), &squared))
    return squared
  }

  /// Who is in whose ball; see `memberships`.
  public struct Memberships: Sendable {
    /// Of each generated point: whether some real one's ball holds it.
    public var generatedInReal: [UInt8]
    /// Of each real point: whether some generated one's ball holds it.
    public var realInGenerated: [UInt8]
    /// Of each generated point: how many of the real ones' exclusive balls hold it.
    public var ballsAroundGenerated: [Int32]
    /// Of each real point: whether its exclusive ball holds some generated one.
    public var realBallIsMet: [UInt8]
    /// Of each generated point: the nearest real one, and the squared distance.
    public var nearestReal: [Int64]
    /// Of each generated point: the square of the distance from ``nearestReal``.
    public var nearestSquared: [Double]
  }

  /// Which points of two sets lie in the balls around those of the other.
  ///
  /// - Parameters:
  ///   - real: [N, D]
  ///   - generated: [M, D]
  ///   - realRadii: squared, [N]; a point at the very distance is in, unless `strict`.
  ///   - generatedRadii: squared, [M]; the same.
  ///   - exclusiveRadii: squared, [N], of real points; a point at the very distance is out.
  /// - Throws: `TensorError`: a set is empty, or a row is not finite.
  public static func memberships(
    real: [Float], generated: [Float], dimensions: Int, realRadii: [Double], generatedRadii: [Double],
    exclusiveRadii: [Double], strict: Bool
  ) throws -> Memberships {
    try requireRows(real.count, dimensions)
    try requireRows(generated.count, dimensions)
    let (n, m) = (real.count / dimensions, generated.count / dimensions)
    guard realRadii.count == n, exclusiveRadii.count == n, generatedRadii.count == m else {
      throw TensorError(description: "memberships: there is not a radius for each point")
    }
    var result = Memberships(
      generatedInReal: Array(repeating: 0, count: m), realInGenerated: Array(repeating: 0, count: n),
      ballsAroundGenerated: Array(repeating: 0, count: m), realBallIsMet: Array(repeating: 0, count: n),
      nearestReal: Array(repeating: 0, count: m), nearestSquared: Array(repeating: 0, count: m))
    guard n > 0, m > 0 else { throw TensorError(description: "memberships: there are no points on a side") }
    try realRadii.withUnsafeBufferPointer { inclusive in
      try generatedRadii.withUnsafeBufferPointer { ofGenerated in
        try exclusiveRadii.withUnsafeBufferPointer { exclusive in
          try result.fill { out in
            var balls = CTBalls(
              real_inclusive: inclusive.baseAddress!, generated: ofGenerated.baseAddress!, strict: strict,
              real_exclusive: exclusive.baseAddress!)
            var out = out
            try check(ct_memberships(real, Int64(n), generated, Int64(m), Int64(dimensions), &balls, &out))
          }
        }
      }
    }
    return result
  }
}

extension FeatureKernels.Memberships {
  /// - Precondition: there are points on both sides.
  fileprivate mutating func fill(_ body: (CTMemberships) throws -> Void) throws {
    try generatedInReal.withUnsafeMutableBufferPointer { inReal in
      try realInGenerated.withUnsafeMutableBufferPointer { inGenerated in
        try ballsAroundGenerated.withUnsafeMutableBufferPointer { balls in
          try realBallIsMet.withUnsafeMutableBufferPointer { met in
            try nearestReal.withUnsafeMutableBufferPointer { nearest in
              try nearestSquared.withUnsafeMutableBufferPointer { squared in
                try body(
                  CTMemberships(
                    generated_in_real: inReal.baseAddress!, real_in_generated: inGenerated.baseAddress!,
                    balls_around_generated: balls.baseAddress!, real_ball_is_met: met.baseAddress!,
                    nearest_real: nearest.baseAddress!, nearest_squared: squared.baseAddress!))
              }
            }
          }
        }
      }
    }
  }
}
