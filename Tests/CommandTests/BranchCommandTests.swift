import Foundation
import Testing

/// `gan train --branch`: a run that begins where another one stood.
@Suite struct BranchCommandTests {
  private let recipe = """
    base: two-dimensional
    name: small
    generator: {hidden: [8]}
    discriminator: {hidden: [8]}
    duration: {count: 60, unit: steps}
    batchSize: 16
    output: {measurementInterval: 10, sampleInterval: 100, checkpointInterval: 20}
    """

  /// With a run of 60 steps in `parent`, whose checkpoints of steps 20 and 40 are there, and that of 60.
  private func withRun(_ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("small.yaml"))
      _ = try gan(
        ["train", "small.yaml", "--threads", "1", "--out", "parent", "--keep-checkpoints", "9"], folder)
      try body(folder)
    }
  }

  @discardableResult private func gan(_ arguments: [String], _ folder: URL, status: Int32 = 0) throws -> GanProcess {
    let process = try GanProcess(arguments, in: folder)
    #expect(process.status == status, "\(arguments): \(process.errors)")
    return process
  }

  /// Without a change it ends with the parent's bytes, which stays as it was; with one it parts from the parent after
  /// the checkpoint, not before.
  @Test func itGoesOnAsTheOtherWouldHave() throws {
    try withRun { folder in
      let parent = folder.appendingPathComponent("parent")
      let before = try outcome(parent)
      let begun = try gan(["train", "--branch", "parent", "--checkpoint", "20", "--out", "same"], folder)
      #expect(begun.errors.contains("parent stood after 20 steps"), "\(begun.errors)")
      #expect(try outcome(folder.appendingPathComponent("same")) == before)
      try gan(
        [
          "train", "--branch", "parent", "--checkpoint", "20", "--out", "other",
          "--set", "discriminator.training.learningRate=1e-5",
        ], folder)
      #expect(try outcome(parent) == before)
      func lines(_ run: String) throws -> [Substring] {
        let file = folder.appendingPathComponent("\(run)/measurements.jsonl")
        return try String(contentsOf: file, encoding: .utf8).replacing(/"seconds":[^,]*,/, with: "").split(
          separator: "\n")
      }
      let (own, other) = (try lines("parent"), try lines("other"))
      #expect(own.count == 6 && other.count == 6)
      #expect(own.prefix(2) == other.prefix(2) && own[3] != other[3])
      let description = try String(contentsOf: folder.appendingPathComponent("other/run.json"), encoding: .utf8)
      #expect(description.contains("\"branch\"") && description.contains("\"step\" : 20"))
      // It is a run like any other.
      try gan(["train", "--resume", "other", "--steps", "70"], folder)
    }
  }

  /// What does not fit is named, and leaves no folder.
  @Test(arguments: [
    (["--set", "generator.hidden=[9]"], "other networks or optimisers"),
    (["--set", "discriminator.training.rule=momentum"], "other networks or optimisers"),
    (["--seed", "9"], "seed"),
    (["--set", "data.source=grid"], "'data': must be that of the run"),
    (["--checkpoint", "33"], "no checkpoint of step 33"),
    (["--steps", "10"], "at least what is played"),
  ])
  func whatDoesNotFitIsRefused(_ arguments: [String], _ said: String) throws {
    try withRun { folder in
      let refused = try gan(["train", "--branch", "parent", "--out", "child"] + arguments, folder, status: 1)
      #expect(refused.errors.contains(said), "\(refused.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("child").path))
    }
  }

  @Test func optionsThatDoNotGoTogether() throws {
    try withEmptyFolder { folder in
      for arguments in [
        ["mnist", "--branch", "runs/a"], ["--branch", "runs/a", "--resume", "runs/a"], ["mnist", "--checkpoint", "3"],
      ] {
        try gan(["train"] + arguments, folder, status: 64)
      }
    }
  }
}
