import Foundation
import Images
import Recipes
import Report
import TestSupport
import Testing

/// The nearest training pictures of samples on the live page: the server's numbers against plain arithmetic, and the
/// page in a browser, by keyboard and by finger.
@Suite(
  .enabled(
    if: FileManager.default.fileExists(atPath: PlotlyFile.url.path), "needs Plotly.js, which `make setup` fetches"),
  .serialized)
struct NearestLookupTests {
  private func withServer(_ body: (_ folder: URL, _ address: URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("r.yaml"))
      let train = try GanProcess(["train", "r.yaml", "--data", ".", "--threads", "1", "--out", "run"], in: folder)
      try #require(train.status == 0, "\(train.errors)")
      let server = try LocalPage.start("exec \"$0\" watch run --port 0 >address.txt 2>&1", in: folder)
      defer {
        server.terminate()
        server.waitUntilExit()
      }
      try body(folder, LocalPage.address(in: folder.appendingPathComponent("address.txt")))
    }
  }

  private struct Answer: Decodable {
    struct Neighbour: Decodable {
      let index: Int
      let distance: Double
      let png: Data
    }
    let columns: Int
    let rows: Int
    let count: Int
    let neighbours: [Neighbour]
  }

  /// As `writeTinyImages` makes them.
  private func pixels(_ image: Int) -> [Int] { (0..<64).map { (image * 64 + $0) * 7 % 256 } }

  @Test func theServerFindsTheNearest() throws {
    try withServer { folder, address in
      let (port, token) = (try #require(address.port), try #require(address.fragment))
      #expect(try LocalPage.get(port, "/nearest?run=0&step=6").status == 403)
      let key = "X-Gan-Token: \(token)"
      #expect(try LocalPage.get(port, "/nearest?run=0&step=5", [key]).status == 404)
      let answer = try JSONDecoder().decode(Answer.self, from: LocalPage.bytes(port, "/nearest?run=0&step=6", [key]))
      #expect(answer.columns == 8 && answer.rows == 8 && answer.count == 64 && answer.neighbours.count == 64)
      // Each pixel of a sample is a square of seven in the grid, with two between samples.
      let grid = try Image(contentsOf: folder.appendingPathComponent("run/samples/step-000006.png"))
      for (sample, found) in answer.neighbours.enumerated() {
        let own = (0..<64).map { pixel in
          let (x, y) = (2 + sample % 8 * 58 + pixel % 8 * 7, 2 + sample / 8 * 58 + pixel / 8 * 7)
          return Int(grid.samples[(y * grid.width + x) * grid.channels])
        }
        let distances = (0..<64).map { image -> Double in
          let squares = zip(own, pixels(image)).map { Double(($0 - $1) * ($0 - $1)) }
          return (squares.reduce(0, +) / 64).squareRoot()
        }
        // Squares in float32 are sums and differences of three numbers up to 64, each wrong by some units in its last
        // place: 64 * 64 * 2^-24 * 8 of 64 pixels at most; the root of that is what a distance of 0 can become.
        let tolerance = 255 * (64 * 64 * 8 / 16_777_216.0 / 64).squareRoot()
        #expect(abs(found.distance - distances.min()!) < tolerance, "sample \(sample)")
        #expect(distances[found.index] < distances.min()! + tolerance, "sample \(sample)")
        #expect(try Image(decoding: found.png).samples.map(Int.init) == pixels(found.index))
      }
    }
  }

  /// Where the training set is gone the page says which file is missing.
  @Test(.enabled(if: HeadlessBrowser.executable != nil, "needs Chromium on the search path or in CHROMIUM"))
  func whatIsGoneIsSaid() throws {
    try withServer { folder, address in
      try FileManager.default.removeItem(at: folder.appendingPathComponent("train-images-idx3-ubyte"))
      let browser = try HeadlessBrowser()
      try browser.open(address)
      try browser.wait(until: "document.querySelector('#made-0 img:not([hidden])')")
      _ = try browser.evaluate("document.querySelector('#made-0 .grid').focus()")
      try browser.press("ArrowRight")
      try browser.wait(until: "document.querySelector('#made-0 .note').textContent.includes('train-images')")
      #expect(try browser.evaluate("document.querySelector('#made-0 .nearest').hidden") == "true")
      #expect(try browser.evaluate("document.documentElement.dataset.errors") == "0")
    }
  }

  @Test(
    .enabled(if: HeadlessBrowser.executable != nil, "needs Chromium on the search path or in CHROMIUM"),
    arguments: [(1280, false), (400, true)])
  func thePageShowsIt(width: Int, isDark: Bool) throws {
    try withServer { _, address in
      let browser = try HeadlessBrowser()
      try browser.open(address, width: width, isDark: isDark)
      try browser.wait(until: "document.querySelector('#made-0 img:not([hidden])')")
      let figure = "document.querySelector('#made-0')"
      let text = "\(figure).querySelector('.nearest p').textContent"
      _ = try browser.evaluate("\(figure).querySelector('.grid').focus()")
      try browser.press("ArrowRight")
      try browser.wait(until: "\(figure).dataset.looked?.endsWith('-0')")
      try browser.press("ArrowRight")
      try browser.wait(until: "\(figure).dataset.looked?.endsWith('-1')")
      let said = try browser.evaluate(text)
      #expect(said.contains("Sample 2,") && said.contains("of 64 training pictures"), "\(said)")
      // The slider has not moved by these keys.
      let slider = "document.querySelector('#live-bar input')"
      #expect(try browser.evaluate("\(slider).value === \(slider).max") == "true")
      // By finger or mouse, in the middle of the last sample.
      let point =
        "(r => ({ clientX: r.left + r.width * 15 / 16, clientY: r.top + r.height * 15 / 16, bubbles: true }))"
        + "(\(figure).querySelector('img').getBoundingClientRect())"
      _ = try browser.evaluate(
        "void \(figure).querySelector('.grid').dispatchEvent(new MouseEvent('click', \(point)))")
      try browser.wait(until: "\(figure).dataset.looked?.endsWith('-63')")
      #expect(try browser.evaluate("document.documentElement.scrollWidth - innerWidth") == "0")
      if let place = ProcessInfo.processInfo.environment["GAN_TEST_PICTURES"] {
        try browser.screenshot(wholePage: true).write(to: URL(fileURLWithPath: "\(place)/nearest-\(width).png"))
      }
      // Another picture: what was said was of the one before.
      _ = try browser.evaluate("\(slider).focus()")
      try browser.press("Home")
      try browser.wait(until: "\(figure).querySelector('.nearest').hidden")
      #expect(try browser.evaluate("document.documentElement.dataset.errors") == "0")
    }
  }
}
