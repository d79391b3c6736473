import Foundation
import GoldenSupport
import Images
import Testing
import Torch

/// Learning with few labels, from the data files to the table.
@Suite struct SemiSupervisedCommandTests {
  /// Ten classes of 8 x 8 images that anyone could tell apart: the class is the brightest pair of rows and columns.
  private func writeImages(_ folder: URL, _ name: String, count: Int) throws {
    func word(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) } }
    let pixels = (0..<count).flatMap { index in
      (0..<64).map { pixel -> UInt8 in
        let stripe = index % 10 < 5 ? pixel / 8 : pixel % 8
        return stripe == index % 5 ? 220 : UInt8((index * 31 + pixel * 17) % 40)
      }
    }
    try Data([0, 0, 8, 3] + word(count) + word(8) + word(8) + pixels)
      .write(to: folder.appendingPathComponent("\(name)-images-idx3-ubyte"))
    try Data([0, 0, 8, 1] + word(count) + (0..<count).map { UInt8($0 % 10) })
      .write(to: folder.appendingPathComponent("\(name)-labels-idx1-ubyte"))
  }

  private let recipe = """
    base: mnist-semisupervised-fast
    name: few
    noise: {dimensions: 4}
    generator: {hidden: [16, 16]}
    discriminator: {hidden: [32, 32], initializationExamples: 40}
    labels: {count: 20, batchSize: 20}
    batchSize: 20
    duration: {count: 4, unit: epochs}
    output: {measurementInterval: 5, sampleInterval: 10, evaluationInterval: 10, checkpointInterval: 5}
    """

  private func withData(_ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try writeImages(folder, "train", count: 200)
      try writeImages(folder, "t10k", count: 50)
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("few.yaml"))
      try body(folder)
    }
  }

  private func run(_ arguments: [String], _ folder: URL) throws -> GanProcess {
    let process = try GanProcess(arguments, in: folder)
    #expect(process.status == 0, "\(arguments): \(process.errors)")
    return process
  }

  @Test func trainsTestsClassifiesAndEvaluates() throws {
    try withData { folder in
      let train = try run(["train", "few.yaml", "--data", ".", "--labels", "30"], folder)
      let lines = train.output.split(separator: "\n")
      #expect(lines.count == 5 && lines[0].hasPrefix("epoch 1  labelled "), "\(train.output)")
      #expect(lines.dropLast().allSatisfy { $0.contains("test errors ") && $0.contains(" raw, ") })
      let run = folder.appendingPathComponent("runs/few-1")
      let draw = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: run.appendingPathComponent("labels.json")))
          as? [String: Any])
      #expect((draw["indices"] as? [Int])?.count == 30)

      let json = try self.run(["evaluate", "runs/few-1", "--data", ".", "--json"], folder)
      let result = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      let confusion = try #require(result["confusion"] as? [[Int]])
      #expect(confusion.count == 10 && confusion.allSatisfy { $0.reduce(0, +) == 5 })
      let wrong = 50 - confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
      #expect(result["errors"] as? Int == wrong)
      #expect(wrong <= 10, "separable classes should be learned: \(wrong) errors of 50")
      // The last line of training says the same.
      #expect(lines[3].contains("\(wrong) averaged"), "\(lines[3]), \(wrong)")
      let table = try self.run(["evaluate", "runs/few-1", "--data", "."], folder)
      #expect(table.output.contains("\(wrong) errors of 50"))

      let idx = try self.run(["classify", "runs/few-1", "t10k-images-idx3-ubyte", "--json"], folder)
      let predictions = try idx.output.split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      #expect(predictions.count == 50)
      let told = predictions.map { $0["class"] as? Int }
      #expect(zip(told, 0..<50).filter { $0 != $1 % 10 }.count == wrong)
      let ofShares = RoundingBound(.float32, sums: [10, 10], functions: 2)
      for prediction in predictions {
        let shares = try #require(prediction["probabilities"] as? [Double])
        #expect(shares.count == 10 && abs(shares.reduce(0, +) - 1) < ofShares.relative)
      }

      // The third image of the file as a picture of its own is told the same, and its negative too with --invert.
      let images = try Data(contentsOf: folder.appendingPathComponent("t10k-images-idx3-ubyte")).dropFirst(16)
      let third = Array(images.dropFirst(2 * 64).prefix(64))
      try Image(width: 8, height: 8, samples: third).write(to: folder.appendingPathComponent("a b.png"))
      try Image(width: 8, height: 8, samples: third.map { 255 - $0 })
        .write(to: folder.appendingPathComponent("negative.png"))
      func probability(_ arguments: [String]) throws -> Double? {
        let line = try self.run(["classify", "runs/few-1", "--json"] + arguments, folder).output
        return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])["probability"]
          as? Double
      }
      let expected = predictions[2]["probability"] as? Double
      // Alone it takes another way through libtorch's products than among others; a probability moves by what its
      // logits, at most some tens, move.
      let bound = RoundingBound(.float32, sums: [64, 64, 32, 32, 32, 32, 10], functions: 5, amplification: 10)
      #expect(abs(try probability(["a b.png"])! - expected!) < bound.ofTwo)
      #expect(abs(try probability(["negative.png", "--invert"])! - expected!) < bound.ofTwo)
      let plain = try self.run(["classify", "runs/few-1", "a b.png"], folder)
      #expect(plain.output.contains("a b.png"))

      // The run is a classifier for the Inception score as well.
      let score = try self.run(
        ["score", "runs/few-1", "--classifier", "runs/few-1", "--samples", "40", "--splits", "2"], folder)
      #expect(score.output.contains("few"))
    }
  }

  /// Several seeds of a technique at once, scored by one classifier, which is named with what a score is a function of.
  @Test func comparesTechniquesOnImages() throws {
    try withData { folder in
      _ = try run(["train", "few.yaml", "--data", ".", "--steps", "20"], folder)
      let result = try run(
        [
          "compare", "--data", "mnist", "--data-folder", ".", "--classifier", "runs/few-1", "--seeds", "2", "--steps",
          "6",
          "--techniques", "plain,virtual-batch-norm", "--jobs", "2", "--out", "page", "--results", "logs",
        ]
          + ["batchSize=20", "noise.dimensions=4", "generator.hidden=[16]", "discriminator.hidden=[16]"].flatMap {
            ["--set", $0]
          } + ["--set", "discriminator.initializationExamples=40"], folder)
      for word in ["Inception score", "5 000 samples in 1 split by runs/few-1", "SHA-256"] {
        #expect(result.output.contains(word), "'\(word)' in: \(result.output)")
      }
      let lines = try String(contentsOf: folder.appendingPathComponent("logs/compare-mnist.jsonl"), encoding: .utf8)
        .split(separator: "\n").map {
          try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
      #expect(lines.map { $0["technique"] as? String } == ["plain", "virtual-batch-norm"])
      for line in lines {
        #expect((line["seeds"] as? [Int]) == [1, 2])
        let scores = try #require((line["measures"] as? [String: [Double]])?["score"])
        #expect(scores.count == 2 && scores[0] != scores[1] && scores.allSatisfy { (1...10).contains($0) })
        let scoring = try #require(line["scoring"] as? [String: Any])
        #expect(scoring["samples"] as? Int == 5000 && (scoring["hash"] as? String)?.count == 64)
      }
      let page = try String(contentsOf: folder.appendingPathComponent("page/report.html"), encoding: .utf8)
      #expect(page.contains("Samples: Virtual batch normalisation"))
    }
  }

  @Test func whatCannotBeLearnedFromIsNamed() throws {
    try withData { folder in
      func refused(_ arguments: [String], _ words: String...) throws {
        let result = try GanProcess(arguments, in: folder)
        #expect(result.status != 0 && result.status < 128, "\(arguments): \(result.status)")
        for word in words { #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)") }
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("runs").path))
      }
      try refused(["train", "few.yaml", "--data", ".", "--labels", "25"], "labels.count", "25", "10 classes")
      try refused(["train", "few.yaml", "--data", ".", "--labels", "0"], "--labels")
      try refused(["train", "few.yaml", "--data", ".", "--labels", "1000"], "100 examples of each class", "only 20")
      try refused(["train", "mnist", "--data", ".", "--labels", "10"], "--labels", "without labels")
      try refused(
        ["train", "few.yaml", "--data", ".", "--set", "data.source=ring", "--set", "duration.unit=steps"],
        "objective.kind", "points have none")
      try refused(
        [
          "train", "few.yaml", "--data", ".", "--set", "minibatchDiscrimination.enabled=true", "--set",
          "labels.batchSize=10",
        ], "labels.batchSize", "20")
      try refused(["classify", "nowhere", "few.yaml"], "nowhere")
      try refused(["evaluate", "nowhere", "--data", "."], "nowhere")
      try refused(["reproduce", "mnist", "--labels", "10,x", "--data", "."], "--labels", "x")
      try refused(["reproduce", "mnist", "--seeds", "0", "--data", "."], "--seeds")
      for seeds in ["3-2", "0-2", "1-", "-3", "1-2-3", "6-1001"] {
        try refused(["reproduce", "mnist", "--seeds", seeds, "--data", "."], "--seeds")
      }
      try refused(["reproduce", "mnist", "--recipe", "mnist", "--data", "."], "--recipe", "without labels")
    }
  }

  @Test func picturesThatDoNotFitAreNamed() throws {
    try withData { folder in
      _ = try run(["train", "few.yaml", "--data", ".", "--steps", "2"], folder)
      func refused(_ file: String, _ words: String...) throws {
        let result = try GanProcess(["classify", "runs/few-1", "t10k-images-idx3-ubyte", file], in: folder)
        // The others are labelled all the same.
        #expect(result.status == 1 && result.output.contains("t10k-images-idx3-ubyte[0]"), "\(result.output)")
        for word in [file] + words { #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)") }
      }
      try Image(width: 9, height: 8, samples: [UInt8](repeating: 0, count: 72))
        .write(to: folder.appendingPathComponent("wide.png"))
      try Image(width: 8, height: 8, channels: 3, samples: [UInt8](repeating: 0, count: 192))
        .write(to: folder.appendingPathComponent("colour.png"))
      // A white stroke, grey with alpha.
      let strokes =
        "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAQAAABuBnYAAAAAFElEQVR42mP4z4AKYQwQoL0AHAIAN2pLtRi08rkAAAAASUVORK5CYII="
      try #require(Data(base64Encoded: strokes)).write(to: folder.appendingPathComponent("strokes.png"))
      // White on a transparent ground is laid over black: over white nothing of it would be left.
      let onBlack = try GanProcess(["classify", "runs/few-1", "strokes.png"], in: folder)
      #expect(onBlack.status == 0 && onBlack.output.contains("strokes.png"), "\(onBlack.errors)")
      try refused("missing.png", "no such file")
      try refused("wide.png", "9 x 8", "8 x 8")
      try refused("colour.png", "3 channels")
      try refused("t10k-labels-idx1-ubyte", "three axes")
      try refused("few.yaml")

      let unlabelled = try GanProcess(
        ["train", "few.yaml", "--data", ".", "--set", "objective.kind=logistic", "--set", "consistency.weight=0"]
          + ["--set", "marginalEntropy.weight=0", "--steps", "2", "--out", "plain"], in: folder)
      #expect(unlabelled.status == 0, "\(unlabelled.errors)")
      for command in [["classify", "plain", "t10k-images-idx3-ubyte"], ["evaluate", "plain", "--data", "."]] {
        let result = try GanProcess(command, in: folder)
        #expect(result.status == 1 && result.errors.contains("tells no classes apart"), "\(result.errors)")
      }
    }
  }

  /// The table, its page and its logs; started again it trains nothing, with more draws it adds to what is there, and a
  /// run that was killed goes on to the result of an undisturbed one.
  @Test func reproducesTheTableAndGoesOn() throws {
    try withData { folder in
      // A seven that is said to be a three: a mistake to be shown.
      let labels = folder.appendingPathComponent("t10k-labels-idx1-ubyte")
      var bytes = try Data(contentsOf: labels)
      bytes[8 + 7] = 3
      try bytes.write(to: labels)
      let arguments = ["reproduce", "mnist", "--recipe", "few.yaml", "--data", ".", "--labels", "10,20", "--jobs", "2"]
      let first = try run(arguments + ["--seeds", "1", "--out", "table"], folder)
      #expect(first.output.contains("10 labels, draw 1  epoch 4") && first.output.contains("table/report.html"))
      let again = try run(arguments + ["--seeds", "1", "--out", "table"], folder)
      #expect(!again.output.contains("draw 1"))
      let more = try run(arguments + ["--seeds", "2", "--out", "table", "--results", "logs"], folder)
      #expect(more.output.contains("draw 2  epoch 4") && !more.output.contains("draw 1  epoch"))
      #expect(more.output.contains("2 of 2"))
      // The second alone, as one looks at draws that settings were not chosen by.
      let second = try run(arguments + ["--seeds", "2-2", "--out", "table"], folder)
      #expect(!second.output.contains("draw 2  epoch") && second.output.contains("1 of 1"))
      let logs = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("logs").path)
      let runs = ["10", "20"].flatMap { l in ["1", "2"].map { "labels-\(l)-draw-\($0).jsonl" } }
      #expect(logs.sorted() == (["README.md", "labels-10-ensemble.jsonl", "labels-20-ensemble.jsonl"] + runs).sorted())
      let table = try String(contentsOf: folder.appendingPathComponent("logs/README.md"), encoding: .utf8)
      #expect(table.contains("2 of 2") && table.contains("gan reproduce mnist --recipe few.yaml"))
      let ensemble = try String(
        contentsOf: folder.appendingPathComponent("logs/labels-20-ensemble.jsonl"), encoding: .utf8
      ).split(separator: "\n")
      #expect(ensemble[0] == #"{"draws":[1,2],"testErrors":\#(ensemble.count - 1)}"#)
      for log in runs {
        let lines = try String(contentsOf: folder.appendingPathComponent("logs/\(log)"), encoding: .utf8)
          .split(separator: "\n")
        #expect(lines.count == 5 && lines[0].contains("\"indices\"") && lines[4].contains("\"testErrors\""))
      }
      let page = try String(contentsOf: folder.appendingPathComponent("table/report.html"), encoding: .utf8)
      for text in [
        "20 labels", "Each draw", "Test errors as training goes", "How it was trained", "over the last 20 %",
        "falling to 40 % over the last 50 %", "1677 ± 452", "1134 ± 445",
        "each with its label and what it was taken for: ", "3→7",
      ] {
        #expect(page.contains(text), "\(text)")
      }

      let other = try GanProcess(arguments + ["--seeds", "1", "--out", "table", "--epochs", "5"], in: folder)
      #expect(other.status == 1 && other.errors.contains("other settings"), "\(other.errors)")

      // Interrupted in the middle: the same bytes in the end.
      let run = "table/labels-20/draw-1"
      func weights(_ folder: URL) throws -> [Data] {
        try ["generator", "discriminator", "discriminator-average"].map {
          try Data(contentsOf: folder.appendingPathComponent("\($0).safetensors"))
        }
      }
      let undisturbed = try weights(folder.appendingPathComponent(run))
      let measured = try String(contentsOf: folder.appendingPathComponent("\(run)/measurements.jsonl"), encoding: .utf8)
      let process = Process()
      process.executableURL = GanProcess.executable
      process.arguments = arguments + ["--seeds", "1", "--out", "killed"]
      process.currentDirectoryURL = folder
      (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
      try process.run()
      let checkpoint = folder.appendingPathComponent("killed/labels-20/draw-1/checkpoints/step-000005.safetensors").path
      while process.isRunning && !FileManager.default.fileExists(atPath: checkpoint) { usleep(1_000) }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      _ = try self.run(arguments + ["--seeds", "1", "--out", "killed"], folder)
      let killed = folder.appendingPathComponent("killed/labels-20/draw-1")
      #expect(try weights(killed) == undisturbed)
      // Many runs would leave much behind: a run of a table that is over needs no checkpoint.
      #expect(!FileManager.default.fileExists(atPath: killed.appendingPathComponent("checkpoints").path))
      func losses(_ text: String) -> [String] {
        text.split(separator: "\n").map { String($0.replacing(/"seconds":[^,]*,/, with: "")) }
      }
      let resumed = try String(contentsOf: killed.appendingPathComponent("measurements.jsonl"), encoding: .utf8)
      #expect(losses(resumed) == losses(measured))
    }
  }
}
