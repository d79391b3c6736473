import ArgumentParser
import Foundation
import Recipes

/// One of several jobs that play the games of one table into one folder.
struct ShareOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Play the games of the table together with other jobs, in one folder: this is job 3 of 8. A game is played by one \
      of them; whoever comes last writes the report. (default: that of a Slurm array, by SLURM_ARRAY_TASK_ID and _COUNT)
      """,
      valueName: "3/8"))
  var share: Share?

  @Flag(help: "Play nothing; write the report of the games that are over.")
  var reportOnly = false

  func validate() throws {
    if share != nil, reportOnly { throw ValidationError("--share plays games, and --report-only plays none.") }
  }

  /// The work in `folder`, where it is shared.
  func work(in folder: URL) -> SharedWork? {
    reportOnly ? nil : (share ?? Share.slurm()).map { SharedWork($0, in: folder) }
  }

  /// Says that others are still at some games.
  func sayLeft(_ left: Int, of count: Int) {
    Output.say(
      "\(count - left) of \(count) are over, \(left == 1 ? "one is" : "\(left) are") with other jobs: whoever comes "
        + "last writes the report, or --report-only does")
  }
}

extension Share: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
