import Foundation
import Images
import Recipes
import Testing

/// `gan score` on folders of pictures, and `gan train --score`, as users run them, by a small TorchScript network.
@Suite struct PictureScoreCommandTests {
  private static let network = GanProcess.package.appendingPathComponent("Tests/ScoresTests/Golden/features.pt").path
  private static let golden = GanProcess.package.appendingPathComponent("Tests/ScoresTests/Golden")

  private func picture(_ seed: Int) -> Image {
    Image(
      width: 24, height: 24, channels: 3,
      made: (0..<24 * 24 * 3).map {
        UInt8(truncatingIfNeeded: seed &* 91 &+ ($0 / 3 % 24) &* (1 &+ seed % 5) &+ $0 / 72 &* 3 &+ $0 % 3 &* 60)
      })
  }

  private func write(_ seeds: Range<Int>, _ name: String, in folder: URL) throws {
    let set = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
    for seed in seeds { try picture(seed).png().write(to: set.appendingPathComponent("\(1_000 + seed).png")) }
  }

  private func environment(_ folder: URL) -> [String: String] {
    ["XDG_CACHE_HOME": folder.appendingPathComponent("cache").path]
  }

  private struct Report: Decodable {
    struct Score: Decodable {
      let metric: String
      let value: Double
      let interval: [Double]?
    }
    let scores: [Score]
    func value(_ name: String) throws -> Double { try #require(scores.first { $0.metric == name }).value }
  }

  private func score(_ arguments: [String], in folder: URL) throws -> Report {
    let found = try GanProcess(
      ["score"] + arguments + ["--features", Self.network, "--json"], in: folder, environment: environment(folder))
    try #require(found.status == 0, "\(found.errors)")
    return try JSONDecoder().decode(Report.self, from: Data(found.output.utf8))
  }

  @Test func foldersAreScoredWithTablePageAndStatistics() throws {
    try withEmptyFolder { folder in
      try write(0..<30, "real", in: folder)
      try write(100..<130, "made", in: folder)
      let found = try score(["made", "--against", "real"], in: folder)
      #expect(found.scores.map(\.metric) == ["fd", "kid", "precision", "recall", "density", "coverage"])
      #expect(found.scores.allSatisfy { ($0.interval?.count ?? 0) == 2 })
      #expect(try found.value("fd") > 0)
      #expect(try score(["real", "--against", "real"], in: folder).value("fd") == 0)
      // The statistics that it writes it reads, and they say the same.
      let kept = try GanProcess(
        ["score", "real", "--features", Self.network, "--save-statistics", "real.npz"], in: folder,
        environment: environment(folder))
      #expect(kept.status == 0, "\(kept.errors)")
      let known = try score(["made", "--against", "real.npz"], in: folder)
      #expect(known.scores.map(\.metric) == ["fd"])
      #expect(abs(try known.value("fd") / found.value("fd") - 1) < 1e-9)
      let page = try GanProcess(
        ["score", "made", "--against", "real", "--features", Self.network, "--page", "out/scores.html"], in: folder,
        environment: environment(folder))
      #expect(page.status == 0, "\(page.errors)")
      #expect(page.output.contains("Fréchet distance") && page.output.contains("features.pt, sha256 "))
      let html = try String(contentsOf: folder.appendingPathComponent("out/scores.html"), encoding: .utf8)
      #expect(html.contains("Farthest from everything real") && html.contains("Nearest to something real"))
    }
  }

  @Test func badInputIsNamed() throws {
    try withEmptyFolder { folder in
      try write(0..<8, "real", in: folder)
      try Data("no pictures".utf8).write(to: folder.appendingPathComponent("words.txt"))
      func refusal(_ arguments: [String]) -> String {
        do {
          let found = try GanProcess(["score"] + arguments, in: folder, environment: environment(folder))
          return found.status == 0 ? "nothing" : found.errors
        } catch { return "no process" }
      }
      let weights = refusal(["real", "--against", "real"])
      #expect(weights.contains("gan data get inception") && weights.contains("--features"))
      let by = ["--features", Self.network]
      #expect(refusal(["real", "--against", "real", "--metrics", "fid"] + by).contains("ask for fd"))
      #expect(
        refusal(["real", "--against", "real", "--metrics", "fod"] + by).contains("'fod', which is none of fid,"))
      let statistics = Self.golden.appendingPathComponent("statistics.npz").path
      let other = refusal(["real", "--against", statistics] + by)
      #expect(other.contains("64 dimensions"), "\(other)")
      #expect(refusal(["nowhere", "--against", "real"] + by).contains("nowhere: there is no such folder or file"))
      #expect(refusal(["words.txt", "--against", "real"] + by).contains("words.txt"))
      for name in ["archive-evil.pth", "pickles-evil.pth"] {
        let evil = refusal(
          ["real", "--against", "real", "--features", Self.golden.appendingPathComponent(name).path])
        #expect(evil.contains("posix.system") && evil.contains("nothing of it was run"))
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("evil").path))
    }
  }

  /// Several sets in one table, those that were scored before among them; what does not compare is not set side by side
  /// without a word.
  @Test func severalSetsAreScoredBesideEachOther() throws {
    try withEmptyFolder { folder in
      try write(0..<30, "real", in: folder)
      try write(100..<130, "one", in: folder)
      try write(200..<230, "two", in: folder)
      try write(300..<320, "few", in: folder)
      func run(_ arguments: [String]) throws -> GanProcess {
        let found = try GanProcess(
          ["score"] + arguments + ["--against", "real", "--features", Self.network, "--metrics", "fd,recall"],
          in: folder, environment: environment(folder))
        #expect(found.status == 0, "\(found.errors)")
        return found
      }
      let both = try run(["one", "two", "--page", "out/page.html"]).output
      #expect(both.contains("Fréchet distance") && both.contains("one") && both.contains("two"))
      #expect(!both.contains("do not compare"))
      let page = try String(contentsOf: folder.appendingPathComponent("out/page.html"), encoding: .utf8)
      #expect(page.contains("Scores of one, two") && page.contains("their passports agree"))
      try Data(run(["one", "--json"]).output.utf8).write(to: folder.appendingPathComponent("one.json"))
      let known = try run(["one.json", "few"]).output
      #expect(known.contains("warning: one.json and few do not compare"))
      #expect(known.contains("number of generated pictures: 30 and 20"))
      // As one JSON object, the scores are those of each alone.
      struct Rows: Decodable {
        struct Row: Decodable {
          let name: String
          let document: Report
          let differences: [String]
        }
        let rows: [Row]
      }
      let rows = try JSONDecoder().decode(Rows.self, from: Data(run(["two", "one.json", "--json"]).output.utf8)).rows
      #expect(rows.map(\.name) == ["two", "one.json"] && rows.allSatisfy { $0.differences.isEmpty })
      #expect(try rows[1].document.value("fd") == score(["one", "--against", "real"], in: folder).value("fd"))
      func refusal(_ arguments: [String]) throws -> String {
        let found = try GanProcess(["score"] + arguments, in: folder, environment: environment(folder))
        #expect(found.status != 0)
        return found.errors
      }
      #expect(try refusal(["one", "two", "--save-statistics", "s.npz"]).contains("--save-statistics"))
      try Data("[1]".utf8).write(to: folder.appendingPathComponent("other.json"))
      #expect(try refusal(["other.json", "one"]).contains("other.json"))
    }
  }

  /// Scores while it trains are those that `gan score` gives of the run; the best is kept; a resumed run has the same.
  @Test func aRunIsScoredWhileItTrainsAndKeepsTheBest() throws {
    try withEmptyFolder { folder in
      try write(0..<12, "set", in: folder)
      let recipe = """
        base: mnist
        name: small
        data: {source: pictures, size: 8, pixels: unit}
        noise: {dimensions: 4}
        generator: {hidden: [16]}
        discriminator: {hidden: [16, 8], initializationExamples: 8}
        duration: {count: 6, unit: steps}
        batchSize: 4
        output: {measurementInterval: 1000, sampleInterval: 1000, checkpointInterval: 2}
        """
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("r.yaml"))
      func train(_ arguments: [String]) throws {
        let found = try GanProcess(
          ["train"] + arguments + ["--threads", "1"], in: folder, environment: environment(folder))
        try #require(found.status == 0, "\(found.errors)")
      }
      let scored = [
        "r.yaml", "--data", "set", "--score", "fd,recall@10", "--every", "2", "--score-features", Self.network,
        "--keep-best", "fd",
      ]
      try train(scored + ["--out", "whole"])
      let run = RunFolder(folder.appendingPathComponent("whole"))
      let lines = try run.measurements().filter { $0.scores != nil }
      #expect(lines.map(\.step) == [2, 4, 6])
      let distances = try lines.map { try #require($0.scores?["fd"]) }
      #expect(distances.allSatisfy { $0 > 0 } && lines.allSatisfy { $0.scores?["recall"] != nil })
      let kept = try String(decoding: Data(contentsOf: run.checkpoints.best).prefix(4_000), as: UTF8.self)
      let bestStep = [2, 4, 6][distances.firstIndex(of: distances.min()!)!]
      // What was kept can be drawn from, and is another network than the last.
      func draw(_ arguments: [String]) throws -> Data {
        let found = try GanProcess(
          ["sample", "whole", "--out", "grid.png", "--seed", "3"] + arguments, in: folder,
          environment: environment(folder))
        try #require(found.status == 0, "\(found.errors)")
        return try Data(contentsOf: folder.appendingPathComponent("grid.png"))
      }
      let drawn = try draw(["--checkpoint", "best"])
      #expect(try draw(["--checkpoint", "6"]) == draw([]))
      #expect(try (drawn == draw([])) == (bestStep == 6))
      let missing = try GanProcess(
        ["sample", "whole", "--checkpoint", "5", "--out", "grid.png"], in: folder, environment: environment(folder))
      #expect(missing.status == 1 && missing.errors.contains("no checkpoint of step 5; there are 6"))
      #expect(kept.contains("\"step\":\"\(bestStep)\"") || kept.contains("\"step\":\(bestStep)"), "\(kept.prefix(600))")
      // Interrupted and gone on with, it ends with the same scores.
      try train(scored + ["--out", "parts", "--stop-after", "3"])
      try train(["--resume", "parts"])
      let parts = try RunFolder(folder.appendingPathComponent("parts")).measurements().filter { $0.scores != nil }
      #expect(parts.map(\.scores) == lines.map(\.scores))
      // The last is what `gan score` says of the run.
      let data = try GanProcess(
        ["data", "pack", "set", "fitted.zip", "--size", "8"], in: folder, environment: environment(folder))
      try #require(data.status == 0, "\(data.errors)")
      let after = try score(
        ["whole", "--against", "fitted.zip", "--samples", "10", "--metrics", "fd", "--threads", "1"], in: folder)
      #expect(abs(try after.value("fd") / distances[2] - 1) < 1e-6)
      let best = try score(
        [
          "whole", "--against", "fitted.zip", "--samples", "10", "--metrics", "fd", "--threads", "1", "--checkpoint",
          "best",
        ],
        in: folder)
      #expect(abs(try best.value("fd") / distances.min()! - 1) < 1e-6)
    }
  }

  @Test func scoresThatNobodyTakesKeepNothing() throws {
    try withEmptyFolder { folder in
      func refusal(_ arguments: [String]) -> String {
        do {
          let found = try GanProcess(["train"] + arguments, in: folder, environment: environment(folder))
          return found.status == 0 ? "nothing" : found.errors
        } catch { return "no process" }
      }
      #expect(refusal(["dcgan-32", "--keep-best", "fid"]).contains("--score fid@5000"))
      #expect(refusal(["one-dimensional", "--score", "fid@50"]).contains("is of points"))
      #expect(refusal(["dcgan-32", "--score", "fid"]).contains("as in fid@5000"))
      #expect(refusal(["dcgan-32", "--every", "3"]).contains("--every belongs to --score"))
      #expect(refusal(["dcgan-32", "--score", "fid@50", "--every", "often"]).contains("--every must be steps"))
    }
  }
}
