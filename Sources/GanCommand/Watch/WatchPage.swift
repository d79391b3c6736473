import CLiveFiles
import Files
import Foundation
import Recipes
import Report

/// The live page of some runs: what stands on it, and the charts with what has been measured so far.
struct WatchPage {
  let runs: [WatchedRun]

  /// The page's charts, by sections.
  private var sections: [(title: String, charts: [Chart])] {
    let scores = Set(runs.flatMap { $0.columns.scores + ($0.description?.options?.scores?.metrics ?? []) }).sorted()
    let sections: [(String, [MeasuredChart])] = [
      ("Scores", scores.map { .score($0) }),
      ("The two players", [.losses, .accuracy, .outputs, .testErrors]),
      (
        "The samples",
        [.coverage, .precision, .recall, .density, .modes, .spread, .duplicates]
      ),
      ("Gradients", [.gradients]),
    ]
    return sections.map { title, charts in (title, charts.flatMap(drawn)) }
  }

  /// As wide as a chart is drawn on a screen, and some more for screens that draw finer.
  private static let columns = 800

  /// One chart of a single run; of several one a line, so that each run has a line in it.
  private func drawn(_ chart: MeasuredChart) -> [Chart] {
    func values(_ run: WatchedRun, _ quantity: MeasuredQuantity) -> (x: [Double], y: [Double]) {
      let column = run.columns[quantity]
      return thinned(x: column.steps, y: column.values, columns: Self.columns)
    }
    if runs.count == 1 {
      return [withHealthyBand(chart.limit, chart.chart { values(runs[0], $0) })]
    }
    return chart.lines.map { line in
      withHealthyBand(
        chart.limit,
        Chart(
          title: chart.lines.count == 1 ? chart.title : "\(chart.title): \(line.name)", caption: chart.caption,
          x: "step", y: Axis(chart.axis, isLogarithmic: chart.isLogarithmic),
          traces: runs.enumerated().map { index, run in
            let (x, y) = values(run, line.quantity)
            return .line(names[index], .series(index), x: x, y: y)
          }))
    }
  }

  private func withHealthyBand(_ limit: MeasuredChart.Limit?, _ chart: Chart) -> Chart {
    guard let limit else { return chart }
    let values = chart.traces.flatMap(\.finiteValues)
    let ends = chart.traces.compactMap(\.ends)
    var x: [Double] = []
    if let first = ends.map(\.lowerBound).min(), let last = ends.map(\.upperBound).max() { x = [first, last] }
    let bounds =
      switch limit {
      case .above(let value): (value, max(1, values.max() ?? 1))
      case .below(let value): (min(0, values.min() ?? 0), value)
      }
    var chart = chart
    chart.traces.insert(
      .band("healthy", .reference, x: x, lower: x.map { _ in bounds.0 }, upper: x.map { _ in bounds.1 }), at: 0)
    return chart
  }

  /// The runs' names, as short as tells them apart.
  private var names: [String] {
    let last = runs.map(\.folder.url.lastPathComponent)
    return Set(last).count == last.count ? last : runs.map(\.folder.url.relativePath)
  }

  private var blocks: [Block] {
    [
      .slot("live-runs"), .section("Pictures", [.slot("live-pictures")]),
      .section("How it goes", [.slot("live-health")]),
    ]
      + sections.filter { !$0.charts.isEmpty }.map { title, charts in
        .section(title, [.row(charts.map { .chart($0) })])
      } + (runs.count > 1 ? [.section("What differs", [.slot("live-differences")])] : []) + [.slot("live-bar")]
  }

  /// What of the page cannot change while it is open: with another one it is loaded anew.
  private var layout: String { sections.flatMap { $0.charts.map(\.title) }.joined(separator: "|") }

  /// What the script of the page gets, whenever something has changed.
  ///
  /// - Parameter now: in seconds since 1970.
  func data(now: Double) throws -> String {
    try data(now: now, embedded: [])
  }

  private func data(now: Double, embedded: [[String: String]]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    let charts = Page(title: "", lead: "", blocks: blocks).chartData
    return try """
    {"layout":\(json(layout)),"isLive":\(embedded.isEmpty),"state":\(json(WatchState(runs, now: now))),\
    "embedded":\(json(embedded)),"charts":\(charts)}
    """
  }

  private func page(_ data: String, plotlyPath: String?, footer: String) -> Page {
    let title = runs.count == 1 ? runs[0].folder.url.relativePath : "\(runs.count) runs"
    var page = Page(title: title, lead: lead, blocks: blocks, footer: footer)
    page.live = Page.Live(
      script: String(cString: local_js()) + String(cString: watch_js()),
      style: String(cString: watch_css()), data: data, plotlyPath: plotlyPath)
    return page
  }

  private var lead: String {
    let recipes = Set(runs.compactMap(\.recipe?.name)).sorted()
    return runs.count == 1 ? runs[0].recipe?.summary ?? "" : recipes.joined(separator: ", ")
  }

  /// The page as the server hands it out.
  func html(now: Double, plotlyPath: String) throws -> String {
    try page(data(now: now), plotlyPath: plotlyPath, footer: "`gan watch`; what changes appears by itself.")
      .html(plotly: "")
  }

  /// Pictures of each run that the page as a file holds, at most.
  static let embeddedPictures = 40

  /// Writes the page as it is now, with its pictures in it.
  ///
  /// - Throws: `FileError`.
  func write(to file: URL, now: Double) throws {
    let embedded = runs.map { run in
      let pictures = run.folder.pictures
      let kept = Self.evenly(pictures.map(\.step), count: Self.embeddedPictures)
      var files = pictures.filter { kept.contains($0.step) }.map { ("\($0.step)", $0.url) }
      if let real = run.folder.realPicture { files.append(("real", real)) }
      return Dictionary(
        uniqueKeysWithValues: files.compactMap { name, url in
          (try? readFile(at: url, limit: 1 << 26)).map { (name, "data:image/png;base64,\($0.base64EncodedString())") }
        })
    }
    let command = "gan watch \(runs.map { shellPath($0.folder.url.relativePath) }.joined(separator: " "))"
    try page(data(now: now, embedded: embedded), plotlyPath: nil, footer: "Made by `\(command) --out`.").write(to: file)
  }

  /// `count` of the values at most, evenly, the first and the last among them.
  static func evenly(_ values: [Int], count: Int) -> Set<Int> {
    guard values.count > count else { return Set(values) }
    return Set((0..<count).map { values[$0 * (values.count - 1) / (count - 1)] })
  }
}
