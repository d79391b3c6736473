import Foundation
import Recipes
import Testing

/// A run keeps to what it was told when it goes on, and gets another length where it is told one.
@Suite struct RememberedOptionsTests {
  private func gan(_ arguments: String, _ folder: URL, status: Int32 = 0) throws -> GanProcess {
    let process = try GanProcess(arguments.split(separator: " ").map(String.init), in: folder)
    #expect(process.status == status, "\(arguments): \(process.errors)")
    return process
  }

  @Test func theBestCheckpointStaysTheBest() throws {
    try withEmptyFolder { folder in
      try writeFewLabels(folder)
      _ = try gan(
        "train few.yaml --data . --threads 1 --keep-best test-errors-of-average --keep-checkpoints 5 --on-nan rollback "
          + "--checkpoint-every 5 --stop-after 10 --out run", folder)
      _ = try gan("train --resume run", folder)
      let run = RunFolder(folder.appendingPathComponent("run"))
      let options = try #require(try run.description().options)
      #expect(options.keptBest == .testErrorsOfAverage && options.keptCheckpoints == 5)
      #expect(options.rollbacks == 3 && options.checkpointSteps == 5)
      #expect(try checkpointSteps("run", in: folder) == [0, 5, 10, 15, 20])
      let best = try #require(try run.measurements().compactMap(\.testErrorsOfAverage).min())
      let kept = try CheckpointFolder.read(run.checkpoints.best, device: .cpu)
      #expect(kept.origin.measure == Double(best))
    }
  }

  /// A test by another measure, and a worse one, is no reason to give up the checkpoint that is there.
  @Test func anOlderBestIsBeatenOnlyByABetterOne() throws {
    try withEmptyFolder { folder in
      try writeFewLabels(folder)
      _ = try gan("train few.yaml --data . --threads 1 --keep-best test-errors --stop-after 10 --out run", folder)
      let best = folder.appendingPathComponent("run/checkpoints/best.safetensors")
      let run = RunFolder(folder.appendingPathComponent("run"))
      // As if the tests up to here had found no error.
      let file = folder.appendingPathComponent("run/measurements.jsonl")
      let text = try String(contentsOf: file, encoding: .utf8)
      try Data(text.replacing(/"testErrors":[0-9]+/, with: "\"testErrors\":0").utf8).write(to: file)
      let before = try Data(contentsOf: best)
      _ = try gan("train --resume run", folder)
      #expect(try Data(contentsOf: best) == before)
      #expect(try run.measurements().last?.step == 20)
    }
  }

  @Test func theLineToGoOnCanBePasted() throws {
    try withEmptyFolder { folder in
      for name in ["my run", "it's $HOME", "-dash"] {
        let path = name.hasPrefix("-") ? "./\(name)" : name
        let stopped = try GanProcess(
          ["train", "one-dimensional", "--threads", "1", "--steps", "40", "--stop-after", "10", "--out", path],
          in: folder)
        let line = try #require(stopped.errors.firstMatch(of: /go on with: (gan .*)/)?.1)
        let resumed = try shell(String(line), in: folder)
        #expect(resumed.status == 0, "\(line): \(resumed.errors)")
        #expect(try RunFolder(folder.appendingPathComponent(name)).isComplete())
      }
    }
  }

  @Test func aRunThatIsOverGoesOnWithANewLength() throws {
    try withEmptyFolder { folder in
      _ = try gan("train one-dimensional --threads 1 --steps 20 --out run", folder)
      let over = try gan("train --resume run", folder, status: 1)
      #expect(over.errors.contains("the run is over") && over.errors.contains("--steps 200%"), "\(over.errors)")
      _ = try gan("train --resume run --steps 200%", folder)
      let run = RunFolder(folder.appendingPathComponent("run"))
      #expect(try run.description().steps == 40)
      #expect(try run.recipe().duration.count == 40)
      #expect(try checkpointSteps("run", in: folder).last == 40)
      _ = try gan("train --resume run --steps 60 --stop-after 50", folder)
      _ = try gan("train --resume run", folder)
      #expect(try checkpointSteps("run", in: folder).last == 60)
      let shorter = try gan("train --resume run --steps 30", folder, status: 1)
      #expect(shorter.errors.contains("duration.count") && shorter.errors.contains("60"), "\(shorter.errors)")
      for wrong in ["0", "-5", "0%", "-10%", "many%", "1e9%x"] {
        _ = try gan("train one-dimensional --steps=\(wrong) --dry-run", folder, status: 64)
      }
      #expect(try gan("train one-dimensional --steps 50% --dry-run", folder).output.contains("count: 2500"))
    }
  }

  @Test func otherThreadsAreToldOf() throws {
    try withEmptyFolder { folder in
      _ = try gan("train one-dimensional --threads 1 --steps 30 --stop-after 10 --out run", folder)
      let other = try gan("train --resume run --threads 2 --stop-after 20", folder)
      #expect(other.errors.contains("begun with 1 thread and goes on with 2 threads"), "\(other.errors)")
      let same = try gan("train --resume run", folder)
      #expect(!same.errors.contains("thread"), "\(same.errors)")
      _ = try gan("train one-dimensional --threads 1000 --steps 30 --stop-after 1 --out many", folder)
      let many = try gan("train --resume many --stop-after 2", folder)
      #expect(many.errors.contains("begun with 1000 threads") && many.errors.contains("--threads"), "\(many.errors)")
    }
  }

  @Test func optionsThatWouldDoNothingAreRefused() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      for (arguments, word) in [
        ("train tiny.yaml --data . --keep-best test-errors", "learns no classes"),
        ("train one-dimensional --data .", "reads no files"),
        ("train one-dimensional --rollbacks 2", "--on-nan rollback"),
        ("train one-dimensional --on-nan stop --rollbacks 2", "--on-nan rollback"),
      ] {
        #expect(try gan(arguments, folder, status: 64).errors.contains(word), "\(arguments)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("runs").path))
    }
  }

  /// What is advised has not been tried already.
  @Test func adviceThatIsTakenIsNotGivenAgain() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      let diverging = "train tiny.yaml --data . --threads 1 --set discriminator.training.learningRate=1e20"
      let stops = try gan("\(diverging) --out a", folder, status: 1)
      #expect(stops.errors.contains("so may --on-nan rollback"), "\(stops.errors)")
      let rollsBack = try gan("\(diverging) --on-nan rollback --out b", folder, status: 1)
      #expect(rollsBack.errors.contains("Lower learning rates"), "\(rollsBack.errors)")
      #expect(!rollsBack.errors.contains("--on-nan"), "\(rollsBack.errors)")
      #expect(try gan("doctor a", folder, status: 3).output.contains("--on-nan rollback"))
      #expect(try !gan("doctor b", folder, status: 3).output.contains("--on-nan rollback"))
    }
  }
}
