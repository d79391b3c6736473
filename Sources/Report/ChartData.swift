import Foundation

/// The JSON that the page's script draws from.
///
/// Arrays of numbers and the looks of traces are kept once each, however many frames and charts refer to them:
///
/// ```json
/// {"arrays": [[-3, -2.9], [0.1, 0.2]],
///  "styles": [{"name": "D(x)", "role": "discriminator", "kind": "line"}],
///  "charts": [{"x": {"title": "x"}, "y": {"title": "p"}, "traces": [[0, 0, 1]],
///              "variants": [[{"label": "step 0", "traces": [[0, 0, 1]]}]]}]}
/// ```
///
/// A trace is the index of its style followed by those of its arrays: x, y and, for a band, its lower edge.
struct ChartData {
  private var arrays = Pool()
  private var styles = Pool()
  private var charts: [String] = []

  var isEmpty: Bool { charts.isEmpty }

  var json: String {
    "{\"arrays\":[\(arrays.joined)],\n\"styles\":[\(styles.joined)],\n\"charts\":[\(charts.joined(separator: ",\n"))]}"
  }

  /// - Returns: the index of the chart.
  mutating func add(_ chart: Chart) -> Int {
    charts.append("{\(fields(of: chart))}")
    return charts.count - 1
  }

  /// - Returns: the index of the chart.
  mutating func add(_ animation: Animation) -> Int {
    var chart = animation.chart
    let traces = chart.traces + animation.variants.flatMap { $0.frames.flatMap(\.traces) }
    let hasSecondAxis = chart.y2 != nil
    let left = traces.filter { !hasSecondAxis || !$0.isOnSecondAxis }
    chart.x.range = chart.x.range ?? Extent(of: traces.map(\.x), isLogarithmic: chart.x.isLogarithmic)?.range
    chart.y.range = chart.y.range ?? Extent(heightsOf: left, isLogarithmic: chart.y.isLogarithmic)?.padded
    if let axis = chart.y2 {
      let right = traces.filter(\.isOnSecondAxis)
      chart.y2?.range = axis.range ?? Extent(heightsOf: right, isLogarithmic: axis.isLogarithmic)?.padded
    }
    let variants = animation.variants.map { variant in
      let frames = variant.frames.map { frame in
        "{\"label\":\(Report.json(frame.label)),\"traces\":\(json(frame.traces, in: chart))}"
      }
      return "[\(frames.joined(separator: ","))]"
    }
    let link = animation.link.map { ",\"link\":\(Report.json($0))" } ?? ""
    charts.append("{\(fields(of: chart))\(link),\n\"variants\":[\(variants.joined(separator: ",\n"))]}")
    return charts.count - 1
  }

  private mutating func fields(of chart: Chart) -> String {
    let y2 = chart.y2.map { ",\"y2\":\(json($0))" } ?? ""
    return "\"x\":\(json(chart.x)),\"y\":\(json(chart.y))\(y2),\"traces\":\(json(chart.traces, in: chart))"
  }

  private func json(_ axis: Axis) -> String {
    var fields = "\"title\":\(Report.json(axis.title))"
    if let range = axis.range {
      fields += ",\"range\":[\(CompactNumber.json(range.lowerBound)),\(CompactNumber.json(range.upperBound))]"
    }
    if axis.isLogarithmic { fields += ",\"log\":true" }
    return "{\(fields)}"
  }

  private mutating func json(_ traces: [Trace], in chart: Chart) -> String {
    let references = traces.map { trace in
      let onSecondAxis = trace.isOnSecondAxis && chart.y2 != nil
      let y = onSecondAxis ? chart.y2 ?? chart.y : chart.y
      var style = "\"name\":\(Report.json(trace.name)),\"role\":\"\(trace.role.name)\""
      style += ",\"kind\":\"\(trace.kind.rawValue)\""
      if trace.stroke != .solid { style += ",\"stroke\":\"\(trace.stroke.rawValue)\"" }
      if trace.isFaint { style += ",\"faint\":true" }
      if onSecondAxis { style += ",\"second\":true" }
      var reference = [styles.index(of: "{\(style)}")]
      reference.append(arrays.index(of: CompactNumber.json(trace.x, isLogarithmic: chart.x.isLogarithmic)))
      reference.append(arrays.index(of: CompactNumber.json(trace.y, isLogarithmic: y.isLogarithmic)))
      if trace.kind == .band {
        reference.append(arrays.index(of: CompactNumber.json(trace.lower, isLogarithmic: y.isLogarithmic)))
      }
      return "[\(reference.map(String.init).joined(separator: ","))]"
    }
    return "[\(references.joined(separator: ","))]"
  }
}

/// Texts, each kept once.
private struct Pool {
  private var indices: [String: Int] = [:]
  private var texts: [String] = []

  var joined: String { texts.joined(separator: ",\n") }

  mutating func index(of text: String) -> Int {
    if let index = indices[text] { return index }
    indices[text] = texts.count
    texts.append(text)
    return texts.count - 1
  }
}

/// What numbers span, for axes that have to stay the same.
private struct Extent {
  private var low = Double.infinity
  private var high = -Double.infinity
  private let isLogarithmic: Bool

  init?(of arrays: [[Double]], isLogarithmic: Bool) {
    self.isLogarithmic = isLogarithmic
    for array in arrays { include(array) }
    if low > high { return nil }
  }

  /// The heights of traces; those that stand on the axis include 0.
  init?(heightsOf traces: [Trace], isLogarithmic: Bool) {
    self.isLogarithmic = isLogarithmic
    for trace in traces {
      include(trace.y)
      include(trace.lower)
      if [.area, .bars, .histogram].contains(trace.kind) { include([0]) }
    }
    if low > high { return nil }
  }

  private mutating func include(_ values: [Double]) {
    for value in values where value.isFinite && (!isLogarithmic || value > 0) {
      low = min(low, value)
      high = max(high, value)
    }
  }

  /// From the lowest to the highest.
  var range: ClosedRange<Double> {
    if low < high { return low...high }
    return isLogarithmic ? low / 2...high * 2 : low - 0.5...high + 0.5
  }

  /// ``range`` with a little air, except at 0, where shapes stand.
  var padded: ClosedRange<Double> {
    let range = range
    if isLogarithmic {
      let air = pow(range.upperBound / range.lowerBound, 0.04)
      return range.lowerBound / air...range.upperBound * air
    }
    let air = (range.upperBound - range.lowerBound) * 0.04
    return (low == 0 ? 0 : range.lowerBound - air)...(high == 0 ? 0 : range.upperBound + air)
  }
}
