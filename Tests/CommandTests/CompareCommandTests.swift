import Foundation
import Images
import Recipes
import Report
import Testing
import Torch

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
        ("normal", ["collapsed", "flatness", "peakDistance", "restlessness", "spread", "wasserstein"]),
        ("ring", ["highQuality", "modes"]),
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
          // A minibatch layer looks at batches: no single point has the highest D.
          let looksAtBatches = ["minibatch-discrimination", "both"].contains(line["technique"] as? String)
          #expect(found.keys.sorted() == measures.filter { $0 != "peakDistance" || !looksAtBatches })
          #expect(found.values.allSatisfy { $0.count == 3 && $0.allSatisfy(\.isFinite) })
        }
        // A technique that changed nothing would leave the plain game's numbers.
        let first = lines.map { ($0["measures"] as? [String: [Double]])?[measures.last!] }
        if source == "normal" { #expect(first.dropFirst().allSatisfy { $0 != first[0] }, "\(first)") }
      }
      let kept = try String(contentsOf: folder.appendingPathComponent("logs/compare-normal.md"), encoding: .utf8)
      for text in ["gan compare --data normal,ring --seeds 3 --steps 12", "of 3 games collapsed", "Wasserstein-1"] {
        #expect(kept.contains(text), "\(text)")
      }
      let page = try String(contentsOf: folder.appendingPathComponent("page/report.html"), encoding: .utf8)
      for text in [
        "The claims, and what was measured", "A ring of 8 Gaussians", "percentile bootstrap", "of 3 games collapsed",
      ] {
        #expect(page.contains(text), "\(text)")
      }
    }
  }

  /// Started again it plays nothing that is over, and plays the rest; other settings are other games.
  @Test func goesOnWhereItWasStopped() throws {
    try withEmptyFolder { folder in
      func compare(_ techniques: String, _ steps: String = "8") throws -> (page: String, games: [String: Date]) {
        let result = try GanProcess(
          ["compare", "--data", "ring", "--seeds", "2", "--steps", steps, "--set", "batchSize=16"]
            + ["--set", "discriminator.initializationExamples=16", "--techniques", techniques, "--out", "page"],
          in: folder)
        #expect(result.status == 0, "\(result.errors)")
        let games = folder.appendingPathComponent("page/games")
        let dates = try FileManager.default.contentsOfDirectory(atPath: games.path).map { name in
          let attributes = try FileManager.default.attributesOfItem(atPath: games.appendingPathComponent(name).path)
          return (name, try #require(attributes[.modificationDate] as? Date))
        }
        return (result.output, Dictionary(uniqueKeysWithValues: dates))
      }
      let first = try compare("plain")
      #expect(first.games.keys.sorted() == ["ring-plain-seeds-1-to-2.json"])
      let more = try compare("plain,label-smoothing")
      #expect(more.games.count == 2 && more.games["ring-plain-seeds-1-to-2.json"] == first.games.values.first)
      let again = try compare("plain,label-smoothing")
      #expect(again.games == more.games && again.page == more.page)
      let longer = try compare("plain,label-smoothing", "9")
      #expect(longer.games["ring-plain-seeds-1-to-2.json"] != first.games.values.first)
      // A file that was cut off is played again.
      let cut = folder.appendingPathComponent("page/games/ring-plain-seeds-1-to-2.json")
      try Data(contentsOf: cut).prefix(100).write(to: cut)
      #expect(try compare("plain,label-smoothing", "9").page == longer.page)
    }
  }

  /// Games that fall apart are named, and cost the others nothing.
  @Test func gamesThatFallApartAreNamed() throws {
    try withEmptyFolder { folder in
      let result = try GanProcess(
        ["compare", "--data", "ring", "--seeds", "2", "--steps", "8", "--techniques", "plain,feature-matching"]
          + ["--set", "generator.training.learningRate=1e38", "--out", "page"], in: folder)
      #expect(result.status == 1)
      for word in ["ring, plain, seed 1: step ", "ring, feature-matching, seed 2: step ", "not finite"] {
        #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)")
      }
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("page/report.html").path))
    }
  }

  /// Games on a folder of pictures, scored by a network's features: each technique changes its games, and what the
  /// recipe cannot have is left out with its reason.
  @Test func picturesAreComparedByFeatures() throws {
    try withEmptyFolder { folder in
      let pictures = folder.appendingPathComponent("photos")
      try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
      for seed in 0..<24 {
        let image = try Image(
          width: 16, height: 16, channels: 3,
          samples: (0..<768).map { UInt8(truncatingIfNeeded: seed &* 37 &+ $0 / 3 % 16 &* 9 &+ $0 % 3 &* 50) })
        try image.png().write(to: pictures.appendingPathComponent("\(seed).png"))
      }
      try Data(
        """
        base: dcgan-32
        name: small
        data: {source: pictures, size: 16}
        generator: {width: 4}
        discriminator: {width: 4, initializationExamples: 8}
        duration: {count: 4, unit: steps}
        batchSize: 8
        """.utf8
      ).write(to: folder.appendingPathComponent("small.yaml"))
      let network = GanProcess.package.appendingPathComponent("Tests/ScoresTests/Golden/features.pt").path
      // A cache of its own, in which nothing is kept yet but what charts are drawn by.
      let cache = folder.appendingPathComponent("cache/swift-gan")
      try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        at: cache.appendingPathComponent("plotly.min.js"), withDestinationURL: PlotlyFile.url)
      func compare(_ arguments: [String]) throws -> GanProcess {
        try GanProcess(
          ["compare", "--recipe", "small.yaml", "--seeds", "1", "--out", "page"] + arguments, in: folder,
          environment: ["XDG_CACHE_HOME": folder.appendingPathComponent("cache").path])
      }
      let options = ["--data-folder", "photos", "--features", network]
      let found = try compare(options + ["--results", "logs"])
      try #require(found.status == 0, "\(found.errors)")
      for word in ["Fréchet distance", "KID", "Coverage", "DiffAugment", "features of features.pt"] {
        #expect(found.output.contains(word), "\(word)")
      }
      let lines = try String(contentsOf: folder.appendingPathComponent("logs/compare-pictures.jsonl"), encoding: .utf8)
        .split(separator: "\n").map {
          try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
      let distances = try lines.map {
        try #require(($0["measures"] as? [String: [Double]])?["frechet"]).first ?? .nan
      }
      #expect(lines.count >= 6 && distances.allSatisfy(\.isFinite))
      #expect(Set(distances).count == distances.count, "\(distances)")
      // The plain game has none of them, also where the recipe has.
      let again = try compare(options + ["--techniques", "plain", "--set", "seed=1"])
      #expect(again.status == 0 && again.output.contains("Plain"), "\(again.errors)")
      #expect(try compare(["--features", network]).errors.contains("--data-folder is missing"))
      #expect(try compare(["--data-folder", "photos"]).errors.contains("--features or --classifier is missing"))
      #expect(try compare(options + ["--data", "ring"]).errors.contains("leave out --data"))
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
      try refused(["--data", "normal", "--set", "duration.count=3"], "duration.count", "at least 4")
      try refused(["--data", "mnist"], "--classifier")
      try refused(["--data", "mnist", "--classifier", "nowhere", "--data-folder", "."], "train-images")
      try refused(["--data", "ring", "--set", "batchSize=1"], "batchSize")
    }
  }

  /// Games of another version or device are other games; measures that are no numbers are measures; and a recipe that
  /// was written before a key was known is that of the key's usual value.
  @Test func keptGamesAreThoseOfThisMachine() throws {
    try withEmptyFolder { folder in
      var recipe = try #require(Recipe.named("one-dimensional"))
      recipe.duration.count = 8
      let cell = ComparisonCell(
        technique: .plain, recipe: recipe, seeds: [1], measures: [.spread: [.nan], .wasserstein: [.infinity]],
        scoring: nil,
        examples: [[1]], imageShape: nil, seconds: 1, machine: .init(device: .cpu))
      let games = ComparisonFolder(folder)
      try games.write(cell)
      func kept() -> ComparisonCell? { games.cell(recipe, seeds: [1], scoring: nil, device: .cpu) }
      #expect(kept()?.measures[.spread]?.first?.isNaN == true && kept()?.measures[.wasserstein] == [.infinity])
      #expect(games.cell(recipe, seeds: [1], scoring: nil, device: .cuda) == nil)
      let file = folder.appendingPathComponent("one-dimensional-seed-1.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      func written(_ change: (String) -> String) throws { try Data(change(text).utf8).write(to: file) }
      // A key that this recipe has as every recipe has it.
      try written { $0.replacing(/\\nproducts: float32/, with: "") }
      #expect(try String(contentsOf: file, encoding: .utf8) != text && kept() != nil)
      for part in ["\"version\":\"\(swiftGanVersion)\"", "\"libtorch\":\"\(Libtorch.version)\""] {
        try written { $0.replacingOccurrences(of: part, with: part.dropLast() + "-other\"") }
        #expect(kept() == nil, "\(part)")
      }
    }
  }

  #if arch(x86_64)
    /// Before any game has begun.
    @Test func bfloat16WhereThereIsNone() throws {
      try withEmptyFolder { folder in
        let refused = try GanProcess(
          ["compare", "--data", "ring", "--seeds", "2", "--steps", "8", "--set", "products=bfloat16", "--out", "page"],
          in: folder, environment: ["ONEDNN_MAX_CPU_ISA": "AVX2"])
        #expect(refused.status == 1 && refused.errors.contains("products"), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("page/games").path))
      }
    }
  #endif
}
