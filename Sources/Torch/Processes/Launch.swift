import Foundation

/// What a launcher says to a process about its place among others: PyTorch's torchrun by RANK, WORLD_SIZE, MASTER_ADDR
/// and MASTER_PORT, Slurm's srun by SLURM_PROCID and SLURM_NTASKS.
public struct Launch: Sendable, Equatable {
  /// Which of the processes this one is, from 0.
  public var rank: Int
  /// Processes in all, at least 2.
  public var count: Int
  /// The name or address of the host of process 0.
  public var address: String
  /// Where the keys are served on that host.
  public var port: Int
  /// Whether the launcher serves the keys, as torchrun's agent does, and no process may.
  public var isServedByLauncher: Bool
  /// Whether all processes are known to run on one host.
  public var isOneHost: Bool

  /// - Parameters:
  ///   - rank: of this process, from 0.
  ///   - count: processes in all.
  ///   - address: of the host of process 0.
  ///   - port: where the keys are served.
  ///   - isServedByLauncher: whether no process may serve them.
  ///   - isOneHost: whether all run on one host.
  public init(rank: Int, count: Int, address: String, port: Int, isServedByLauncher: Bool, isOneHost: Bool) {
    self.rank = rank
    self.count = count
    self.address = address
    self.port = port
    self.isServedByLauncher = isServedByLauncher
    self.isOneHost = isOneHost
  }

  /// The port where nobody says one, PyTorch's own.
  public static let defaultPort = 29500

  /// What `environment` says; nil for a process by itself.
  ///
  /// torchrun's variables come first. Slurm's count where the process is a step's task and not the script of a batch:
  /// srun sets SLURM_STEP_NUM_TASKS. MASTER_ADDR is then the host of task 0, by custom exported in the script.
  ///
  /// - Throws: ``ProcessError`` naming the variable that is missing or no such number.
  public static func read(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws -> Launch? {
    func text(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
      guard let text = text(name) else { return nil }
      guard let number = Int(text), range.contains(number) else {
        throw ProcessError("\(name) is to be a number in \(range.lowerBound) ... \(range.upperBound), is '\(text)'")
      }
      return number
    }
    let names =
      text("WORLD_SIZE") != nil || text("RANK") != nil
      ? (rank: "RANK", count: "WORLD_SIZE") : (rank: "SLURM_PROCID", count: "SLURM_NTASKS")
    if names.rank == "SLURM_PROCID" {
      guard let tasks = try number("SLURM_STEP_NUM_TASKS", 1...1_000_000), tasks > 1 else { return nil }
    }
    guard let count = try number(names.count, 1...1_000_000) else {
      throw ProcessError(
        "\(names.rank) is \(text(names.rank) ?? ""), and \(names.count) is not set: both say who plays")
    }
    guard let rank = try number(names.rank, 0...count - 1) else {
      throw ProcessError("\(names.count) is \(count), and \(names.rank) is not set: both say who plays")
    }
    guard count > 1 else { return nil }
    guard let address = text("MASTER_ADDR") else {
      throw ProcessError(
        "\(names.count) is \(count), and MASTER_ADDR is not set: it names the host of process 0")
    }
    let port = try number("MASTER_PORT", 1...65535)
    guard port != nil || names.rank == "SLURM_PROCID" else {
      throw ProcessError("WORLD_SIZE is \(count), and MASTER_PORT is not set: process 0 is found there")
    }
    let here = try number(names.rank == "RANK" ? "LOCAL_WORLD_SIZE" : "SLURM_STEP_NUM_NODES", 1...1_000_000)
    return Launch(
      rank: rank, count: count, address: address, port: port ?? defaultPort,
      isServedByLauncher: text("TORCHELASTIC_USE_AGENT_STORE") == "True",
      isOneHost: names.rank == "RANK" ? here == count : here == 1)
  }

  /// Seconds that other processes are waited for: SWIFT_GAN_PATIENCE, or 100.
  ///
  /// - Throws: ``ProcessError`` where that is no such number.
  public static func patience(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> Double {
    guard let text = environment["SWIFT_GAN_PATIENCE"], !text.isEmpty else { return 100 }
    guard let seconds = Double(text), seconds >= 1, seconds <= 86_400 else {
      throw ProcessError("SWIFT_GAN_PATIENCE is to be seconds in 1 ... 86400, is '\(text)'")
    }
    return seconds
  }
}
