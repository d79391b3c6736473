import Files
import Foundation
import Images
import Report
import Testing

@Suite struct PageTests {
  private static let evil = "</script><script>alert('1')</script><!-- \"&\u{2028}\0"

  /// Every string that a page can hold.
  private func evilPage() -> Page {
    let evil = Self.evil
    let axis = Axis(evil)
    let trace = Trace.line(evil, .data, x: [0, 1], y: [0, 1])
    let chart = Chart(title: evil, caption: evil, x: axis, y: axis, y2: axis, traces: [trace.onSecondAxis()])
    let frames = [Animation.Frame(evil, [trace]), Animation.Frame(evil, [trace])]
    let variants = [Animation.Variant(evil, frames: frames), Animation.Variant(evil, frames: frames)]
    let table = Table(
      title: evil, columns: [.init(evil, unit: evil, help: evil), .init("-" + evil)],
      rows: [[.text(evil), .text(evil)]], note: evil)
    return Page(
      title: evil, lead: evil,
      blocks: [
        .section(evil, [.section(evil, []), .paragraph(evil), .finding(evil), .note(evil)]),
        .section(evil, [.definitions([(evil, evil)])]),
        .table(table), .row([.chart(chart)]),
        .animation(Animation(chart, variantTitle: evil, variants: variants, link: evil)),
        .figure(Figure(png: Data(), alternative: evil, caption: evil)),
      ], footer: evil)
  }

  @Test func nothingBreaksOut() throws {
    let html = evilPage().html(plotly: "/* Plotly */")
    let broken = ["<script>alert", "<!--", "\0"].filter(html.contains)
    #expect(broken == [])
    // The data, report.js and Plotly.js.
    #expect(html.components(separatedBy: "<script").count == 4)
    #expect(html.components(separatedBy: "</script>").count == 4)
    let data = try chartData(of: evilPage())
    let style = try #require((data["styles"] as? [[String: Any]])?.first)
    #expect(style["name"] as? String == Self.evil)
  }

  @Test func librarySourceStaysInItsElement() {
    let html = page(.chart(Chart(title: "", x: "", y: "", traces: []))).html(plotly: "a=\"</SCRIPT><!--</script>\"")
    #expect(html.contains("a=\"<\\/SCRIPT><\\!--<\\/script>\""))
    #expect(html.components(separatedBy: "</script>").count == 4)
  }

  @Test func loadsNothing() {
    let html = evilPage().html(plotly: "")
    #expect(html.contains("default-src 'none'"))
    #expect(!html.contains("src=\"http") && !html.contains("href=\"http") && !html.contains("url("))
  }

  @Test func contentsAndAnchors() {
    let html = page(
      .section("Feature matching", [.section("Feature matching", [])]), .section("Größe & Maß", []), .section("…", [])
    ).html(plotly: "")
    #expect(html.contains("<li><a href=\"#feature-matching\">Feature matching</a></li>"))
    #expect(html.contains("<section id=\"feature-matching\">\n<h2>"))
    #expect(html.contains("<section id=\"feature-matching-2\">\n<h3>"))
    #expect(html.contains("<section id=\"größe-maß\">"))
    #expect(html.contains("<section id=\"section\">"))
    #expect(html.components(separatedBy: "<li><a").count == 4)
    #expect(!page(.section("Only one", [])).html(plotly: "").contains("<nav"))
  }

  @Test(arguments: [
    ("run `make setup` now", "run <code>make setup</code> now"), ("`a<b`", "<code>a&lt;b</code>"), ("a ` b", "a ` b"),
    ("`a` ` b", "<code>a</code> ` b"), ("", ""),
  ])
  func codeInText(text: String, html: String) {
    #expect(page(.paragraph(text)).html(plotly: "").contains("<p>\(html)</p>"))
  }

  @Test func withoutChartsNoScript() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("report.html")
      try page(.section("A", [.row([.paragraph("B")])])).write(
        to: file, plotly: folder.appendingPathComponent("absent"))
      let html = try String(contentsOf: file, encoding: .utf8)
      #expect(!html.contains("<script") && html.utf8.count < 20_000)
    }
  }

  @Test(arguments: [
    (["GAN_PLOTLY": "/a/p.js", "XDG_CACHE_HOME": "/c"], "/a/p.js"),
    (["GAN_PLOTLY": "", "XDG_CACHE_HOME": "/c"], "/c/swift-gan/plotly.min.js"),
    (["HOME": "/home/a"], "/home/a/.cache/swift-gan/plotly.min.js"),
  ])
  func whereTheLibraryIs(environment: [String: String], path: String) {
    #expect(PlotlyFile.url(environment: environment).path == path)
  }

  @Test func missingLibrary() throws {
    try withFolder { folder in
      let report = page(.section("A", [.row([.chart(Chart(title: "", x: "", y: "", traces: []))])]))
      let file = folder.appendingPathComponent("report.html")
      let library = folder.appendingPathComponent("plotly.min.js")
      let missing = try #require(throws: FileError.self) { try report.write(to: file, plotly: library) }
      #expect(missing.path == library.path && missing.reason.contains("make setup"))
      try Data("<html>404</html>".utf8).write(to: library)
      let wrong = try #require(throws: FileError.self) { try report.write(to: file, plotly: library) }
      #expect(wrong.description == "\(library.path): is not Plotly.js")
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }

  @Test func folderThatIsNotThere() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("absent/report.html")
      let error = try #require(throws: FileError.self) { try page(.paragraph("")).write(to: file) }
      #expect(error.path == file.path && error.reason == "cannot be written (No such file or directory)")
    }
  }

  @Test func figuresCarryTheirSize() throws {
    let image = try Image(width: 30, height: 20, channels: 3, samples: [UInt8](repeating: 7, count: 1800))
    let figure = try Figure(image, alternative: "noise", caption: "Noise.")
    let html = page(.figure(figure)).html(plotly: "")
    #expect(
      html.contains("<img src=\"data:image/png;base64,\(figure.png.base64EncodedString())\" width=\"30\" height=\"20\"")
    )
    #expect(html.contains("<figcaption>Noise.</figcaption>"))
  }
}
