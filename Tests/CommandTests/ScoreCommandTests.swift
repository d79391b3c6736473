import Datasets
import Files
import Foundation
import GoldenSupport
import Recipes
import Testing
import Torch

/// `gan score` as a user meets it.
@Suite struct ScoreCommandTests {
  private static func classifier(_ name: String) -> String { Golden.file("classifiers/\(name).pt").path }

  private struct Report: Decodable {
    var score: Double
    var standardDeviation: Double
    var splitScores: [Double]
    var samples: Int
    var splits: Int
    var images: String
    var seed: UInt64
    var classifier: Classifier
    struct Classifier: Decodable {
      var name: String
      var sha256: String
      var classes: Int
    }
  }

  private func score(_ arguments: [String], in folder: URL) throws -> Report {
    let result = try GanProcess(["score"] + arguments + ["--json"], in: folder)
    try #require(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
  }

  /// The definition, in plain arithmetic: exp of the mean divergence of softmax(logits) from their mean.
  private func inceptionScore(_ logits: [[Double]]) -> Double {
    let p = logits.map { row in
      let powers = row.map { exp($0 - row.max()!) }
      return powers.map { $0 / powers.reduce(0, +) }
    }
    let mean = p[0].indices.map { k in p.reduce(0) { $0 + $1[k] } / Double(p.count) }
    let divergences = p.map { row in zip(row, mean).reduce(0) { $0 + ($1.0 > 0 ? $1.0 * log($1.0 / $1.1) : 0) } }
    return exp(divergences.reduce(0, +) / Double(p.count))
  }

  @Test(
    .enabled(if: DataCommandTests.published != nil, "no MNIST files beside the checkout, and GAN_MNIST is not set"))
  func realImagesAreScoredAsThePlainFormulaDoes() throws {
    let digits = try #require(DataCommandTests.published)
    let golden = try Golden("inception_score").tensors()
    let weight = try #require(golden["linear.f32.in.weight"]).values(Double.self)
    let bias = try #require(golden["linear.f32.in.bias"]).values(Double.self)
    let data = try MNIST.load(directory: digits, split: .test)
    let logits = (0..<data.count).map { image in
      var pooled = [Double](repeating: 0, count: 49)
      for y in 0..<28 {
        for x in 0..<28 {
          pooled[y / 4 * 7 + x / 4] += Double(data.images[image * 784 + y * 28 + x]) / (255 * 16)
        }
      }
      return (0..<10).map { k in (0..<49).reduce(bias[k]) { $0 + weight[k * 49 + $1] * pooled[$1] } }
    }
    try withEmptyFolder { folder in
      let real = ["--data", digits.path, "--classifier", Self.classifier("linear")]
      let whole = try score(real + ["--splits", "1"], in: folder)
      // Means of 16 pixels and sums of 49 in float32; the score moves by at most as much as twice the largest logit.
      let bound = RoundingBound(.float32, sums: [16, 49])
      let largest = logits.joined().map(abs).max()!
      #expect(abs(whole.score - inceptionScore(logits)) < 2 * largest * bound.relative * whole.score)
      #expect(whole.standardDeviation == 0 && whole.samples == 10_000 && whole.classifier.classes == 10)
      #expect(whole.score > 1.1, "a classifier that tells nothing apart would hide mistakes")
      #expect(whole.images.hasPrefix("test images of "))

      let bytes = try Data(contentsOf: Golden.file("classifiers/linear.pt"))
      #expect(whole.classifier.sha256 == sha256(bytes))
      let text = try GanProcess(["score"] + real, in: folder)
      #expect(text.status == 0, "\(text.errors)")
      let ten = try score(real + ["--batch-size", "77"], in: folder)
      #expect(ten.splitScores.count == 10 && ten.splits == 10 && ten.standardDeviation > 0)
      let numbers = String(format: "%.4f ± %.4f", ten.score, ten.standardDeviation)
      for word in [numbers, "linear.pt", String(sha256(bytes).prefix(12)), "10 000", "10 splits", "10 classes"] {
        #expect(text.output.contains(word), "'\(word)' in \(text.output)")
      }
      let other = try score(real + ["--seed", "2", "--samples", "5000"], in: folder)
      #expect(other.score != ten.score && other.samples == 5000 && other.seed == 2)
    }
  }

  @Test func aRunIsScoredOnWhatItsGeneratorMakes() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      let train = try GanProcess(["train", "tiny.yaml", "--data", ".", "--out", "run"], in: folder)
      try #require(train.status == 0, "\(train.errors)")
      // Pixels are the logits: whatever the images are, the score is known.
      let arguments = ["run", "--classifier", Self.classifier("echo"), "--samples", "60", "--device", "cpu"]
      let found = try score(arguments + ["--splits", "1"], in: folder)
      let game = try RunFolder(folder.appendingPathComponent("run")).load(device: .cpu).game
      let random = RandomStream(seed: 1).stream("score")
      let pixels = try (0..<8).flatMap { try game.samples(8, random.at($0)).values(Double.self) }
      let rows = (0..<60).map { Array(pixels[$0 * 64..<($0 + 1) * 64]) }
      // The pixels are in 0 ... 1, in float32.
      let rounding = 2 * RoundingBound(.float32, sums: [2], functions: 1).relative * found.score
      #expect(abs(found.score - inceptionScore(rows)) < rounding)
      #expect(found.classifier.classes == 64 && found.score > 1)
      #expect(found.images == "generated by run, averaged weights")

      let inSplits = try score(arguments + ["--splits", "3"], in: folder)
      for split in 0..<3 {
        #expect(
          abs(inSplits.splitScores[split] - inceptionScore(Array(rows[split * 20..<(split + 1) * 20]))) < rounding)
      }
      let small = try score(arguments + ["--splits", "3", "--batch-size", "7"], in: folder)
      #expect(zip(small.splitScores, inSplits.splitScores).allSatisfy { abs($0 - $1) < rounding })
      #expect(try score(arguments + ["--splits", "1", "--seed", "2"], in: folder).score != found.score)
      #expect(try score(arguments + ["--splits", "1", "--raw"], in: folder).score != found.score)
    }
  }

  @Test func whatCannotBeScoredIsNamed() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      let data = ["--data", ".", "--split", "train"]
      func refused(
        _ arguments: [String], _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
      ) throws {
        let result = try GanProcess(["score"] + arguments, in: folder)
        #expect(result.status != 0 && result.status < 128, "\(result.status)", sourceLocation: sourceLocation)
        #expect(result.output.isEmpty, sourceLocation: sourceLocation)
        for word in words {
          #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)", sourceLocation: sourceLocation)
        }
      }
      func with(_ name: String) -> [String] { data + ["--splits", "4", "--classifier", Self.classifier(name)] }
      let accepted = try GanProcess(["score"] + with("echo"), in: folder)
      #expect(accepted.status == 0, "\(accepted.errors)")

      try refused(data, "--classifier")
      try refused(["--classifier", "x.pt"], "run", "--data")
      try refused(["run", "--data", ".", "--classifier", "x.pt"], "run", "--data")
      try refused(["run", "--split", "test", "--classifier", "x.pt"], "--split")
      try refused(data + ["--raw", "--classifier", "x.pt"], "--raw")
      try refused(data + ["--splits", "4", "--classifier", "x.pt"], "x.pt", "no such file")
      try refused(data + ["--splits", "4", "--classifier", "."], "recipe.yaml", "there is no such file")
      try refused(["nowhere", "--classifier", Self.classifier("echo")], "nowhere", "run folder")
      try refused(["--data", ".", "--classifier", Self.classifier("echo")], "t10k")
      try refused(with("text"), "text.pt", "not a TorchScript file")
      try refused(with("tuple"), "tuple.pt", "[64, 1, 8, 8]")
      try refused(with("vector"), "vector.pt", "[64]")
      try refused(with("rows"), "rows.pt", "[63, 64]")
      try refused(with("infinite"), "infinite.pt", "not finite")
      try refused(with("echo") + ["--output", "probabilities"], "echo.pt", "no probabilities")
      try refused(with("echo") + ["--input-range", "0..2"], "0..2", "-1..1")
      try refused(with("echo") + ["--channels", "2"], "--channels")
      try refused(with("echo") + ["--argument", "x"], "--argument", "'x'")
      try refused(with("echo") + ["--argument", "a=true", "--argument", "a=false"], "'a' twice")
      try refused(with("echo") + ["--argument", "a=true"], "echo.pt", "a")
      try refused(data + ["--splits", "4", "--classifier", ".", "--argument", "a=true"], "--argument", "run")
      try refused(with("echo") + ["--splits", "3"], "64", "3 equal splits")
      try refused(with("echo") + ["--samples", "128"], "--samples", "64", "128")
      try refused(with("echo") + ["--samples", "-4"], "--samples", "-4")
      try refused(with("echo") + ["--batch-size", "0"], "--batch-size")

      let train = try GanProcess(["train", "one-dimensional", "--steps", "2", "--out", "points"], in: folder)
      #expect(train.status == 0, "\(train.errors)")
      try refused(["points", "--classifier", Self.classifier("echo")], "points")
    }
  }

  @Test func everyInputRangeCanBeNamed() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      let arguments = ["--data", ".", "--split", "train", "--splits", "2", "--classifier", Self.classifier("echo")]
      let unit = try score(arguments, in: folder).score
      let symmetric = try score(arguments + ["--input-range", "-1..1"], in: folder).score
      // Logits twice as far apart: more is told apart.
      #expect(symmetric > unit)
      let bytes = try score(
        Array(arguments.dropLast()) + [Self.classifier("bytes"), "--input-range", "0..255"], in: folder)
      #expect(bytes.classifier.classes == 192 && bytes.score > symmetric)
    }
  }
}
