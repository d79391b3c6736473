import Foundation
import Testing
import Torch

/// A run that ends early, in whatever way, goes on as if it had not.
@Suite struct ResumeCommandTests {
  /// Long enough to be met in the middle; every kind of state is in it.
  private let recipe = """
    base: two-dimensional
    name: small
    generator: {hidden: [8], normalization: batch}
    discriminator: {hidden: [8]}
    historicalAveraging: {generator: 0.01, discriminator: 0.01}
    minibatchDiscrimination: {enabled: true, kernels: 2, dimensions: 2}
    duration: {count: 600, unit: steps}
    batchSize: 16
    output: {measurementInterval: 10, sampleInterval: 100, checkpointInterval: 40}
    """

  private func withRecipe(_ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("small.yaml"))
      try body(folder)
    }
  }

  private func gan(_ arguments: [String], _ folder: URL, status: Int32 = 0) throws -> GanProcess {
    let process = try GanProcess(arguments, in: folder)
    #expect(process.status == status, "\(arguments): \(process.errors)")
    return process
  }

  private func waitForCheckpoint(_ run: URL, of process: Process) {
    let folder = run.appendingPathComponent("checkpoints").path
    while process.isRunning {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      if files.contains(where: { $0.hasPrefix("step-") && !$0.contains("000000") }) { return }
      usleep(1_000)
    }
  }

  @Test func signalsAndKillsAreSurvived() throws {
    try withRecipe { folder in
      _ = try gan(["train", "small.yaml", "--threads", "1", "--out", "straight"], folder)
      let expected = try outcome(folder.appendingPathComponent("straight"))
      for (number, code) in [(SIGINT, 130), (SIGTERM, 143), (SIGKILL, SIGKILL)] {
        let run = folder.appendingPathComponent("after-\(number)")
        let process = try GanProcess.start(["train", "small.yaml", "--threads", "1", "--out", run.path], in: folder)
        waitForCheckpoint(run, of: process)
        kill(process.processIdentifier, number)
        process.waitUntilExit()
        #expect(process.terminationStatus == code)
        if number != SIGKILL {
          let said = try String(contentsOf: folder.appendingPathComponent("errors.txt"), encoding: .utf8)
          #expect(said.contains("gan train --resume"), "\(said)")
        }
        _ = try gan(["train", "--resume", run.path], folder)
        #expect(try outcome(run) == expected, "after signal \(number)")
        let again = try gan(["train", "--resume", run.path], folder, status: 1)
        #expect(again.errors.contains("the run is over"))
      }
    }
  }

  /// A checkpoint with a broken checksum, or of half its length, is passed over for the one before it, and named.
  @Test func damagedCheckpointsArePassedOver() throws {
    try withRecipe { folder in
      _ = try gan(["train", "small.yaml", "--threads", "1", "--out", "straight"], folder)
      for (name, damage) in [
        ("flipped", { (bytes: inout Data) in bytes[bytes.count - 9] ^= 4 }),
        ("cut", { bytes in bytes.removeLast(bytes.count / 2) }),
        ("empty", { bytes in bytes.removeAll() }),
      ] {
        let run = folder.appendingPathComponent(name)
        _ = try gan(["train", "small.yaml", "--threads", "1", "--out", name, "--stop-after", "90"], folder)
        let newest = run.appendingPathComponent("checkpoints/step-000090.safetensors")
        var bytes = try Data(contentsOf: newest)
        damage(&bytes)
        try bytes.write(to: newest)
        let resumed = try gan(["train", "--resume", name], folder)
        #expect(resumed.errors.contains("step-000090.safetensors") && resumed.errors.contains("an older checkpoint"))
        #expect(try outcome(run) == outcome(folder.appendingPathComponent("straight")))
      }
    }
  }

  /// A whole checkpoint, with a checksum that holds, that is not one of this game: refused, and the networks stay as
  /// they are.
  @Test func checkpointsThatDoNotFitAreRefused() throws {
    try withRecipe { folder in
      _ = try gan(["train", "small.yaml", "--threads", "1", "--out", "run", "--stop-after", "90"], folder)
      let run = folder.appendingPathComponent("run"), before = try outcome(run)
      let file = run.appendingPathComponent("checkpoints/step-000090.safetensors")
      let good = try Safetensors(contentsOf: file)
      func with(_ change: (inout Safetensors) -> Void, _ words: String...) throws {
        var changed = good
        change(&changed)
        try changed.write(to: file)
        let resumed = try gan(["train", "--resume", "run"], folder, status: 1)
        for word in words { #expect(resumed.errors.contains(word), "'\(word)' in: \(resumed.errors)") }
        #expect(try outcome(run) == before)
      }
      func tensor(_ name: String, _ change: @escaping (Tensor) -> Tensor?) -> (inout Safetensors) -> Void {
        { $0.tensors[name] = change($0.tensors[name]!) }
      }
      for name in [
        "generator-optimizer.first", "discriminator-optimizer.second", "generator-penalty-0.average",
        "generator-average.values",
      ] {
        try with(
          tensor(name) { $0.sliced(0, 0..<$0.count - 1).copied() }, "step 90", name.replacing(".values", with: ""),
          "shape")
        try with(tensor(name) { $0.to(.float64) }, "step 90", name.replacing(".values", with: ""), "float64")
        try with(tensor(name) { _ in nil }, "step 90", "missing")
      }
      try with(tensor("generator.output.bias") { $0.to(.int64) }, "output.bias", "int64")
      try with(tensor("generator.output.bias") { $0.unsqueezed(0) }, "output.bias", "[1, 2]")
      try with({ $0.tensors["generator.more"] = .ones([2]) }, "more", "does not belong")
      try with({ $0.tensors["stranger"] = .ones([2]) }, "stranger", "does not belong")
      try with(tensor("generator-optimizer.steps") { _ in .zeros([0], dtype: .int64) }, "generator-optimizer.steps")
      try with(tensor("generator-penalty-0.count") { $0.to(.float32) }, "generator-penalty-0.count")
      try with(tensor("step") { _ in Tensor([Int64(-1)]) }, "step", "number")
      try with(tensor("learning-rate-factor") { _ in Tensor([Double.nan]) }, "learning-rate-factor", "number")
      try with(tensor("measurement-sums") { $0.sliced(0, 0..<3).copied() }, "measurement-sums")
      try with({ $0.metadata["recipe"] = "[" }, "damaged")
      try with({ $0.metadata["recipe"]!.replace("batchSize: 16", with: "batchSize: 17") }, "another recipe")
      // The networks' files are no checkpoints: such a one is passed over for the one before it.
      try Data(contentsOf: run.appendingPathComponent("generator.safetensors")).write(to: file)
      let resumed = try gan(["train", "--resume", "run"], folder)
      #expect(resumed.errors.contains("step-000090.safetensors") && resumed.errors.contains("not a checkpoint"))
    }
  }

  /// Killed between its last measurement and its last checkpoint, a run is not over: it goes on to write that one too.
  @Test func theLastCheckpointIsPartOfARun() throws {
    try withRecipe { folder in
      _ = try gan(["train", "small.yaml", "--threads", "1", "--out", "run"], folder)
      let run = folder.appendingPathComponent("run")
      let expected = try outcome(run)
      let last = run.appendingPathComponent("checkpoints/step-000600.safetensors")
      let tensors = try Safetensors(contentsOf: last).tensors
      try FileManager.default.removeItem(at: last)
      _ = try gan(["train", "--resume", "run"], folder)
      #expect(try outcome(run) == expected)
      let again = try Safetensors(contentsOf: last).tensors
      #expect(again.keys == tensors.keys)
      for (name, tensor) in tensors { #expect(try again[name]?.rawBytes() == tensor.rawBytes(), "\(name)") }
    }
  }

  @Test func oneProcessAtATimeInAFolder() throws {
    try withRecipe { folder in
      let run = folder.appendingPathComponent("run")
      let first = try GanProcess.start(
        ["train", "small.yaml", "--steps", "1000000", "--threads", "1", "--out", "run"], in: folder)
      defer {
        kill(first.processIdentifier, SIGKILL)
        first.waitUntilExit()
      }
      waitForCheckpoint(run, of: first)
      let second = try gan(["train", "--resume", "run"], folder, status: 1)
      #expect(second.errors.contains("in use by another process (\(first.processIdentifier))"), "\(second.errors)")
      let third = try gan(["train", "small.yaml", "--out", "run"], folder, status: 1)
      #expect(third.errors.contains("not empty"))
    }
  }

  /// The number that first went wrong is named, the state before it is kept, and half the learning rates, taken often
  /// enough, get through.
  @Test func numbersThatAreNotFinite() throws {
    try withRecipe { folder in
      let diverging =
        ["train", "small.yaml", "--steps", "30", "--set", "discriminator.training.rule=momentum"]
        + ["--set", "discriminator.training.learningRate=1e38", "--set", "minibatchDiscrimination.enabled=false"]
      let stopped = try gan(diverging + ["--out", "stopped"], folder, status: 1)
      #expect(
        stopped.errors.contains("is not finite") && stopped.errors.contains("stopped: step "), "\(stopped.errors)")
      let kept = try FileManager.default.contentsOfDirectory(
        atPath: folder.appendingPathComponent("stopped/checkpoints").path)
      for name in kept {
        let file = folder.appendingPathComponent("stopped/checkpoints/\(name)")
        for (_, tensor) in try Safetensors(contentsOf: file).tensors where tensor.dtype == .float32 {
          #expect(try tensor.values(Float.self).allSatisfy(\.isFinite), "\(name)")
        }
      }
      let few = try gan(diverging + ["--out", "few", "--on-nan", "rollback", "--rollbacks", "2"], folder, status: 1)
      #expect(few.errors.split(separator: "\n").count { $0.contains("half the learning rates") } <= 2)
      let enough = try gan(diverging + ["--out", "enough", "--on-nan", "rollback", "--rollbacks", "300"], folder)
      #expect(enough.errors.contains("taken back to step"))
    }
  }

  @Test(arguments: ["small.yaml", "one-dimensional"]) func verifyResumeSaysThatItIsEqual(_ recipe: String) throws {
    try withRecipe { folder in
      let verdict = try gan(["verify-resume", recipe, "--steps", "10", "--threads", "1"], folder)
      #expect(verdict.output.contains("equal: \(recipe), 10 steps straight and 5 + 5"), "\(verdict.output)")
      #expect(!verdict.output.contains("differs"))
    }
  }

  @Test func resumingWhatCannotBeResumed() throws {
    try withRecipe { folder in
      func refused(_ arguments: [String], saying words: [String]) throws {
        let process = try GanProcess(["train"] + arguments, in: folder)
        #expect(process.status != 0)
        for word in words { #expect(process.errors.contains(word), "\(arguments): \(process.errors)") }
      }
      try refused(["--resume", "nothing"], saying: ["nothing", "no such file"])
      try refused([], saying: ["--resume"])
      try refused(["small.yaml", "--resume", "x"], saying: ["a recipe"])
      try refused(["--resume", "x", "--seed", "9", "--set", "a=1"], saying: ["--seed", "--set"])
      try refused(["small.yaml", "--checkpoint-every", "ten"], saying: ["--checkpoint-every", "ten"])
      try refused(["small.yaml", "--keep-checkpoints", "0"], saying: ["--keep-checkpoints", "0"])
      try refused(["small.yaml", "--keep-best", "score"], saying: ["--keep-best", "test-errors"])
      try refused(["small.yaml", "--stop-after", "0"], saying: ["--stop-after"])
      try refused(["small.yaml", "--on-nan", "ignore"], saying: ["on-nan"])

      // Images that have changed since the run was begun.
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      _ = try gan(["train", "tiny.yaml", "--data", ".", "--out", "images", "--stop-after", "3"], folder)
      try writeTinyImages(folder, count: 65)
      try refused(["--resume", "images", "--data", "."], saying: ["images", "other examples"])
      try writeTinyImages(folder)
      _ = try gan(["train", "--resume", "images", "--data", "."], folder)

      // Another recipe than the checkpoints'.
      _ = try gan(["train", "small.yaml", "--out", "edited", "--stop-after", "3"], folder)
      let file = folder.appendingPathComponent("edited/recipe.yaml")
      let text = try String(contentsOf: file, encoding: .utf8)
      try Data(text.replacing("batchSize: 16", with: "batchSize: 17").utf8).write(to: file)
      try refused(["--resume", "edited"], saying: ["edited", "another recipe"])
    }
  }
}
