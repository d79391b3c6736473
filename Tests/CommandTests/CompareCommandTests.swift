import Foundation
import Testing

/// Techniques side by side: the grid, its page and its logs.
@Suite struct CompareCommandTests {
  @Test func measuresEveryTechniqueOnEverySeed() throws {
    try withEmptyFolder { folder in
      let result = try GanProcess(
        [
          "compare", "--data", "normal,ring", "--seeds", "3", "--steps", "12", "--set", "batchSize=16", "--set",
          "discriminator.initializationExamples=16", "--out", "page", "--results", "logs",
        ], in: folder)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains("Wasserstein-1") && result.output.contains("Modes covered"))
      #expect(result.output.hasSuffix("page/report.html\n"))
      for (source, measures) in [
        ("normal", ["collapsed", "flatness", "restlessness", "wasserstein"]), ("ring", ["highQuality", "modes"]),
      ] {
        let lines = try String(
          contentsOf: folder.appendingPathComponent("logs/compare-\(source).jsonl"), encoding: .utf8
        ).split(separator: "\n").map {
          try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(
          lines.map { $0["technique"] as? String } == [
            "plain", "feature-matching", "minibatch-discrimination", "both", "historical-averaging", "label-smoothing",
            "virtual-batch-norm",
          ])
        for line in lines {
          let found = try #require(line["measures"] as? [String: [Double]])
          #expect(found.keys.sorted() == measures)
          #expect(found.values.allSatisfy { $0.count == 3 && $0.allSatisfy(\.isFinite) })
        }
        // A technique that changed nothing would leave the plain game's numbers.
        let first = lines.map { ($0["measures"] as? [String: [Double]])?[measures.last!] }
        if source == "normal" { #expect(first.dropFirst().allSatisfy { $0 != first[0] }, "\(first)") }
      }
      let page = try String(contentsOf: folder.appendingPathComponent("page/report.html"), encoding: .utf8)
      for text in ["The claims, and what was measured", "A ring of 8 Gaussians", "percentile bootstrap"] {
        #expect(page.contains(text), "\(text)")
      }
    }
  }

  @Test func badOptionsAreNamed() throws {
    try withEmptyFolder { folder in
      func refused(_ arguments: [String], _ words: String...) throws {
        let result = try GanProcess(["compare"] + arguments, in: folder)
        #expect(result.status != 0 && result.status < 128, "\(arguments): \(result.status)")
        for word in words { #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)") }
      }
      try refused(["--data", "normal,square"], "--data", "square", "two-humped")
      try refused(["--data", "ring,ring"], "twice")
      try refused(["--techniques", "magic"], "--techniques", "magic", "label-smoothing")
      try refused(["--seeds", "0"], "--seeds")
      try refused(["--steps", "3"], "--steps")
      try refused(["--data", "mnist"], "--classifier")
      try refused(["--data", "mnist", "--classifier", "nowhere", "--data-folder", "."], "train-images")
      try refused(["--data", "ring", "--set", "batchSize=1"], "batchSize")
    }
  }
}
