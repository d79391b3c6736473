import Foundation
import Testing

/// Between real processes, over sockets: the numbers that each exchange is to give.
@Suite(.serialized) struct CollectiveTests {
  /// Sums, broadcasts, gathered tensors and their first and second derivatives, votes and texts; kinds and layouts that
  /// Gloo would exchange wrongly are refused or put right; the others wait for the first as long as it lives.
  @Test(arguments: [2, 4]) func everyExchangeGivesWhatItShould(count: Int) throws {
    try withEmptyFolder { folder in
      let ended = try Helpers(count, in: folder, patience: 2) { _ in ["collectives"] }.ended()
      for (rank, process) in ended.enumerated() {
        #expect(process.status == 0, "\(process.errors)")
        #expect(process.output == "process \(rank) of \(count): all as expected\n")
      }
    }
  }
}
