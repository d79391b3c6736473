import Foundation
import Testing

/// What machines do to runs: each time the cause is named, the last checkpoint stays, and the run goes on to the bytes
/// of one that was left alone. (`make torture` does the same with more patience, full disks and clocks that jump.)
@Suite struct FaultTests {
  private let recipe = """
    base: two-dimensional
    name: small
    generator: {hidden: [8], normalization: batch}
    discriminator: {hidden: [8]}
    duration: {count: 200, unit: steps}
    batchSize: 16
    output: {measurementInterval: 10, sampleInterval: 100, checkpointInterval: 20}
    """

  private func withRun(_ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("small.yaml"))
      try body(folder)
    }
  }

  /// Under a limit that a shell sets.
  private func gan(_ arguments: String, limit: String = "true", _ folder: URL) throws -> GanProcess {
    try GanProcess(
      ["-c", "\(limit) && exec '\(GanProcess.executable.path)' \(arguments)"], in: folder,
      executable: URL(fileURLWithPath: "/bin/bash"))
  }

  private func outcome(_ run: String, _ folder: URL) throws -> [Data] {
    try ["generator", "discriminator", "generator-average"].map {
      try Data(contentsOf: folder.appendingPathComponent("\(run)/\($0).safetensors"))
    }
  }

  /// Where a process may not write as much as it wants, as where a disk is full.
  @Test func noRoomToWrite() throws {
    try withRun { folder in
      #expect(try gan("train small.yaml --threads 1 --out straight", folder).status == 0)
      #expect(try gan("train small.yaml --threads 1 --out cramped --stop-after 50", folder).status == 0)
      // In kilobytes: room for the measurements, none for a checkpoint.
      let stopped = try gan("train --resume cramped", limit: "ulimit -f 4", folder)
      #expect(stopped.status == 1)
      for word in ["File too large", ".safetensors", "checkpoint of step 50 is untouched", "--resume"] {
        #expect(stopped.errors.contains(word), "\(stopped.errors)")
      }
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder.appendingPathComponent("cramped").path)
      #expect(!left.contains { $0.hasSuffix(".gan-part") }, "half-written files: \(left)")
      #expect(try gan("train --resume cramped", folder).status == 0)
      #expect(try outcome("cramped", folder) == outcome("straight", folder))
    }
  }

  @Test func noMemoryForAStep() throws {
    try withRun { folder in
      let options = "--batch-size 1000000 --set generator.hidden=[64] --set discriminator.hidden=[64] --steps 4"
      let stopped = try gan("train small.yaml --threads 1 --out run \(options)", limit: "ulimit -v 2000000", folder)
      #expect(stopped.status == 1)
      for word in ["memory", "checkpoint of step 0 is untouched", "stopped in step 1"] {
        #expect(stopped.errors.contains(word), "\(stopped.errors)")
      }
      let faults = try String(contentsOf: folder.appendingPathComponent("run/faults.jsonl"), encoding: .utf8)
      #expect(faults.contains("memory"))
    }
  }

  /// A folder that goes away under a run ends it, with its name; parts of it are made again.
  @Test func filesThatAreRemoved() throws {
    try withRun { folder in
      #expect(try gan("train small.yaml --threads 1 --out straight", folder).status == 0)
      for part in ["checkpoints", "measurements.jsonl", "generator.safetensors", "recipe.yaml"] {
        #expect(try gan("train small.yaml --threads 1 --out run --stop-after 50", folder).status == 0)
        let place = folder.appendingPathComponent("run/\(part)")
        try FileManager.default.removeItem(at: place)
        let resumed = try gan("train --resume run", folder)
        // What is only written can be written again; what a run cannot be resumed without is named.
        let isNeeded = part == "checkpoints" || part == "recipe.yaml"
        #expect(resumed.status == (isNeeded ? 1 : 0), "\(part): \(resumed.errors)")
        if isNeeded {
          #expect(resumed.errors.contains(part == "checkpoints" ? "no checkpoint" : part), "\(resumed.errors)")
        } else {
          #expect(try outcome("run", folder) == outcome("straight", folder), "\(part)")
        }
        try FileManager.default.removeItem(at: folder.appendingPathComponent("run"))
      }
    }
  }

  /// A run whose folder goes away ends and names it; it does not begin another one there, without a recipe.
  @Test func aFolderThatIsRemovedUnderARun() throws {
    try withRun { folder in
      let run = folder.appendingPathComponent("run")
      let process = try GanProcess.start(
        ["train", "small.yaml", "--threads", "1", "--steps", "1000000", "--out", "run"], in: folder)
      let checkpoint = run.appendingPathComponent("checkpoints/step-000020.safetensors").path
      while process.isRunning, !FileManager.default.fileExists(atPath: checkpoint) { usleep(1_000) }
      try FileManager.default.moveItem(at: run, to: folder.appendingPathComponent("elsewhere"))
      process.waitUntilExit()
      #expect(process.terminationStatus == 1)
      let said = try String(contentsOf: folder.appendingPathComponent("errors.txt"), encoding: .utf8)
      #expect(said.contains("stopped in step") || said.contains("error:"), "\(said)")
      #expect(said.contains(run.path) || said.contains("run:"), "\(said)")
      #expect(!FileManager.default.fileExists(atPath: run.path))
    }
  }

  /// What a process that was killed in the middle of a file has left is cleared away; what others write at the moment
  /// is not.
  @Test func leftoversAreClearedAway() throws {
    try withRun { folder in
      #expect(try gan("train small.yaml --threads 1 --out run --stop-after 50", folder).status == 0)
      let run = folder.appendingPathComponent("run")
      // No process has this number: it is above what Linux hands out.
      let dead = [
        ".recipe.yaml.4194999-1.gan-part", "checkpoints/.step-000060.safetensors.4194999-7.gan-part",
        ".notes.4194999-2",
      ]
      let alive = ".grid.png.\(getpid())-5.gan-part"
      for name in dead + [alive] { try Data("half".utf8).write(to: run.appendingPathComponent(name)) }
      #expect(try gan("train --resume run", folder).status == 0)
      let left = try FileManager.default.subpathsOfDirectory(atPath: run.path)
      #expect(!left.contains(dead[0]) && !left.contains(dead[1]))
      #expect(left.contains(dead[2]), "not one of ours")
      #expect(left.contains(alive))
    }
  }
}
