import Foundation
import Recipes
import Report
import TestSupport
import Testing

/// The live page: its server as anybody may talk to it, and the page in a real browser while a run trains.
@Suite(
  .enabled(
    if: FileManager.default.fileExists(atPath: PlotlyFile.url.path), "needs Plotly.js, which `make setup` fetches"),
  .serialized)
struct WatchCommandTests {
  /// A game on pictures that goes on for longer than any test takes, with some measurements a second.
  private static let recipe = """
    name: tiny
    noise: {dimensions: 4}
    generator: {hidden: [8]}
    discriminator: {hidden: [8, 6], initializationExamples: 16}
    duration: {count: 100000000, unit: steps}
    batchSize: 8
    output: {measurementInterval: 400, sampleInterval: 1000, checkpointInterval: 100000000}
    """

  /// Trains until `body` is through, with what it prints to standard error in `errors.txt`.
  private func whileTraining(_ options: [String] = [], _ body: (_ folder: URL, _ process: Process) throws -> Void)
    throws
  {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(Self.recipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      let process = try GanProcess.start(
        ["train", "tiny.yaml", "--data", ".", "--threads", "1", "--out", "run"] + options, in: folder)
      defer {
        process.terminate()
        process.waitUntilExit()
      }
      try body(folder, process)
    }
  }

  /// The run `run` in `folder`, trained as long as `options` say.
  private func trained(_ options: [String], in folder: URL) throws -> RunFolder {
    try writeTinyImages(folder)
    try Data(Self.recipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
    let train = try GanProcess(
      ["train", "tiny.yaml", "--data", ".", "--threads", "1", "--out", "run"] + options, in: folder)
    try #require(train.status == 0, "\(train.errors)")
    return RunFolder(folder.appendingPathComponent("run"))
  }

  /// A run may come from somebody else, and its page may be handed on.
  @Test func linksInARunShowNoFileElsewhere() throws {
    try withEmptyFolder { folder in
      let run = try trained(["--steps", "1"], in: folder)
      let own = run.pictures.map(\.step)
      #expect(run.realPicture != nil && !own.isEmpty)
      let secret = Data("no picture, and nobody else's".utf8), elsewhere = folder.appendingPathComponent("secret.png")
      try secret.write(to: elsewhere)
      let real = folder.appendingPathComponent("run/samples/real.png")
      try FileManager.default.removeItem(at: real)
      for link in [real, folder.appendingPathComponent("run/samples/step-000099.png")] {
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: elsewhere)
      }
      #expect(run.realPicture == nil && run.pictures.map(\.step) == own)
      let page = try GanProcess(["watch", "run", "--out", "page.html"], in: folder)
      try #require(page.status == 0, "\(page.errors)")
      let written = try String(contentsOf: folder.appendingPathComponent("page.html"), encoding: .utf8)
      #expect(!written.contains(secret.base64EncodedString()))
    }
  }

  @Test func onlyThisMachineAndOnlyWhoHasTheAddress() throws {
    try whileTraining { folder, _ in
      while (try? RunFolder(folder.appendingPathComponent("run")).description()) == nil { usleep(10_000) }
      let server = try LocalPage.start("exec \"$0\" watch run --port 0 >address.txt 2>&1", in: folder)
      defer {
        server.terminate()
        server.waitUntilExit()
      }
      let address = try LocalPage.address(in: folder.appendingPathComponent("address.txt"))
      let (port, token) = (try #require(address.port), try #require(address.fragment))
      let page = try LocalPage.get(port, "/")
      #expect(page.status == 200 && page.text.contains("id=\"live-data\"") && !page.text.contains(token))
      #expect(page.text.contains("frame-ancestors 'none'"))
      #expect(try LocalPage.get(port, "/", ["Host: evil.example"]).status == 403)
      #expect(try LocalPage.get(port, "/events", ["Origin: http://evil.example"]).status == 403)
      for target in [
        "/../run.json", "/run/run.json", "/picture?run=0&step=..%2Frun.json", "/etc/passwd", "/%2e%2e/run.json",
      ] {
        let refused = try LocalPage.get(port, target)
        #expect([400, 404].contains(refused.status) && !refused.text.contains("libtorch"), "\(target)")
      }
      // What is no request at all leaves the server as it was.
      for nonsense in ["\r\n\r\n", "GET\r\n\r\n", "\u{0}\u{1}\u{2}", "GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"] {
        _ = try LocalPage.answer(port, nonsense + "\r\n\r\n", isAll: true)
      }
      #expect(try LocalPage.get(port, "/plotly.js").text.contains("Plotly"))
      let run = RunFolder(folder.appendingPathComponent("run"))
      #expect(try LocalPage.get(port, "/ask?run=0&request=stop", method: "POST").status == 403)
      #expect(try checkpointSteps("run", in: folder) == [0])
      #expect(
        try LocalPage.get(port, "/ask?run=0&request=checkpoint", ["X-Gan-Token: \(token)"], method: "POST").status
          == 200)
      for _ in 0..<500 where try checkpointSteps("run", in: folder).count < 2 { usleep(10_000) }
      #expect(try checkpointSteps("run", in: folder).count == 2)
      #expect(stillTrains(run))
      #expect(
        try LocalPage.get(port, "/ask?run=0&request=stop", ["X-Gan-Token: \(token)"], method: "POST").status == 200)
      for _ in 0..<500 where stillTrains(run) { usleep(10_000) }
      #expect(!stillTrains(run))
      let said = try String(contentsOf: folder.appendingPathComponent("errors.txt"), encoding: .utf8)
      #expect(said.contains("as asked for") && said.contains("go on with: gan train --resume run"), "\(said)")
      // Nobody is there to be asked any more.
      #expect(
        try LocalPage.get(port, "/ask?run=0&request=stop", ["X-Gan-Token: \(token)"], method: "POST").status == 404)
    }
  }

  private func stillTrains(_ run: RunFolder) -> Bool {
    let watched = WatchedRun(run)
    _ = watched.refresh()
    return watched.isTraining
  }

  @Test(
    .enabled(if: HeadlessBrowser.executable != nil, "needs Chromium on the search path or in CHROMIUM"),
    arguments: [1280, 400], [false, true])
  func showsARunThatTrains(width: Int, isDark: Bool) throws {
    try whileTraining(["--watch"]) { folder, process in
      let address = try LocalPage.address(in: folder.appendingPathComponent("errors.txt"))
      let browser = try HeadlessBrowser()
      try browser.open(address, width: width, isDark: isDark)
      let root = "document.documentElement.dataset"
      try browser.wait(until: "\(root).overflow !== undefined")
      // New data without a reload, several times.
      _ = try browser.evaluate("void (window.isStillTheSame = true)")
      try browser.wait(until: "Number(\(root).updates) >= 3")
      #expect(try browser.evaluate("window.isStillTheSame") == "true")
      #expect(try browser.evaluate("\(root).connection") == "live")
      let step =
        "Number(document.querySelector('[role=progressbar]').closest('article').querySelector('dd')"
        + ".textContent.replace(/ of.*/, '').replaceAll('\u{202f}', ''))"
      let before = try #require(Int(try browser.evaluate(step)))
      try browser.wait(until: "\(step) > \(before)")
      // Real pictures beside generated ones, at the same size.
      try browser.wait(until: "document.querySelectorAll('.pair img:not([hidden])').length === 2")
      let widths = try browser.evaluate("[...document.querySelectorAll('.pair img')].map(i => i.offsetWidth).join()")
      #expect(Set(widths.split(separator: ",")).count == 1)
      // The slider, by keyboard, moves the pictures and the marks in the charts.
      let slider = "document.querySelector('#live-bar input')"
      try browser.wait(until: "Number(\(slider).max) >= 2")
      _ = try browser.evaluate("\(slider).focus()")
      try browser.press("Home")
      #expect(
        try browser.evaluate("document.querySelector('#made-0 figcaption').textContent") == "Generated after step 0")
      try browser.press("ArrowRight")
      #expect(
        try browser.evaluate("document.querySelector('#made-0 figcaption').textContent.replace('\u{202f}', '')")
          == "Generated after step 1000")
      _ = try browser.evaluate("document.querySelector('.plot').scrollIntoView()")
      try browser.wait(until: "document.querySelector('.plot .mark:not([hidden])')?.offsetHeight > 50")
      let source = "document.querySelector('#made-0 img').getAttribute('src')"
      try browser.wait(until: "\(source).includes('step=1000&')")
      // What comes meanwhile leaves it where it is.
      let updates = try browser.evaluate("\(root).updates")
      try browser.wait(until: "Number(\(root).updates) > \(updates) + 2")
      #expect(try browser.evaluate("\(slider).value") == "1")
      // Every line's value there stands in the chart's key.
      #expect(try browser.evaluate("document.querySelector('.key button b').textContent.length > 0") == "true")
      #expect(try browser.evaluate("\(root).errors") == "0")
      #expect(try browser.evaluate("document.documentElement.scrollWidth - innerWidth") == "0")
      let background = try browser.evaluate("getComputedStyle(document.documentElement).backgroundColor")
      #expect(background == (isDark ? "rgb(20, 23, 26)" : "rgb(255, 255, 255)"))
      // The token has left the address, and the page still has it.
      #expect(try browser.evaluate("location.hash") == "")
      if let place = ProcessInfo.processInfo.environment["GAN_TEST_PICTURES"] {
        try browser.screenshot(wholePage: true).write(
          to: URL(fileURLWithPath: "\(place)/watch-\(width)-\(isDark ? "dark" : "light").png"))
      }
      _ = try browser.evaluate("document.querySelectorAll('.actions button')[1].click()")
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      try browser.wait(until: "\(root).connection === 'lost'")
      #expect(try browser.evaluate("\(root).errors") == "0")
    }
  }

  /// Two runs in one file: it opens without a server, and says in what their recipes differ.
  @Test(.enabled(if: HeadlessBrowser.executable != nil, "needs Chromium on the search path or in CHROMIUM"))
  func aFileHoldsThePageAsItIs() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(Self.recipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      for (name, rate) in [("one", "0.001"), ("two", "0.002")] {
        let train = try GanProcess(
          [
            "train", "tiny.yaml", "--data", ".", "--threads", "1", "--out", name, "--steps", "4000", "--set",
            "generator.training.learningRate=\(rate)",
          ], in: folder)
        try #require(train.status == 0, "\(train.errors)")
      }
      // Of other pictures, and so short that there is one measurement.
      let elsewhere = folder.appendingPathComponent("elsewhere")
      try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
      try writeTinyImages(elsewhere, count: 48)
      let short = try GanProcess(
        ["train", "tiny.yaml", "--data", "elsewhere", "--threads", "1", "--out", "short", "--steps", "400"], in: folder)
      try #require(short.status == 0, "\(short.errors)")
      // As a run of several processes says it.
      let description = folder.appendingPathComponent("two/run.json")
      let json = try String(contentsOf: description, encoding: .utf8)
      try Data(json.replacing("{", with: "{\n  \"processes\" : 4,", maxReplacements: 1).utf8).write(to: description)
      let written = try GanProcess(["watch", "one", "two", "--out", "page.html"], in: folder)
      try #require(written.status == 0 && written.output == "page.html\n", "\(written.errors)")
      let browser = try HeadlessBrowser()
      // Real pictures of each of the data, with the name of a run that has them.
      let third = try GanProcess(["watch", "one", "two", "short", "--out", "three.html"], in: folder)
      try #require(third.status == 0, "\(third.errors)")
      try browser.open(folder.appendingPathComponent("three.html"))
      try browser.wait(until: "document.querySelectorAll('.pair img:not([hidden])').length === 5")
      let captions = "[...document.querySelectorAll('[id^=real] figcaption')].map(c => c.textContent).join('|')"
      #expect(
        try browser.evaluate(captions) == "one: real, as the networks see them|short: real, as the networks see them")
      let words = "[...document.querySelectorAll('.health')].map(h => h.textContent.includes('Too early')).join()"
      #expect(try browser.evaluate(words) == "false,false,true")
      #expect(try browser.evaluate("document.documentElement.dataset.errors") == "0")
      if let place = ProcessInfo.processInfo.environment["GAN_TEST_PICTURES"] {
        try browser.screenshot(wholePage: true).write(to: URL(fileURLWithPath: "\(place)/watch-three.png"))
      }
      try browser.open(folder.appendingPathComponent("page.html"))
      try browser.wait(until: "document.documentElement.dataset.overflow !== undefined")
      #expect(try browser.evaluate("document.documentElement.dataset.errors") == "0")
      #expect(try browser.evaluate("document.documentElement.dataset.connection") == "copy")
      #expect(try browser.evaluate("document.querySelectorAll('article.run').length") == "2")
      try browser.wait(until: "document.querySelectorAll('.pair img:not([hidden])').length === 3")
      let facts =
        "[...document.querySelectorAll('article.run')].map(a => [...a.querySelectorAll('.facts div')]"
        + ".map(d => d.textContent).filter(t => t.startsWith('Processes')).join()).join('|')"
      #expect(try browser.evaluate(facts) == "|Processes4")
      let rows = "[...document.querySelectorAll('#live-differences tbody tr')].map(r => r.textContent).join('|')"
      #expect(try browser.evaluate(rows) == "generator.training.learningRate0.0010.002")
      #expect(try browser.evaluate("[...document.querySelectorAll('.actions')].every(a => a.hidden)") == "true")
      #expect(try browser.evaluate("document.querySelector('#live-bar input').max") == "4")
      if let place = ProcessInfo.processInfo.environment["GAN_TEST_PICTURES"] {
        try browser.screenshot(wholePage: true).write(to: URL(fileURLWithPath: "\(place)/watch-two.png"))
      }
    }
  }

  /// What `gan score` and `gan doctor` find of a run that is over appears on a page that is open.
  @Test(.enabled(if: HeadlessBrowser.executable != nil, "needs Chromium on the search path or in CHROMIUM"))
  func scoresAndVerdictsAppear() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      let train = try GanProcess(["train", "tiny.yaml", "--data", ".", "--threads", "1", "--out", "run"], in: folder)
      try #require(train.status == 0, "\(train.errors)")
      let server = try LocalPage.start("exec \"$0\" watch run --port 0 >address.txt 2>&1", in: folder)
      defer {
        server.terminate()
        server.waitUntilExit()
      }
      let browser = try HeadlessBrowser()
      try browser.open(LocalPage.address(in: folder.appendingPathComponent("address.txt")))
      try browser.wait(until: "document.querySelector('.health .note')?.textContent.includes('gan doctor run')")
      #expect(try browser.evaluate("document.querySelectorAll('.scores').length") == "0")
      let features = GanProcess.package.appendingPathComponent("Tests/ScoresTests/Golden/features.pt").path
      let score = try shell(
        """
        gan sample run --count 20 --out real/ && gan score run --against real --metrics fd --features '\(features)' \\
          --samples 20 --json >found.json && cp found.json run/score.json
        """, in: folder)
      try #require(score.status == 0, "\(score.errors)")
      try browser.wait(until: "document.querySelectorAll('.scores dd').length === 1")
      struct Document: Decodable {
        struct Score: Decodable {
          let value: Double
          let interval: [Double]
        }
        let scores: [Score]
      }
      let found = try JSONDecoder().decode(
        Document.self, from: Data(contentsOf: folder.appendingPathComponent("found.json"))
      ).scores[0]
      let shown = try browser.evaluate("document.querySelector('.scores dd').textContent")
      let numbers = shown.split { !"0123456789.e-\u{202f}".contains($0) }.filter { $0 != "e" }
        .compactMap { Double($0.replacing("\u{202f}", with: "")) }
      // Three digits of each are shown, or whole numbers.
      #expect(numbers.count == 3, "\(shown)")
      for (number, value) in zip(numbers, [found.value] + found.interval) {
        #expect(abs(number - value) <= max(0.005 * abs(value), value >= 100 ? 0.5 : 0), "\(shown)")
      }
      let doctor = try GanProcess(["doctor", "run", "--threads", "1"], in: folder)
      #expect([0, 3].contains(doctor.status), "\(doctor.errors)")
      try browser.wait(until: "document.querySelector('.health').textContent.includes('The doctor, at step 6')")
      #expect(try browser.evaluate("document.documentElement.dataset.errors") == "0")
      if let place = ProcessInfo.processInfo.environment["GAN_TEST_PICTURES"] {
        try browser.screenshot(wholePage: true).write(to: URL(fileURLWithPath: "\(place)/watch-scores.png"))
      }
    }
  }

  #if os(Linux)
    /// Libtorch, which is loaded with the program, among it.
    @Test func theServerOfALongRunTakesLittleMemory() throws {
      try withEmptyFolder { folder in
        let run = try trained(["--stop-after", "1000"], in: folder)
        let measurements = folder.appendingPathComponent("run/measurements.jsonl")
        let line = try #require(
          try String(contentsOf: measurements, encoding: .utf8).split(separator: "\n").last)
        let step = /"step":[0-9]+/
        try #require(line.contains(step))
        let lines = (1...100_000).map { line.replacing(step, with: "\"step\":\($0 * 400)") + "\n" }
        try Data(lines.joined().utf8).write(to: measurements)
        let picture = try Data(contentsOf: try #require(run.pictures.last).url)
        for number in 3...500 {
          try picture.write(to: folder.appendingPathComponent("run/samples/step-\(number * 80_000).png"))
        }
        #expect(run.pictures.count == 500)
        let server = try LocalPage.start("exec \"$0\" watch run --port 0 >address.txt 2>&1", in: folder)
        defer {
          server.terminate()
          server.waitUntilExit()
        }
        let port = try #require(try LocalPage.address(in: folder.appendingPathComponent("address.txt")).port)
        var page = ""
        for _ in 0..<200 where page.isEmpty || page.contains("\"status\":\"reading\"") {
          page = try LocalPage.get(port, "/").text
        }
        let isRead = !page.contains("\"status\":\"reading\"")
        #expect(isRead)
        let status = try String(contentsOfFile: "/proc/\(server.processIdentifier)/status", encoding: .utf8)
        let resident = try #require(status.firstMatch(of: /VmRSS:\s+([0-9]+) kB/).flatMap { Int($0.1) })
        print("gan watch: \(resident / 1024) MiB resident")
        #expect(resident < 150_000)
      }
    }
  #endif

  /// A run that was taken back shows the past that counts; one that goes on, all of it.
  @Test func readsWhatIsNew() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(Self.recipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      func train(_ arguments: [String]) throws {
        let train = try GanProcess(["train"] + arguments, in: folder)
        #expect(train.status == 0, "\(train.errors)")
      }
      try train(["tiny.yaml", "--data", ".", "--threads", "1", "--out", "run", "--stop-after", "4500"])
      let run = RunFolder(folder.appendingPathComponent("run"))
      let watched = WatchedRun(run)
      #expect(watched.refresh(limit: 1_000) && !watched.isRead && watched.columns.count > 0)
      while !watched.isRead { _ = watched.refresh(limit: 1_000) }
      func expectAll() throws {
        let lines = try run.measurements()
        let column = watched.columns[MeasuredQuantity.named("generatorLoss")]
        #expect(
          column.steps == lines.map(\.step) && column.values == lines.compactMap { $0.generatorLoss.map { Float($0) } })
        #expect(watched.pictures.map(\.step) == run.pictures.map(\.step) && watched.failure == nil)
      }
      try expectAll()
      #expect(!watched.refresh(), "nothing is new")
      try train(["--resume", "run", "--stop-after", "6100"])
      while watched.refresh() || !watched.isRead {}
      #expect(watched.step == 6_000)
      try expectAll()
      // As a rollback leaves it: another file, with less in it.
      let file = folder.appendingPathComponent("run/measurements.jsonl")
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      try Data((lines.prefix(3).joined(separator: "\n") + "\n").utf8).write(to: file, options: .atomic)
      while watched.refresh() || !watched.isRead {}
      #expect(watched.columns.count == 3 && watched.step == 1_200)
      // Half a line is none.
      let handle = try FileHandle(forWritingTo: file)
      handle.seekToEndOfFile()
      handle.write(Data(lines[3].utf8.prefix(40)))
      _ = watched.refresh()
      #expect(watched.columns.count == 3 && watched.failure == nil)
      handle.write(Data(lines[3].utf8.dropFirst(40)) + Data("\n".utf8))
      while watched.refresh() || !watched.isRead {}
      #expect(watched.columns.count == 4)
      handle.write(Data("no measurement\n".utf8))
      _ = watched.refresh()
      #expect(watched.failure?.contains("line 5") == true, "\(watched.failure ?? "nothing")")
    }
  }
}
