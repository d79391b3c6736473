import Foundation
import Recipes
import Report
import TestSupport
import Testing

/// The demonstration, shortened: it ends with the report's path, and the page draws.
@Suite struct DemoCommandTests {
  @Test(
    .enabled(if: HeadlessBrowser.executable != nil, "no Chromium on the PATH"),
    arguments: ["sound", "unsettled", "as-published"])
  func writesAPageThatDraws(_ preset: String) throws {
    try withEmptyFolder { folder in
      let demo = try GanProcess(
        ["demo", "--preset", preset, "--data", "two-humped", "--seeds", "2", "--steps", "40", "--out", "demo"],
        in: folder)
      #expect(demo.status == 0, "\(demo.errors)")
      #expect(demo.output.hasSuffix("demo/report.html\n"))
      #expect(demo.errors.contains("demo/report.html"), "the page's place is told at once")
      for title in ["Plain", "Feature matching", "Minibatch discrimination", "Both", "Fresh data points"] {
        #expect(demo.output.contains(title))
      }
      let browser = try HeadlessBrowser()
      for width in [1280, 400] {
        try browser.open(folder.appendingPathComponent("demo/report.html"), width: width)
        // Set last, a moment after the last chart was counted.
        try browser.wait(until: "document.documentElement.dataset.overflow !== undefined")
        #expect(try browser.evaluate("document.documentElement.dataset.charts") == "21")
        #expect(try browser.evaluate("document.documentElement.dataset.errors") == "0")
        #expect(try browser.evaluate("document.documentElement.dataset.overflow") == "0")
      }
    }
  }

  /// For a reader who has seen no such game: three sentences for each thing in the pictures.
  @Test func explainsEachPictureInThreeSentences() throws {
    try withEmptyFolder { folder in
      let demo = try GanProcess(
        ["demo", "--seeds", "1", "--steps", "20", "--techniques", "plain", "--out", "demo"], in: folder)
      #expect(demo.status == 0, "\(demo.errors)")
      let page = try String(contentsOf: folder.appendingPathComponent("demo/report.html"), encoding: .utf8)
      for term in ["The filled curve", "The histogram", "D's line"] {
        let parts = page.replacing("&#39;", with: "'").components(separatedBy: "<dt>\(term)</dt>")
        let text = try #require(parts.dropFirst().first?.components(separatedBy: "</dd>").first, "\(term)")
        #expect(text.matches(of: /[.!?](?=\s|$)/).count == 3, "\(term): \(text)")
      }
    }
  }

  /// What a script reads of the games: every technique's seeds, and as many points drawn from the data.
  @Test func keepsEveryGamesMeasures() throws {
    try withEmptyFolder { folder in
      let demo = try GanProcess(
        ["demo", "--seeds", "3", "--steps", "20", "--results", "games.jsonl", "--out", "demo"], in: folder)
      #expect(demo.status == 0, "\(demo.errors)")
      let text = try String(contentsOf: folder.appendingPathComponent("games.jsonl"), encoding: .utf8)
      let lines = try text.split(separator: "\n").map {
        try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      #expect(
        lines.map { $0["technique"] as? String }
          == ["plain", "feature-matching", "minibatch-discrimination", "both", "fresh-data"])
      #expect(lines.allSatisfy { ($0["measurements"] as? [Any])?.count == 3 })
      let fresh = try #require(lines.last?["measurements"] as? [[String: Any]])
      // Its mean is √(2 / π n) ∫ √(F (1 − F)) dx = 0.0129 for n = 10 000 points; four times as much is no accident.
      #expect(fresh.allSatisfy { (0.001..<0.0516).contains($0["wasserstein"] as? Double ?? -1) }, "\(fresh)")
    }
  }

  /// Where the measures cannot be kept is said before any game, and not after all of them.
  @Test func aPlaceThatCannotBeIsToldBeforeTheGames() throws {
    try withEmptyFolder { folder in
      try Data("mine".utf8).write(to: folder.appendingPathComponent("file"))
      let demo = try GanProcess(
        ["demo", "--seeds", "2", "--steps", "20", "--results", "file/games.jsonl", "--out", "demo"], in: folder)
      #expect(demo.status != 0 && demo.errors.contains("file"), "\(demo.errors)")
      #expect(!demo.errors.contains("steps/s") && !demo.output.contains("Plain"))
      #expect(try Data(contentsOf: folder.appendingPathComponent("file")) == Data("mine".utf8))
    }
  }

  /// Settings of a file take the preset's place; a key that is none is an error that names file and key.
  @Test func takesSettingsFromAFile() throws {
    try withEmptyFolder { folder in
      let file = folder.appendingPathComponent("tuning.json")
      func demo(_ text: String) throws -> GanProcess {
        try Data(text.utf8).write(to: file)
        return try GanProcess(
          ["demo", "--seeds", "1", "--techniques", "plain", "--tuning", "tuning.json", "--out", "demo"], in: folder)
      }
      let short = try demo(#"{"steps": 30, "generatorRate": 0.01}"#)
      #expect(short.status == 0 && short.output.contains("30 steps"), "\(short.errors)")
      for (text, words) in [
        (#"{"stepz": 30}"#, ["tuning.json", "stepz"]), (#"{"steps": "many"}"#, ["tuning.json", "steps"]),
        ("[1]", ["tuning.json", "object"]), (#"{"steps": 0}"#, ["tuning.json", "steps"]),
      ] {
        let refused = try demo(text)
        #expect(refused.status != 0 && refused.status < 128)
        for word in words { #expect(refused.errors.contains(word), "'\(word)' in: \(refused.errors)") }
      }
    }
  }

  /// Nobody changes the preset by hand: it is what the committed search chose.
  @Test func theSoundPresetIsWhatTheSearchChose() throws {
    let chosen = GanProcess.package.appendingPathComponent("Results/tutorial-settings/chosen.json")
    #expect(try TutorialTuning.sound.changed(by: chosen) == .sound)
    #expect(try TutorialTuning.unsettled.changed(by: chosen) != .unsettled)
  }
}
