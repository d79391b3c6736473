/// Distances and summaries of points on a line.
public enum OneDimensional {
  /// The Wasserstein-1 distance between two samples, of any sizes: the area between their cumulative distribution
  /// functions. NaN where a sample is empty.
  public static func wasserstein(_ x: [Double], _ y: [Double]) -> Double {
    guard !x.isEmpty, !y.isEmpty else { return .nan }
    let (x, y) = (x.sorted(), y.sorted())
    var (i, j, distance) = (0, 0, 0.0)
    var last = min(x[0], y[0])
    while i < x.count || j < y.count {
      let next = j == y.count || (i < x.count && x[i] <= y[j]) ? x[i] : y[j]
      distance += abs(Double(i) / Double(x.count) - Double(j) / Double(y.count)) * (next - last)
      if i < x.count && x[i] == next { i += 1 } else { j += 1 }
      last = next
    }
    return distance
  }

  /// The share of points in each of the bins that `edges`, in ascending order, cut the line into: `edges.count` + 1
  /// numbers.
  public static func shares(of points: [Double], between edges: [Double]) -> [Double] {
    var counts = [Double](repeating: 0, count: edges.count + 1)
    for point in points { counts[edges.firstIndex { point < $0 } ?? edges.count] += 1 }
    return counts.map { $0 / Double(max(1, points.count)) }
  }
}
