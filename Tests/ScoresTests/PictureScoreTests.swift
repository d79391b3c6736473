import Datasets
import Files
import Foundation
import Images
import Metrics
import Scores
import Testing
import Torch

/// Whole scores of pictures by small networks: what they say of themselves, and what they refuse.
@Suite struct PictureScoreTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("scores-\(UUID())")
    try makeFolder(at: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func network(_ name: String = "features.pt") throws -> TorchScriptNetwork {
    try TorchScriptNetwork(contentsOf: Formulas.file(name))
  }

  private func set(_ first: Int, _ count: Int, key: String? = nil) -> Listed {
    Listed((first..<first + count).map { Formulas.picture($0, 20, 16) }, key: key)
  }

  private let all: [any PictureMetric.Type] = ["fd", "kid", "precision", "recall", "density", "coverage"].map {
    PictureMetrics.named($0)!
  }

  private func scores(
    _ generated: any PictureSet, _ real: PictureScores.Real, by network: (any PictureNetwork)? = nil,
    metrics: [any PictureMetric.Type]? = nil, settings: ScoreSettings = ScoreSettings(), cache: FeatureCache? = nil
  ) throws -> PictureScores {
    try PictureScores(
      of: generated, against: real, by: network ?? self.network(), metrics: metrics ?? all, settings: settings,
      batch: 8,
      cache: cache, version: "test")
  }

  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing"
    } catch { return "\(error)" }
  }

  @Test func aSetIsAtDistanceZeroFromItselfAndItsPassportSaysWhatItIs() throws {
    let result = try scores(set(0, 30, key: "a"), .pictures(set(0, 30, key: "a")))
    let values = Dictionary(uniqueKeysWithValues: result.values.map { ($0.metric, $0.value) })
    #expect(values["fd"] == 0 && values["precision"] == 1 && values["recall"] == 1 && values["coverage"] == 1)
    let passport = result.passport
    #expect(passport.network.name == "features.pt" && passport.network.dimensions == 12)
    #expect(passport.network.sha256 == sha256(try Data(contentsOf: Formulas.file("features.pt"))))
    #expect(passport.real?.count == 30 && passport.generated.count == 30 && passport.generated.checksum == "a")
    let nearest = try #require(result.nearest)
    #expect(nearest.map(\.real) == Array(0..<30) && nearest.allSatisfy { $0.distance == 0 })
  }

  @Test func passportsThatDifferAreToldApart() throws {
    let one = try scores(set(0, 30, key: "a"), .pictures(set(40, 30, key: "r"))).passport
    #expect(one.differences(from: try scores(set(5, 30, key: "b"), .pictures(set(40, 30, key: "r"))).passport) == [])
    var settings = ScoreSettings()
    settings.divisor = .count
    settings.neighbours.precisionRecall = 5
    let other = try scores(set(0, 25, key: "a"), .pictures(set(40, 31, key: "s")), settings: settings).passport
    let found = one.differences(from: other).joined(separator: "; ")
    for word in ["real pictures", "number of real pictures", "number of generated pictures", "divisor", "neighbours"] {
      #expect(found.contains(word), "\(word): \(found)")
    }
  }

  /// What no score depends on that both have keeps none from being compared.
  @Test func onlyWhatScoresDependOnKeepsThemFromBeingCompared() throws {
    func document(_ names: [String], _ change: (inout ScoreSettings) -> Void = { _ in }) throws -> ScoreDocument {
      var settings = ScoreSettings()
      change(&settings)
      return ScoreDocument(
        try scores(
          set(0, 30, key: "a"), .pictures(set(40, 30, key: "r")), metrics: names.map { PictureMetrics.named($0)! },
          settings: settings))
    }
    let plain = try document(["fd"])
    #expect(plain.differences(from: try document(["fd"]) { $0.kernelSubsets = 7 }) == [])
    #expect(plain.differences(from: try document(["fd"]) { $0.divisor = .count }).count == 1)
    let both = try document(["fd", "kid", "recall"])
    #expect(both.differences(from: try document(["fd", "recall"]) { $0.kernelSubsets = 7 }) == [])
    #expect(
      both.differences(from: try document(["kid"]) { $0.kernelSubsets = 7 }) == ["KID's subsets: 100 and 7"])
    #expect(both.differences(from: try document(["recall"]) { $0.neighbours.precisionRecall = 4 }).count == 1)
    // Side by side, and written and read.
    let comparison = ScoreComparison([("one", plain), ("two", try document(["kid"]) { $0.seed = 3 }), ("three", both)])
    #expect(comparison.metrics == ["fd", "kid", "recall"])
    #expect(comparison.rows.map(\.differences) == [[], [], []])
    try withFolder { folder in
      let file = folder.appendingPathComponent("scores.json")
      try Data(both.json().utf8).write(to: file)
      #expect(try ScoreDocument(contentsOf: file) == both)
      try Data("{}".utf8).write(to: file)
      #expect(refusal { _ = try ScoreDocument(contentsOf: file) }.contains("gan score --json"))
    }
  }

  @Test func statisticsOfAFileGiveTheScoreOfItsPictures() throws {
    try withFolder { folder in
      let real = try PictureFeatures(of: set(40, 30), by: network(), batch: 8).features
      let url = folder.appendingPathComponent("real.npz")
      try FeatureStatistics(of: real).write(to: url)
      let side = ScorePassport.Side(title: "a file", count: 30, checksum: nil)
      let fd = [PictureMetrics.named("fd")!]
      let known = try scores(set(0, 30), .statistics(try FeatureStatistics(contentsOf: url), side), metrics: fd)
      let whole = try scores(set(0, 30), .pictures(set(40, 30)), metrics: fd)
      #expect(relativeError(known.values[0].value, whole.values[0].value) < 1e-9)
      #expect(
        refusal { _ = try scores(set(0, 30), .statistics(try FeatureStatistics(contentsOf: url), side)) }
          .contains("KID needs real pictures"))
      let other = try FeatureStatistics(mean: [0, 0], covariance: [1, 0, 0, 1], count: nil)
      #expect(
        refusal { _ = try scores(set(0, 30), .statistics(other, side), metrics: fd) }.contains("2 dimensions"))
    }
  }

  @Test func networksThatDoNotDoTheirPartAreNamed() throws {
    let pictures = set(0, 10)
    #expect(
      refusal { _ = try scores(pictures, .pictures(pictures), by: network("wrong-shape.pt")) }
        .contains("network wrong-shape.pt: returns a tensor of shape []"))
    #expect(
      refusal { _ = try scores(pictures, .pictures(pictures), by: network("not-finite.pt")) }
        .contains("features of picture 0 (counted from 0) are not finite"))
    #expect(
      refusal { _ = try TorchScriptNetwork(contentsOf: Formulas.file("archive.pth")) }.contains("archive.pth"))
    #expect(
      refusal { _ = try scores(pictures, .pictures(pictures), metrics: [FIDMetric.self]) }
        .contains("ask for fd, the same distance of any"))
    #expect(
      refusal { _ = try scores(pictures, .nothing, metrics: [InceptionMetric.self]) }.contains("tells no classes apart")
    )
  }

  @Test func picturesOfTwoSizesWithoutResizingAreRefusedAndOneIsTooFew() throws {
    let mixed = Listed([Formulas.picture(0, 20, 16), Formulas.picture(1, 20, 16), Formulas.picture(2, 24, 16)])
    #expect(
      refusal { _ = try scores(mixed, .pictures(mixed)) }.contains("of several sizes, such as 20 x 16 and 24 x 16"))
    #expect(refusal { _ = try scores(set(0, 1), .pictures(set(0, 9))) }.contains("1 picture is too few"))
    #expect(refusal { _ = try scores(set(0, 9), .pictures(set(0, 1))) }.contains("1 picture is too few"))
  }

  @Test func featuresOfRealPicturesAreKeptAndFoundAgain() throws {
    try withFolder { folder in
      let cache = FeatureCache(folder.appendingPathComponent("features"))
      let real = set(40, 30, key: "r")
      let first = try scores(set(0, 20), .pictures(real), cache: cache)
      #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder.path).count == 1)
      // A set of the same key is taken for the same: its pictures are not looked at.
      let second = try scores(set(0, 20), .pictures(set(0, 30, key: "r")), cache: cache)
      #expect(first.values == second.values)
      #expect(try scores(set(0, 20), .pictures(set(0, 30, key: "other")), cache: cache).values != first.values)
      // A damaged file is passed over.
      let kept = try FileManager.default.contentsOfDirectory(at: cache.folder, includingPropertiesForKeys: nil)
      for file in kept { try Data("no features".utf8).write(to: file) }
      #expect(try scores(set(0, 20), .pictures(real), cache: cache).values == first.values)
    }
  }

  @Test func aCacheThatCannotBeWrittenIsNoErrorButNoted() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("taken")
      try Data("a file where the folder would be".utf8).write(to: file)
      let result = try scores(set(0, 20), .pictures(set(40, 30, key: "r")), cache: FeatureCache(file))
      #expect(result.passport.generated.notes.contains { $0.hasPrefix("features could not be kept") })
    }
  }

  @Test func foldersAreReadWhateverFilesAreCalledAndAlphaIsLaidOverWhite() throws {
    try withFolder { folder in
      let below = folder.appendingPathComponent("below/further")
      try makeFolder(at: below)
      try Formulas.picture(0, 20, 16).png().write(to: folder.appendingPathComponent("a.PNG"))
      try Formulas.picture(1, 20, 16).png().write(to: below.appendingPathComponent("b.jpg"))
      try Formulas.picture(2, 20, 16).jpeg(quality: 95).write(to: below.appendingPathComponent("c"))
      let grey = try Image(width: 20, height: 16, channels: 1, samples: Array(repeating: 90, count: 320))
      try grey.png().write(to: below.appendingPathComponent("d.png"))
      try Data("notes".utf8).write(to: folder.appendingPathComponent("notes.txt"))
      let files = try PictureFiles(folder)
      #expect(files.count == 4)
      #expect(files.notes.count == 1 && files.notes[0].contains("notes.txt"))
      let pictures = try files.pictures(0..<4)
      #expect(
        pictures.map { files.name($0.index) } == [
          "a.PNG", "below/further/b.jpg", "below/further/c", "below/further/d.png",
        ])
      #expect(pictures[0].picture == Formulas.picture(0, 20, 16))
      #expect(pictures[3].picture.channels == 3 && pictures[3].picture.samples.allSatisfy { $0 == 90 })
      // Another set once a file of it has changed.
      let key = try #require(files.key)
      try Formulas.picture(5, 20, 16).png().write(to: folder.appendingPathComponent("a.PNG"))
      #expect(try PictureFiles(folder).key != key)
    }
  }

  @Test func aDamagedPictureIsLeftOutAndNoted() throws {
    try withFolder { folder in
      for index in 0..<6 {
        try Formulas.picture(index, 20, 16).png().write(to: folder.appendingPathComponent("\(index).png"))
      }
      let whole = try Formulas.picture(9, 20, 16).png()
      try whole.prefix(whole.count / 2).write(to: folder.appendingPathComponent("3.png"))
      let files = try PictureFiles(folder)
      let features = try PictureFeatures(of: files, by: network(), batch: 2)
      #expect(features.indices == [0, 1, 2, 4, 5])
      #expect(files.notes.contains { $0.contains("3.png") })
    }
  }

  @Test func theScoresOfGeneratedPicturesAreThoseOfTheirFiles() throws {
    try withFolder { folder in
      // Rounded to bytes as they are when they are written.
      let x = try checkingTensors { RandomStream(seed: 3).uniform([12, 3, 16, 20]) * 1.1 - 0.05 }
      let generated = GeneratedPictures(title: "samples", count: 12) { range in x.sliced(0, range) }
      for (index, picture) in try generated.pictures(0..<12) {
        try picture.png().write(to: folder.appendingPathComponent(String(format: "%03d.png", index)))
      }
      let (one, other) = (
        try PictureFeatures(of: generated, by: network(), batch: 8),
        try PictureFeatures(of: PictureFiles(folder), by: network(), batch: 8)
      )
      #expect(one.features == other.features)
    }
  }

  /// Cut off in place of rounded, 63 of 256 levels would not come home from -1 ... 1, and nearly white would be less
  /// than white.
  @Test func levelsOfGeneratedPicturesComeHome() throws {
    let levels = (0...255).map { Float($0) }
    func bytes(_ x: Tensor) throws -> [UInt8] {
      let planes = try x.reshaped([1, 1, 16, 16]).checked()
      return try GeneratedPictures(title: "levels", count: 1) { _ in planes }.pictures(0..<1)[0].picture.samples
    }
    #expect(try bytes(Tensor(levels.map { $0 / 255 })) == (0...255).map { UInt8($0) })
    let signed = Tensor(levels.map { $0 / 127.5 - 1 })
    #expect(try bytes((signed + 1) / 2) == (0...255).map { UInt8($0) })
    #expect(try bytes(.full(0.999, [256])) == Array(repeating: 255, count: 256))
  }
}
