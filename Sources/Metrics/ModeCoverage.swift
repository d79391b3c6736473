/// Which modes of a mixture generated points have found, and how many of the points are any good.
///
/// A point is of high quality if it lies within three standard deviations of the nearest mode; a mode is covered if one
/// such point belongs to it (Srivastava et al., *VEEGAN*, 2017).
public struct ModeCoverage: Sendable, Hashable {
  /// High-quality points of each mode.
  public let counts: [Int]
  /// All points.
  public let points: Int

  /// - Parameters:
  ///   - points: as many coordinates each as a mode.
  ///   - modes: where the mixture's components are.
  ///   - standardDeviation: of every component in every direction.
  public init(_ points: [[Double]], modes: [[Double]], standardDeviation: Double) {
    var counts = [Int](repeating: 0, count: modes.count)
    let reach = 9 * standardDeviation * standardDeviation
    for point in points {
      let distances = modes.map { mode in zip(point, mode).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
      guard let nearest = distances.indices.min(by: { distances[$0] < distances[$1] }) else { continue }
      if distances[nearest] <= reach { counts[nearest] += 1 }
    }
    self.counts = counts
    self.points = points.count
  }

  /// Modes with a high-quality point at least.
  public var covered: Int { counts.count { $0 > 0 } }
  /// The modes that have at least `share` of the high-quality points they would have if all points were that and spread
  /// evenly.
  public func found(share: Double) -> Int {
    counts.count { Double($0) >= max(share * Double(points) / Double(counts.count), 1) }
  }
  /// In 0 ... 1.
  public var highQualityShare: Double { points == 0 ? 0 : Double(counts.reduce(0, +)) / Double(points) }
}
