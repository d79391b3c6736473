import Foundation
import Report
import Testing

@Suite struct ChartTests {
  /// The numbers as the page holds them.
  private func numbers(_ values: [Double], isLogarithmic: Bool = false) throws -> [Double?] {
    let chart = Chart(
      title: "", x: "", y: Axis("", isLogarithmic: isLogarithmic),
      traces: [.line("", .data, x: values.map { _ in 0 }, y: values)])
    let arrays = try #require(try chartData(of: page(.chart(chart)))["arrays"] as? [[Any]])
    return (arrays.count > 1 ? arrays[1] : arrays[0]).map { $0 as? Double }
  }

  @Test func numbersThatAreNotFinite() throws {
    #expect(try numbers([.nan, 1, .infinity, -.infinity, 2.5]) == [nil, 1, nil, nil, 2.5])
    #expect(try numbers([.nan]) == [nil])
  }

  @Test func roundingOnLinearAxes() throws {
    // No finer than 1/20 000 of the spread and no coarser than 1/2000.
    #expect(try numbers([0, 0.123456789, 1e-9, 1]) == [0, 0.1235, 0, 1])
    #expect(try numbers([1.3861234, 1.3862345]) == [1.386123, 1.386235])
    #expect(try numbers([0.123456789, 0.123456789]) == [0.1235, 0.1235])
    #expect(try numbers([123_456.7, -987_654.3]) == [123_500, -987_700])
    // Steps of a long run.
    #expect(try numbers([0, 12_345, 1_234_567]) == [0, 12_345, 1_234_567])
  }

  @Test func roundingOnLogarithmicAxes() throws {
    #expect(try numbers([0.000123456, 123.456, 1.5e-300], isLogarithmic: true) == [0.0001235, 123.5, 1.5e-300])
  }

  @Test(arguments: [
    [Double.greatestFiniteMagnitude, -Double.greatestFiniteMagnitude, 0.5], [Double.leastNonzeroMagnitude, 0],
    [1e300, 1.5], [-0.0, 0.0],
  ])
  func extremes(values: [Double]) throws {
    let stored = try numbers(values)
    #expect(stored.count == values.count)
    let size = values.map(abs).max() ?? 0
    for (value, stored) in zip(values, stored) {
      #expect(abs((stored ?? .nan) - value) <= size / 2000 + .leastNormalMagnitude)
    }
  }

  @Test func arraysAreKeptOnce() throws {
    let x = (0..<200).map(Double.init)
    let density = x.map { $0 * $0 }
    let frames = (0..<50).map { frame in
      Animation.Frame(
        "\(frame)",
        [
          .area("p", .data, x: x, y: density), .line("D", .discriminator, x: x, y: x.map { $0 + Double(frame) }),
        ])
    }
    let chart = Chart(title: "", x: "", y: "", traces: [.area("p", .data, x: x, y: density)])
    let data = try chartData(of: page(.animation(Animation(chart, frames: frames)), .chart(chart)))
    // x, which is also D's first frame, the density, and 49 more of D.
    #expect((data["arrays"] as? [Any])?.count == 51)
    #expect((data["styles"] as? [Any])?.count == 2)
    #expect((data["charts"] as? [Any])?.count == 2)
  }

  @Test func axesCoverAllFrames() throws {
    let variants = [1.0, 3].map { height in
      Animation.Variant(
        "\(height)",
        frames: (0..<3).map { frame in
          Animation.Frame(
            "",
            [
              .histogram("h", .generated, edges: [Double(frame), Double(frame) + 1], heights: [height]),
              .line("D", .discriminator, x: [0, .nan], y: [-1, 1e9]).onSecondAxis(),
            ])
        })
    }
    let chart = Chart(title: "", x: "x", y: "y", y2: Axis("y2", range: -2...2), traces: [])
    let data = try chartData(of: page(.animation(Animation(chart, variants: variants))))
    let drawn = try #require((data["charts"] as? [[String: Any]])?.first)
    func range(_ axis: String) -> [Double]? { (drawn[axis] as? [String: Any])?["range"] as? [Double] }
    #expect(range("x") == [0, 3])
    #expect(range("y") == [0, 3.12])
    #expect(range("y2") == [-2, 2])
  }

  @Test func emptyChartsAreValid() throws {
    let empty = Chart(title: "", x: "", y: "", traces: [.line("", .data, x: [], y: [])])
    let data = try chartData(
      of: page(
        .chart(empty), .animation(Animation(empty, frames: [])), .animation(Animation(empty, variants: [])),
        .animation(Animation(empty, frames: [.init("", [])]))))
    #expect((data["charts"] as? [Any])?.count == 4)
  }

  @Test func keyNamesWhatIsShown() {
    let traces: [Trace] = [
      .line("", .discriminator, x: [], y: []), .line("one seed", .discriminator, x: [], y: []).faint(),
      .band("D & G", .series(7), x: [], lower: [], upper: []), .line("D & G", .series(7), x: [], y: []).dashed(),
      .points("right", .reference, x: [], y: []).onSecondAxis(),
    ]
    let html = page(.chart(Chart(title: "T", x: "", y: "", y2: "", traces: traces))).html(plotly: "")
    #expect(html.components(separatedBy: "data-name=").count == 3)
    #expect(html.contains("data-name=\"D &amp; G\"><i class=\"line dashed\" style=\"--role: var(--series-1)\">"))
    #expect(html.contains("right <small>right axis</small>"))
    #expect(!html.contains("one seed</span>"))
  }

  /// Four techniques over eight seeds and fifty frames, each with a curve, a histogram and a density.
  @Test func sizeOfALongRun() {
    let x = (0..<200).map { Double($0) / 20 - 5 }
    let edges = (0...60).map { Double($0) / 6 - 5 }
    var generator = SystemRandomNumberGenerator()
    func noise(_ count: Int) -> [Double] { (0..<count).map { _ in Double.random(in: 0...1, using: &generator) } }
    let animations = (0..<4).map { technique in
      let variants = (1...8).map { seed in
        Animation.Variant(
          "\(seed)",
          frames: (0..<50).map { frame in
            Animation.Frame(
              "step \(frame * 200)",
              [
                .histogram("generated", .generated, edges: edges, heights: noise(60)),
                .line("D(x)", .discriminator, x: x, y: noise(200)),
              ])
          })
      }
      let density = Trace.area("data", .data, x: x, y: x.map { exp(-$0 * $0 / 2) })
      return Block.animation(
        Animation(Chart(title: "\(technique)", x: "x", y: "p", traces: [density]), variants: variants))
    }
    let size = Page(title: "", lead: "", blocks: animations).html(plotly: "").utf8.count
    #expect(size < 4_000_000)
  }
}
