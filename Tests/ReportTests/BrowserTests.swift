import Foundation
import Images
import Report
import TestSupport
import Testing

/// The page as a real browser shows it.
@Suite(
  .enabled(if: HeadlessBrowser.executable != nil, "needs Chromium on the search path or in CHROMIUM"),
  .enabled(
    if: FileManager.default.fileExists(atPath: PlotlyFile.url.path), "needs Plotly.js, which `make setup` fetches"),
  .serialized
)
struct BrowserTests {
  private let x = (0..<100).map { Double($0) / 10 - 5 }

  /// One of everything, with names as long and as odd as they get.
  private func sample() throws -> Page {
    let odd = "A <b>long</b> name & one-that-cannot-be-broken-" + String(repeating: "x", count: 60)
    let density = Trace.area("data density", .data, x: x, y: x.map { exp(-$0 * $0 / 2) })
    let variants = (1...8).map { seed in
      Animation.Variant(
        "\(seed)",
        frames: (0...seed + 3).map { frame in
          Animation.Frame(
            "step \(frame * 100)",
            [
              .histogram("generated", .generated, edges: [-2, -1, 0, 1], heights: [0.2, Double(frame) / 10, .nan]),
              .line("D(x)", .discriminator, x: x, y: x.map { 1 / (1 + exp(-$0 * Double(seed))) }).onSecondAxis(),
            ])
        })
    }
    let game = Chart(title: odd, caption: odd, x: "x", y: "density", y2: Axis("D(x)", range: 0...1), traces: [density])
    let everything = Chart(
      title: "Everything", x: Axis(odd), y: Axis("y", range: 1e-3...100, isLogarithmic: true),
      traces: [
        .points("points", .reference, x: x, y: x), .bars("bars", .loss, x: [1, 2], heights: [3, .infinity]),
        .band(odd, .series(1), x: x, lower: x.map { abs($0) }, upper: x.map { abs($0) + 1 }),
        .line(odd, .series(1), x: x, y: x.map { abs($0) + 0.5 }).dashed(),
        .line("", .series(2), x: x, y: x.map { _ in .nan }).faint(), .line("empty", .generator, x: [], y: []),
      ])
    let table = Table(
      title: odd, columns: (0..<8).map { .init("Column number \($0)", best: .lowest, help: odd) },
      rows: [[.text(odd)] + (1..<8).map { .measurement(mean: Double($0), deviation: 0.1) }])
    let image = try Image(width: 900, height: 40, samples: [UInt8](repeating: 128, count: 36_000))
    return Page(
      title: odd, lead: odd,
      blocks: [
        .table(table),
        .section(
          odd, [.finding(odd), .animation(Animation(game, variantTitle: "Seed", variants: variants, link: "a"))]),
        .section(
          "Two",
          [
            .animation(Animation(game, variantTitle: "Seed", variants: variants, link: "a")),
            .animation(Animation(game, frames: variants[0].frames)),
            .row([.chart(everything), .chart(Chart(title: "Empty", x: "", y: "", traces: []))]),
            .figure(try Figure(image, alternative: odd, caption: odd)), .definitions([(odd, odd)]), .note(odd),
          ]),
      ], footer: odd)
  }

  /// Opens the page and waits until all of its charts are drawn.
  private func opened(_ page: Page, in browser: HeadlessBrowser, width: Int, isDark: Bool = false) throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("report.html")
      try page.write(to: file)
      try browser.open(file, width: width, isDark: isDark)
      try browser.wait(until: "document.documentElement.dataset.overflow !== undefined")
    }
  }

  /// Scrolls to a chart and waits until the page has noticed: what is out of sight is drawn when it comes in sight.
  private func scrolled(to chart: Int, in browser: HeadlessBrowser) throws {
    _ = try browser.evaluate("document.querySelectorAll('.chart')[\(chart)].scrollIntoView()")
    _ = try browser.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
  }

  @Test(arguments: [1280, 400], [false, true])
  func drawsEverything(width: Int, isDark: Bool) throws {
    let browser = try HeadlessBrowser()
    try opened(sample(), in: browser, width: width, isDark: isDark)
    #expect(try browser.evaluate("innerWidth") == "\(width)")
    let state = try browser.evaluate("JSON.stringify(document.documentElement.dataset)")
    #expect(state == #"{"errors":"0","charts":"5","overflow":"0"}"#)
    #expect(try browser.evaluate("document.querySelectorAll('.plot .main-svg:first-of-type').length") == "5")
    // Every chart but the empty one has shapes in it, and all have room.
    let shapes = "[...document.querySelectorAll('.plot')].map(p => p.querySelectorAll('.js-line, .js-fill').length > 2)"
    #expect(try browser.evaluate(shapes + ".join()") == "true,true,true,true,false")
    let room = "[...document.querySelectorAll('.plot .plot')].every(p => p.getBoundingClientRect().height > 100)"
    #expect(try browser.evaluate(room) == "true")
    // Wide tables scroll in their own box, in a phone's window.
    let scrolls = try browser.evaluate("(s => s.scrollWidth > s.clientWidth)(document.querySelector('.scroll'))")
    #expect(scrolls == "true" || width > 400)
    let background = try browser.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    #expect(background == (isDark ? "rgb(20, 23, 26)" : "rgb(255, 255, 255)"))
    // What a finger has to hit.
    if width == 400 {
      let small = try browser.evaluate(
        "[...document.querySelectorAll('.play, .player input, .variants span')].filter(e => e.offsetHeight < 44).length"
      )
      #expect(small == "0")
    }
  }

  @Test func movesThroughTheRun() throws {
    let browser = try HeadlessBrowser()
    try opened(sample(), in: browser, width: 1280)
    try scrolled(to: 0, in: browser)
    /// Label, position of the slider and the highest bar of an animation.
    func shown(_ animation: Int) throws -> String {
      try browser.evaluate(
        """
        (f => [f.querySelector('output').textContent, f.querySelector('input[type=range]').value,
          f.querySelector('input[type=range]').getAttribute('aria-valuetext'),
          f.querySelector('.plot').data[1].y[2]].join())
        (document.querySelectorAll('.chart')[\(animation)])
        """)
    }
    #expect(try shown(0) == "step 400,4,step 400,0.4")
    // The slider by keyboard; the linked animation follows, also when it is scrolled to later.
    _ = try browser.evaluate("document.querySelector('input[type=range]').focus()")
    try browser.press("ArrowLeft")
    try browser.wait(until: "document.querySelector('.plot').data[1].y[2] === 0.3")
    #expect(try shown(0) == "step 300,3,step 300,0.3")
    try browser.press("Home")
    try browser.wait(until: "document.querySelector('.plot').data[1].y[2] === 0")
    #expect(try shown(0) == "step 0,0,step 0,0")
    try scrolled(to: 1, in: browser)
    try browser.wait(until: "document.querySelectorAll('.plot')[1].data[1].y[2] === 0")
    #expect(try shown(1) == "step 0,0,step 0,0")
    #expect(try shown(2) == "step 400,4,step 400,0.4")
    // Seed 3 has two frames more.
    _ = try browser.evaluate("document.querySelector('.variants input[value=\"2\"]').click()")
    _ = try browser.evaluate("document.querySelector('input[type=range]').focus()")
    try browser.press("End")
    try scrolled(to: 0, in: browser)
    try browser.wait(until: "document.querySelector('.plot').data[1].y[2] === 0.6")
    #expect(try shown(0) == "step 600,6,step 600,0.6")
    #expect(try browser.evaluate("document.querySelectorAll('.variants input:checked')[1].value") == "2")
    // Playing starts over at the end, runs and stops there.
    _ = try browser.evaluate("document.querySelector('.play').focus()")
    try browser.press(" ")
    #expect(try browser.evaluate("document.querySelector('.play').getAttribute('aria-label')") == "Pause")
    try browser.wait(until: "document.querySelector('input[type=range]').value === '2'")
    try browser.wait(until: "document.querySelector('.play').getAttribute('aria-label') === 'Play'")
    #expect(try shown(0) == "step 600,6,step 600,0.6")
    #expect(try browser.evaluate("document.documentElement.dataset.errors") == "0")
  }

  @Test func axesStayPut() throws {
    let browser = try HeadlessBrowser()
    try opened(sample(), in: browser, width: 1280)
    let ranges = """
      (l => [l.xaxis.range, l.yaxis.range, l.yaxis2.range].join())(document.querySelector('.plot')._fullLayout)
      """
    let before = try browser.evaluate(ranges)
    try scrolled(to: 0, in: browser)
    _ = try browser.evaluate("document.querySelector('input[type=range]').focus()")
    try browser.press("Home")
    try browser.wait(until: "document.querySelector('.plot').data[1].y[2] === 0")
    #expect(try browser.evaluate(ranges) == before)
  }

  @Test func keyHidesTraces() throws {
    let browser = try HeadlessBrowser()
    try opened(sample(), in: browser, width: 400)
    try scrolled(to: 0, in: browser)
    let button = "document.querySelector('.key button[data-name=\"D(x)\"]')"
    let visible = "document.querySelector('.plot').data[2].visible"
    _ = try browser.evaluate(button + ".click()")
    #expect(try browser.evaluate(visible) == "false")
    #expect(try browser.evaluate(button + ".getAttribute('aria-pressed')") == "false")
    _ = try browser.evaluate(button + ".click()")
    #expect(try browser.evaluate(visible) == "true")
  }

  @Test func printsInLightColors() throws {
    let browser = try HeadlessBrowser()
    try opened(sample(), in: browser, width: 1280, isDark: true)
    let ink = "document.querySelector('.plot')._fullLayout.hoverlabel.font.color"
    #expect(try browser.evaluate(ink) == "#e7eaed")
    _ = try browser.evaluate("dispatchEvent(new Event('beforeprint'))")
    #expect(try browser.evaluate(ink) == "#1b2026")
    _ = try browser.evaluate("dispatchEvent(new Event('afterprint'))")
    #expect(try browser.evaluate(ink) == "#e7eaed")
    #expect(try browser.pdf().starts(with: Data("%PDF".utf8)))
    #expect(try browser.evaluate("document.documentElement.dataset.errors") == "0")
  }

  /// One number is seen, and a scale of numbers that are never below 0 does not show what is.
  @Test func fewNumbersAndNoughts() throws {
    func line(_ title: String, _ y: [Double]) -> Block {
      .chart(
        Chart(title: title, x: "step", y: "y", traces: [.line("line", .loss, x: y.indices.map(Double.init), y: y)]))
    }
    let page = Page(
      title: "Few", lead: "",
      blocks: [
        line("one", [0]), line("noughts", [0, 0, 0]), line("shares", [0, 0.01, .nan]), line("both", [-1, 0, 1]),
      ])
    let browser = try HeadlessBrowser()
    try opened(page, in: browser, width: 1280)
    let plots = "[...document.querySelectorAll('.plot')]"
    try browser.wait(until: "\(plots).every(p => p._fullLayout?.yaxis.range)")
    #expect(
      try browser.evaluate("\(plots).map(p => p._fullLayout.yaxis.range[0] < 0).join()") == "false,false,false,true")
    #expect(try browser.evaluate("\(plots).map(p => p._fullLayout.yaxis.range[1] > 0).join()") == "true,true,true,true")
    #expect(try browser.evaluate("\(plots).map(p => p.querySelectorAll('.points path').length).join()") == "1,0,0,0")
  }

  /// The counter that the other tests rely on does count.
  @Test func noticesErrors() throws {
    let browser = try HeadlessBrowser()
    try opened(sample(), in: browser, width: 1280)
    _ = try browser.evaluate("setTimeout(() => { throw new Error('test') })")
    try browser.wait(until: "document.documentElement.dataset.errors === '1'")
    _ = try browser.evaluate("void Promise.reject(new Error('test'))")
    try browser.wait(until: "document.documentElement.dataset.errors === '2'")
    _ = try browser.evaluate(
      "void document.body.appendChild(new Image()).setAttribute('src', 'https://example.org/a.png')")
    try browser.wait(until: "document.documentElement.dataset.errors === '3'")
  }
}
