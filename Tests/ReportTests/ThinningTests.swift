import Report
import Testing

/// Of a long line, what can be seen.
@Suite struct ThinningTests {
  @Test func shortLinesStayAsTheyAre() {
    let (x, y) = thinned(x: Array(0..<400), y: (0..<400).map { Float($0 % 7) }, columns: 100)
    #expect(x == (0..<400).map(Double.init) && y == (0..<400).map { Double($0 % 7) })
    #expect(thinned(x: [], y: [], columns: 10).x.isEmpty)
    #expect(thinned(x: [Int](repeating: 3, count: 90), y: [Float](repeating: 1, count: 90), columns: 10).x.count == 90)
  }

  /// Single points that stand out are what one looks for.
  @Test func noPeakIsLost() {
    var y = (0..<100_000).map { Float($0 % 10) }
    y[12_345] = 1e6
    y[77_777] = -1e6
    y[50_000] = .nan
    let (x, thin) = thinned(x: (0..<100_000).map { $0 * 3 }, y: y, columns: 500)
    #expect(x.count <= 500 * 5 && x.count >= 500)
    #expect(x == x.sorted() && Set(x).count == x.count)
    #expect(x.first == 0 && x.last == 299_997)
    let points = Dictionary(uniqueKeysWithValues: zip(x, thin))
    #expect(points[37_035] == 1e6 && points[233_331] == -1e6 && points[150_000]?.isNaN == true)
    #expect(zip(x, thin).allSatisfy { $1.isNaN || $1 == Double(y[Int($0) / 3]) }, "all points are points of the line")
  }

  /// A file may say anything.
  @Test func stepsThatAreNoneEndNothing() {
    let far = [Int.min, .max] + (0..<1_000).map { $0 % 2 == 0 ? Int.max - $0 : Int.min + $0 }
    for steps in [far, far.reversed(), far.sorted()] {
      let (x, y) = thinned(x: steps, y: [Float](repeating: .infinity, count: steps.count), columns: 20)
      #expect(x.count == y.count && x.count <= steps.count)
    }
  }

  /// The lowest and the highest of every column of pixels are those of all points in it.
  @Test func everyColumnSpansWhatItDid() {
    let x = (0..<20_000).map { $0 * $0 / 1_000 }
    let y = (0..<20_000).map { Float(($0 * 7_919) % 1_009) }
    let width = Double(x.last!)
    func spans(_ x: [Double], _ y: [Double]) -> [Int: ClosedRange<Double>] {
      Dictionary(grouping: zip(x, y)) { min(99, Int($0.0 / width * 100)) }.mapValues { points in
        points.map(\.1).min()!...points.map(\.1).max()!
      }
    }
    let thin = thinned(x: x, y: y, columns: 100)
    #expect(thin.x.count < 1_000)
    #expect(spans(thin.x, thin.y) == spans(x.map(Double.init), y.map(Double.init)))
  }
}
