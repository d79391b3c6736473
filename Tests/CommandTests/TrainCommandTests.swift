import Foundation
import Images
import Testing
import Torch

/// A run as its user sees it: the folder it leaves, and drawing from it later.
@Suite struct TrainCommandTests {
  @Test func leavesARunFolderThatCanBeDrawnFrom() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      let train = try GanProcess(["train", "tiny.yaml", "--data", "."], in: folder)
      #expect(train.status == 0, "\(train.errors)")
      #expect(train.output == "runs/tiny-1\n")
      let run = folder.appendingPathComponent("runs/tiny-1")
      let files = try FileManager.default.contentsOfDirectory(atPath: run.path).sorted()
      #expect(
        files == [
          ".lock", "checkpoints", "discriminator.safetensors", "generator-average.safetensors", "generator.safetensors",
          "measurements.jsonl",
          "recipe.yaml", "run.json",
          "samples",
        ])
      let pictures = try FileManager.default.contentsOfDirectory(atPath: run.appendingPathComponent("samples").path)
      #expect(pictures.sorted() == ["real.png", "step-000000.png", "step-000003.png", "step-000006.png"])
      let lines = try String(contentsOf: run.appendingPathComponent("measurements.jsonl"), encoding: .utf8)
        .split(separator: "\n")
      let steps = try lines.map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])["step"] as? Int
      }
      #expect(steps == [2, 4, 6])
      #expect(
        try Safetensors(contentsOf: run.appendingPathComponent("generator.safetensors")).tensors["hidden.0.weight"]?
          .shape == [8, 4])

      let sample = try GanProcess(["sample", "runs/tiny-1", "--count", "5", "--out", "grid.png"], in: folder)
      #expect(sample.status == 0 && sample.output == "grid.png\n", "\(sample.errors)")
      let grid = try Image(contentsOf: folder.appendingPathComponent("grid.png"))
      #expect(grid.channels == 1 && grid.width > 0)

      let raw = try GanProcess(["sample", "runs/tiny-1", "--count", "5", "--out", "raw.png", "--raw"], in: folder)
      #expect(raw.status == 0, "\(raw.errors)")
      #expect(try Image(contentsOf: folder.appendingPathComponent("raw.png")) != grid)

      let second = try GanProcess(["train", "tiny.yaml", "--data", "."], in: folder)
      #expect(second.output == "runs/tiny-2\n")
      func parameters(_ run: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent("runs/\(run)/generator.safetensors"))
      }
      #expect(try parameters("tiny-1") == parameters("tiny-2"), "one seed, one result")
      let other = try GanProcess(["train", "tiny.yaml", "--data", ".", "--seed", "2", "--out", "other"], in: folder)
      #expect(other.status == 0)
      #expect(
        try parameters("tiny-1") != Data(contentsOf: folder.appendingPathComponent("other/generator.safetensors")))
    }
  }

  @Test func everyOptionReachesTheResolvedRecipe() throws {
    try withEmptyFolder { folder in
      let plan = try GanProcess(
        [
          "train", "mnist", "--dry-run", "--seed", "9", "--batch-size", "50", "--steps", "123", "--set",
          "featureMatching.role=joins", "--set", "generator.hidden=[20, 30]", "--device", "cpu", "--threads", "1",
        ], in: folder)
      #expect(plan.status == 0, "\(plan.errors)")
      for line in ["seed: 9", "batchSize: 50", "count: 123", "role: joins", "steps: 123"] {
        #expect(plan.output.contains(line), "\(line)")
      }
      #expect(plan.output.contains("hidden.1.weight"))
      #expect(plan.output.contains("[30, 20]"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty, "a dry run leaves nothing")
      let epochs = try GanProcess(["train", "mnist", "--dry-run", "--epochs", "2"], in: folder)
      #expect(epochs.output.contains("steps: 1200"))
    }
  }

  @Test func aDensityIsTrainedAndSampledAsNumbers() throws {
    try withEmptyFolder { folder in
      let train = try GanProcess(["train", "one-dimensional", "--steps", "20", "--out", "run"], in: folder)
      #expect(train.status == 0, "\(train.errors)")
      let sample = try GanProcess(["sample", "run", "--count", "7", "--out", "points.txt"], in: folder)
      #expect(sample.status == 0, "\(sample.errors)")
      let lines = try String(contentsOf: folder.appendingPathComponent("points.txt"), encoding: .utf8)
      #expect(lines.split(separator: "\n").compactMap { Double($0) }.count == 7)
    }
  }

  @Test func recipesAreListedAndPrintedAsTheyAreRead() throws {
    try withEmptyFolder { folder in
      let list = try GanProcess(["recipes"], in: folder)
      #expect(list.output.contains("mnist-feature-matching"))
      let recipe = try GanProcess(["recipes", "mnist"], in: folder)
      try Data(recipe.output.utf8).write(to: folder.appendingPathComponent("copy.yaml"))
      let copy = try GanProcess(["train", "copy.yaml", "--dry-run"], in: folder)
      let original = try GanProcess(["train", "mnist", "--dry-run"], in: folder)
      #expect(copy.status == 0 && copy.output == original.output, "\(copy.errors)")
    }
  }
}
