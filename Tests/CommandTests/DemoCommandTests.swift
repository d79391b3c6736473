import Foundation
import Report
import TestSupport
import Testing

/// The demonstration, shortened: it ends with the report's path, and the page draws.
@Suite struct DemoCommandTests {
  @Test(
    .enabled(if: HeadlessBrowser.executable != nil, "no Chromium on the PATH"), arguments: ["sound", "as-published"])
  func writesAPageThatDraws(_ preset: String) throws {
    try withEmptyFolder { folder in
      let demo = try GanProcess(
        ["demo", "--preset", preset, "--data", "two-humped", "--seeds", "2", "--steps", "40", "--out", "demo"],
        in: folder)
      #expect(demo.status == 0, "\(demo.errors)")
      #expect(demo.output.hasSuffix("demo/report.html\n"))
      for title in ["Plain", "Feature matching", "Minibatch discrimination", "Both"] {
        #expect(demo.output.contains(title))
      }
      let browser = try HeadlessBrowser()
      for width in [1280, 400] {
        try browser.open(folder.appendingPathComponent("demo/report.html"), width: width)
        // Set last, a moment after the last chart was counted.
        try browser.wait(until: "document.documentElement.dataset.overflow !== undefined")
        #expect(try browser.evaluate("document.documentElement.dataset.charts") == "16")
        #expect(try browser.evaluate("document.documentElement.dataset.errors") == "0")
        #expect(try browser.evaluate("document.documentElement.dataset.overflow") == "0")
      }
    }
  }
}
