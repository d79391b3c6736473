import Foundation
import Testing
import Torch

/// How processes find each other, and what keeps them from playing.
@Suite(.serialized) struct RendezvousTests {
  /// As torchrun does it: its store outlives the processes, with all that they have left there.
  @Test func anAttemptIsNotMistakenForTheOneThatDied() throws {
    try withEmptyFolder { folder in
      let store = try KeyStore(host: "127.0.0.1", port: 0, serves: true, patience: 10)
      let served: (Int) -> [String: String] = { _ in ["TORCHELASTIC_USE_AGENT_STORE": "True"] }
      func run(_ count: Int, missing: Set<Int> = [], _ arguments: [String]) throws -> [Helpers.Ended] {
        try Helpers(count, in: folder, patience: 3, port: store.port, missing: missing, environment: served) { _ in
          arguments
        }.ended()
      }
      // One that plays and dies, one that does not come together, one of another size; each leaves its keys.
      #expect(try run(3, ["wait", "killed", "1"]).map(\.status) == [1, -SIGKILL, 1])
      #expect(try run(3, missing: [2], ["join"]).map(\.status) == [1, 1])
      #expect(try run(2, ["join"]).map(\.status) == [0, 0])
      let last = try run(3, ["join"])
      #expect(last.map(\.status) == [0, 0, 0], "\(last.map(\.errors))")
      #expect(last.map(\.output) == Array(repeating: "fresh\n", count: 3))
    }
  }

  @Test func aPortInUseIsSaid() throws {
    try withEmptyFolder { folder in
      let other = try KeyStore(host: "127.0.0.1", port: 0, serves: true, patience: 5)
      let ended = try Helpers(2, in: folder, patience: 2, port: other.port, missing: [1]) { _ in ["join"] }.ended()
      #expect(ended[0].errors == "MASTER_PORT \(other.port) is in use by another program: choose another port\n")
    }
  }

  @Test func aHostThatIsNotThereIsSaid() throws {
    try withEmptyFolder { folder in
      let ended = try Helpers(
        2, in: folder, patience: 1, environment: { _ in ["MASTER_ADDR": "no-such-host.invalid"] }
      ) { _ in ["join"] }.ended()
      for process in ended {
        #expect(
          process.errors.hasPrefix("MASTER_ADDR 'no-such-host.invalid' is no host that can be found: "),
          "\(process.errors)")
      }
    }
  }

  @Test func nobodyThereToServeIsSaid() throws {
    try withEmptyFolder { folder in
      let port = Helpers.freePort()
      let ended = try Helpers(2, in: folder, patience: 2, port: port, missing: [0]) { _ in ["join"] }.ended()
      #expect(
        ended[0].errors.hasPrefix(
          "nobody serves the keys at 127.0.0.1, port \(port): process 1 has waited 2 s for process 0"),
        "\(ended[0].errors)")
    }
  }

  @Test func processesThatCountDifferentlyAreRefused() throws {
    try withEmptyFolder { folder in
      let ended = try Helpers(2, in: folder, patience: 3, environment: { ["WORLD_SIZE": $0 == 0 ? "2" : "3"] }) { _ in
        ["join"]
      }.ended()
      for process in ended {
        #expect(process.errors == "process 1 counts 3 processes, process 0 counts 2\n")
      }
    }
  }

  @Test func theFirstDifferenceIsNamedByAll() throws {
    try withEmptyFolder { folder in
      let recipes = ["a: 1\n  b: 2", "a: 1\n  b: 2", "a: 1\n  b: 3\nc: 4"]
      let ended = try Helpers(3, in: folder) { ["agree", recipes[$0], "same"] }.ended()
      for process in ended {
        #expect(process.errors == "process 2 has another recipe than process 0: 'b: 3', not 'b: 2'\n")
      }
      let alike = try Helpers(3, in: folder) { _ in ["agree", recipes[0], "same"] }.ended()
      #expect(alike.map(\.status) == [0, 0, 0], "\(alike.map(\.errors))")
    }
  }
}
