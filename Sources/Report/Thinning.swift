/// As much of a line as can be seen of it.
///
/// What a line spans in x is cut into `columns` equal parts; of the points of each the first, the lowest, the highest
/// and the last are kept, so that no peak is lost and the line looks the same drawn that wide (M4: Jugel, Jerzak,
/// Hackenbroich, Markl 2014, *M4: A Visualization-Oriented Time Series Data Aggregation*). Where a part has points that
/// are not finite, one of them is kept: a gap.
///
/// - Parameters:
///   - x: ascending, finite.
///   - y: as many.
///   - columns: above 0.
/// - Returns: the points that are kept, in their order: all of them where there are no more than `4 * columns`.
public func thinned(x: [Int], y: [Float], columns: Int) -> (x: [Double], y: [Double]) {
  let count = min(x.count, y.count)
  guard count > 4 * columns, let first = x.first, x[count - 1] > first else {
    return (x.prefix(count).map(Double.init), y.prefix(count).map(Double.init))
  }
  var (keptX, keptY): ([Double], [Double]) = ([], [])
  let width = Double(x[count - 1]) - Double(first)
  func column(_ index: Int) -> Int {
    let place = (Double(x[index]) - Double(first)) / width
    return min(columns - 1, Int(min(1, max(0, place)) * Double(columns)))
  }
  var start = 0
  while start < count {
    let own = column(start)
    var end = start + 1
    while end < count, column(end) == own { end += 1 }
    var (low, high, gap): (Int?, Int?, Int?)
    for index in start..<end {
      guard y[index].isFinite else {
        gap = gap ?? index
        continue
      }
      if low.map({ y[index] < y[$0] }) ?? true { low = index }
      if high.map({ y[index] > y[$0] }) ?? true { high = index }
    }
    for index in Set([start, low, high, gap, end - 1].compactMap { $0 }).sorted() {
      keptX.append(Double(x[index]))
      keptY.append(Double(y[index]))
    }
    start = end
  }
  return (keptX, keptY)
}
