import ArgumentParser
import Foundation
import GAN
import Report
import Torch

struct GameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "game",
    abstract: "Plays a two-player game that plain descent circles around, with and without historical averaging.",
    discussion: """
      The value is (f(x) - 1)(y - 1), f(x) = x for x < 0 and x^2 otherwise; x minimises it, y maximises it, both at \
      once. The equilibrium is x = y = 1.

        gan demo game
        gan demo game --start 1.5,1 --weight 0.5
      """)

  @Option(parsing: .unconditional, help: "Steps of both players.")
  var steps = 10_000

  @Option(parsing: .unconditional, help: "Learning rate of both players.")
  var rate = 0.005

  @Option(parsing: .unconditional, help: "Weight of the penalty.")
  var weight = 0.1

  @Option(parsing: .unconditional, help: ArgumentHelp("Where x and y begin.", valueName: "x,y"))
  var start = AveragingGame.Point(0.5, 0.5)

  @Option(help: "Folder for the report; an earlier report in it is replaced.", completion: .directory)
  var out = "runs/game"

  func validate() throws {
    guard (1...1_000_000).contains(steps) else {
      throw ValidationError("--steps must be between 1 and 1000000, is \(steps).")
    }
    for (name, value, highest) in [("--rate", rate, 1.0), ("--weight", weight, 1e6)]
    where !(value > 0 && value <= highest) {
      throw ValidationError("\(name) must be above 0 and at most \(Int(highest)), is \(value).")
    }
    for (name, value) in [("x", start.x), ("y", start.y)] where !(abs(value) <= 1000) {
      throw ValidationError("--start: \(name) must be between -1000 and 1000, is \(value).")
    }
    guard start.distance > 0 else { throw ValidationError("--start is the equilibrium itself: nothing would move.") }
  }

  func run() throws {
    let folder = URL(fileURLWithPath: out)
    try prepareForReport(in: folder)
    // Two numbers are too few to share out.
    Libtorch.threads = 1
    let games = [0, weight].map { AveragingGame(start: start, rate: rate, weight: $0, steps: steps) }
    let report = GameReport(plain: games[0], averaging: games[1], paths: try games.map { try $0.play() })
    let file = folder.appendingPathComponent("report.html")
    try report.page.write(to: file)
    try Output.print(report.table.text())
    try Output.printPlace(file)
  }
}

extension AveragingGame.Point: ExpressibleByArgument {
  /// "0.5,-1"
  public init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
      .map { Double($0.trimmingCharacters(in: .whitespaces)) }
    guard parts.count == 2, let x = parts[0], let y = parts[1] else { return nil }
    self.init(x, y)
  }

  public var defaultValueDescription: String { "\(x),\(y)" }
}
