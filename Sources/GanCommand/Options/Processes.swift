import ArgumentParser
import Foundation
import Recipes
import Torch

/// Several processes that obey one command line together, as torchrun and srun start them.
enum Processes {
  /// Runs `body` once all processes are there, with their group; with nil in a process by itself. All but the first say
  /// nothing from here on, and none ends before the others are done.
  ///
  /// - Throws: `ProcessError` naming what of the launch is wrong, or who has not come; what `body` throws.
  static func together(_ body: (ProcessGroup?) throws -> Void) throws {
    let processes = try join()
    do {
      try body(processes)
    } catch let code as ExitCode {
      // One that was asked to stop has stopped with the others.
      processes?.activity = "the end"
      try processes?.meet()
      throw code
    }
    processes?.activity = "the end"
    try processes?.meet()
  }

  private static func join() throws -> ProcessGroup? {
    guard let launch = try Launch.read() else { return nil }
    if launch.rank > 0 { Output.leaveToFirst(rank: launch.rank) }
    return try Rendezvous.join(launch, patience: try Launch.patience())
  }

  /// Threads of each process, where nobody says: what OMP_NUM_THREADS says, else the cores shared by the processes that
  /// are known to be on this host.
  static func threads(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Int {
    if environment["OMP_NUM_THREADS"].flatMap({ Int($0) }) != nil { return Libtorch.threads }
    let local = environment["LOCAL_WORLD_SIZE"] ?? environment["SLURM_STEP_TASKS_PER_NODE"]
    let count = local.flatMap { Int($0.prefix { $0.isNumber }) } ?? 1
    return max(1, ProcessInfo.processInfo.activeProcessorCount / max(1, count))
  }
}

/// A command that several processes can obey together.
protocol SharedCommand {}

extension ProcessGroup? {
  /// What `body` makes in the first process, and as `read` understands its text in the others.
  ///
  /// - Throws: what `body` and `read` throw; `ProcessError`.
  func fromFirst<Result>(
    _ what: String, _ body: () throws -> Result, text: (Result) throws -> String, read: (String) throws -> Result
  ) throws -> Result {
    guard let self else { return try body() }
    var result: Result?
    let handed = try self.first(what) {
      let made = try body()
      result = made
      return try text(made)
    }
    return try result ?? read(handed)
  }
}
