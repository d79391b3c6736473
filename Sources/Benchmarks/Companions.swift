import Foundation
import Torch

/// Several processes that are one contestant: the one that is asked starts the others, which are this program with a
/// rank, and plays together with them.
struct Companions {
  /// All of them.
  let group: ProcessGroup
  private let others: [Process]

  /// Starts the other processes of `count`, or joins them where this is one of them.
  ///
  /// - Throws: `ProcessError`; what the system says where one cannot be started.
  init(_ count: Int) throws {
    if let launch = try Launch.read() {
      others = []
      group = try Rendezvous.join(launch, patience: 100)
      return
    }
    // A port that is free now: the others are told it before it is served.
    let port = try KeyStore(host: "127.0.0.1", port: 0, serves: true, patience: 5).port
    let variables = [
      "WORLD_SIZE": "\(count)", "LOCAL_WORLD_SIZE": "\(count)", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)",
    ]
    others = try (1..<count).map { rank in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
      process.arguments = Array(CommandLine.arguments.dropFirst())
      process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }.merging(["RANK": "\(rank)"]) {
        $1
      }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      return process
    }
    group = try Rendezvous.join(
      Launch(
        rank: 0, count: count, address: "127.0.0.1", port: port, isServedByLauncher: false, isOneHost: true),
      patience: 100)
  }

  /// What the first process is asked for, in all; 0 once nothing is asked for any more.
  ///
  /// - Throws: `ProcessError`.
  func told(_ times: Int?) throws -> Int {
    let number = Tensor([Int64(times ?? 0)])
    try group.broadcast(number)
    return Int(try number.item())
  }

  /// Waits for the others to end.
  func end() { for process in others { process.waitUntilExit() } }
}
