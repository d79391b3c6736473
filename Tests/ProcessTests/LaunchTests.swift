import Testing
import Torch

/// What launchers say, and what of it is missing.
@Suite struct LaunchTests {
  private let torchrun = [
    "RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "4", "MASTER_ADDR": "localhost",
    "MASTER_PORT": "29400", "TORCHELASTIC_USE_AGENT_STORE": "True",
  ]

  @Test func torchrunsVariablesAreRead() throws {
    let launch = try #require(try Launch.read(torchrun))
    #expect(
      launch
        == Launch(
          rank: 1, count: 4, address: "localhost", port: 29400, isServedByLauncher: true, isOneHost: true)
    )
    var two = torchrun
    (two["LOCAL_WORLD_SIZE"], two["TORCHELASTIC_USE_AGENT_STORE"]) = ("2", nil)
    let other = try #require(try Launch.read(two))
    #expect(!other.isOneHost && !other.isServedByLauncher)
  }

  @Test func aProcessByItselfIsNone() throws {
    #expect(try Launch.read([:]) == nil)
    #expect(try Launch.read(["RANK": "0", "WORLD_SIZE": "1"]) == nil)
    // In the script of a batch, or in a shell of an allocation, nobody has started the tasks.
    #expect(try Launch.read(["SLURM_PROCID": "0", "SLURM_NTASKS": "4", "MASTER_ADDR": "node1"]) == nil)
  }

  @Test func slurmsVariablesAreRead() throws {
    let srun = [
      "SLURM_PROCID": "3", "SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_NUM_NODES": "2",
      "MASTER_ADDR": "node1",
    ]
    let launch = try #require(try Launch.read(srun))
    #expect(launch.rank == 3 && launch.count == 4 && launch.address == "node1" && launch.port == Launch.defaultPort)
    #expect(!launch.isOneHost && !launch.isServedByLauncher)
  }

  @Test(
    arguments: [
      (["RANK": nil], "WORLD_SIZE is 4, and RANK is not set: both say who plays"),
      (["WORLD_SIZE": nil], "RANK is 1, and WORLD_SIZE is not set: both say who plays"),
      (["MASTER_ADDR": nil], "WORLD_SIZE is 4, and MASTER_ADDR is not set: it names the host of process 0"),
      (["MASTER_PORT": nil], "WORLD_SIZE is 4, and MASTER_PORT is not set: process 0 is found there"),
      (["RANK": "4"], "RANK is to be a number in 0 ... 3, is '4'"),
      (["RANK": "-1"], "RANK is to be a number in 0 ... 3, is '-1'"),
      (["WORLD_SIZE": "many"], "WORLD_SIZE is to be a number in 1 ... 1000000, is 'many'"),
      (["MASTER_PORT": "70000"], "MASTER_PORT is to be a number in 1 ... 65535, is '70000'"),
    ] as [([String: String?], String)])
  func whatIsMissingOrNoNumberIsNamed(change: [String: String?], reason: String) throws {
    var variables = torchrun
    for (name, value) in change { variables[name] = value }
    #expect(throws: ProcessError(reason)) { try Launch.read(variables) }
  }

  @Test(arguments: ["soon", "0", "-3", "1e9"]) func patienceIsSeconds(text: String) throws {
    #expect(throws: ProcessError("SWIFT_GAN_PATIENCE is to be seconds in 1 ... 86400, is '\(text)'")) {
      try Launch.patience(["SWIFT_GAN_PATIENCE": text])
    }
    #expect(try Launch.patience([:]) == 100)
    #expect(try Launch.patience(["SWIFT_GAN_PATIENCE": "12.5"]) == 12.5)
  }
}
