import CReportFiles
import Files
import Foundation

/// One self-contained HTML page: text, tables, images, and charts drawn by Plotly.js.
///
/// Everything the page needs is inside it, so that it opens offline, can be attached to a message and still reads the
/// same years later; a content security policy in its head forbids it to load anything. It follows the reader's light
/// or dark preference and the width of the window, and prints in light colours.
///
/// ```swift
/// let page = Page(
///   title: "One game, four ways",
///   lead: "Minibatch discrimination keeps all eight seeds from collapsing.",
///   blocks: [
///     .table(summary),
///     .section("Feature matching", [
///       .finding("No seed collapses, but the points oscillate until the end."),
///       .animation(game),
///       .row([.chart(pretraining), .chart(objectives)]),
///     ]),
///   ])
/// try page.write(to: folder.appendingPathComponent("report.html"))
/// ```
///
/// All strings are plain text and are escaped; in running text, words between backquotes are code.
public struct Page: Sendable {
  /// The heading of the page and the name of its browser tab.
  public var title: String
  /// One sentence under the title: what the page shows, or better, what it found.
  public var lead: String
  /// From top to bottom; sections among them make the page's contents.
  public var blocks: [Block]
  /// Small print at the end of the page, such as the command that made it.
  public var footer: String?
  /// What lets the page change while it is open; nil for a page that is what it is.
  public var live: Live?

  /// The script of a page that changes, and what it begins with.
  ///
  /// The script finds what it begins with as JSON in the element `live-data`, fills the page's slots
  /// (``Block/slot(_:)``), and draws charts anew by `report.replace(data)`, where data are ``Page/chartData``;
  /// `report.mark(x)` draws a line at x in all charts.
  public struct Live: Sendable {
    /// JavaScript, which runs before the charts are drawn.
    public var script: String
    /// Added to the page's style sheet.
    public var style: String
    /// JSON.
    public var data: String
    /// Where on the server that hands out the page Plotly.js is; nil for a page that holds it, and is asked for
    /// nothing.
    public var plotlyPath: String?
    /// Whether the script may ask the server that hands out the page for something.
    public var reachesServer: Bool

    /// - Parameters:
    ///   - data: JSON.
    ///   - reachesServer: as is the case where there is a `plotlyPath`, unless something else is said.
    public init(
      script: String, style: String, data: String, plotlyPath: String? = nil, reachesServer: Bool? = nil
    ) {
      (self.script, self.style, self.data, self.plotlyPath) = (script, style, data, plotlyPath)
      self.reachesServer = reachesServer ?? (plotlyPath != nil)
    }
  }

  /// - Parameters:
  ///   - title: the heading, and the name of the browser tab.
  ///   - lead: one sentence under it.
  ///   - footer: small print at the end.
  public init(title: String, lead: String, blocks: [Block], footer: String? = nil) {
    self.title = title
    self.lead = lead
    self.blocks = blocks
    self.footer = footer
  }

  /// The page's HTML.
  ///
  /// When the page has been drawn, its root element carries `data-charts` (how many charts are drawn), `data-errors`
  /// (script errors so far) and `data-overflow` (by how many pixels the page is wider than the window), which is what a
  /// test in a headless browser reads.
  ///
  /// - Parameter plotly: the source text of Plotly.js, which goes into the page if there is a chart to draw.
  public func html(plotly: String) -> String {
    var writer = PageWriter()
    let content = writer.html(blocks, level: 2)
    var scripts =
      writer.charts.isEmpty
      ? []
      : [
        "<script type=\"application/json\" id=\"chart-data\">\(writer.charts.json)</script>",
        "<script>\(String(cString: report_js()))</script>",
      ]
    if let live {
      scripts += [
        "<script type=\"application/json\" id=\"live-data\">\(safe(live.data))</script>",
        "<script>\(Self.script(live.script))</script>",
      ]
    }
    if let path = live?.plotlyPath {
      scripts.append("<script src=\"\(escape(path))\"></script>")
    } else if !writer.charts.isEmpty {
      scripts.append("<script>\(Self.script(plotly))</script>")
    }
    let sources = live?.plotlyPath == nil ? "" : " 'self'"
    let connections = live?.reachesServer == true ? "; connect-src 'self'" : ""
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <link rel="icon" href="\(Self.icon)">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'\(sources); \
      style-src 'unsafe-inline'; img-src data: blob:\(sources)\(connections)">
      <title>\(escape(title))</title>
      <style>
      \(String(cString: report_css()))\(live?.style ?? "")</style>
      </head>
      <body>
      <header>
      <h1>\(escape(title))</h1>
      <p class="lead">\(runningText(lead))</p>
      </header>
      \(writer.contents)<main>
      \(content)\(footer.map { "<footer><p>\(runningText($0))</p></footer>\n" } ?? "")</main>
      \(scripts.joined(separator: "\n"))
      </body>
      </html>

      """
  }

  /// The numbers of the page's charts, as its script reads them: JSON.
  public var chartData: String {
    var writer = PageWriter()
    _ = writer.html(blocks, level: 2)
    return writer.charts.json
  }

  /// Writes the page to `url`, whole or not at all.
  ///
  /// - Parameter plotly: the file of Plotly.js; the one that ``PlotlyFile/url`` names if nil. It is only read if the
  ///   page has charts.
  /// - Throws: `FileError` naming the file of Plotly.js if it is missing or something else, or `url` if it cannot be
  ///   written.
  public func write(to url: URL, plotly: URL? = nil) throws {
    let source = blocks.contains(where: \.hasCharts) ? try PlotlyFile.read(plotly ?? PlotlyFile.url) : ""
    try writeOutput(Data(html(plotly: source).utf8), to: url)
  }

  /// A data density, and a generated one that comes near it: browsers ask a server for an icon where a page has none.
  private static let icon =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke-width='2'"
    + "%3E%3Cpath d='M1 13C6 13 5 3 8 3s2 10 7 10' stroke='%232a6fbb'/%3E"
    + "%3Cpath d='M1 14C5 14 4 6 7 6s2 8 7 8' stroke='%23d96c06'/%3E%3C/svg%3E"

  /// `source` such that nothing in it ends the script element around it.
  ///
  /// Minified sources keep `</script` and `<!--` inside string literals only, where a backslash changes nothing.
  private static func script(_ source: String) -> String {
    var result: [UInt8] = []
    var rest = Substring(source).utf8
    result.reserveCapacity(rest.count)
    while let bracket = rest.firstIndex(of: UInt8(ascii: "<")) {
      result += rest[...bracket]
      rest = rest[rest.index(after: bracket)...]
      let next = String(decoding: rest.prefix(7), as: UTF8.self).lowercased()
      if next == "/script" || next.hasPrefix("!--") { result.append(UInt8(ascii: "\\")) }
    }
    result += rest
    return String(decoding: result, as: UTF8.self)
  }
}
