import Foundation
import GAN
import Report

/// The page about the two-player game.
struct GameReport {
  let plain: AveragingGame
  let averaging: AveragingGame
  /// Of the plain game and of that with averaging.
  let paths: [[AveragingGame.Point]]

  private let names = ["Plain descent", "Historical averaging"]

  // MARK: The table

  var table: Table {
    Table(
      title: "\(plain.steps) steps from (\(text(plain.start.x)), \(text(plain.start.y)))",
      columns: [
        .init("Game"), .init("x"), .init("y"),
        .init("Distance", best: .lowest, help: "From the equilibrium (1, 1), after the last step."),
        .init("Closest", best: .lowest, help: "The smallest distance of any step."),
        .init("Last tenth", best: .lowest, help: "The largest distance over the last tenth of the steps."),
      ],
      rows: zip(names, paths).map { name, path in
        let end = path.last!
        return [
          .text(name), .number(end.x), .number(end.y), .number(end.distance), .number(closest(path)),
          .number(lastTenth(path)),
        ]
      },
      note: hasLeft(paths[0]) || hasLeft(paths[1])
        ? "A game ends early where it is more than a million away from the equilibrium." : nil)
  }

  private func closest(_ path: [AveragingGame.Point]) -> Double { path.map(\.distance).min()! }
  private func lastTenth(_ path: [AveragingGame.Point]) -> Double {
    path.suffix(max(1, path.count / 10)).map(\.distance).max()!
  }
  private func hasLeft(_ path: [AveragingGame.Point]) -> Bool { path.count <= plain.steps }

  // MARK: The page

  var page: Page {
    Page(
      title: "A game that goes in circles",
      lead: lead,
      blocks: [
        .table(table),
        .paragraph(
          """
          The value of the game is (f(x) − 1)(y − 1), with f(x) = x below 0 and x² otherwise. Player x minimises it, \
          player y maximises it, and both move at once by gradient descent. At (1, 1) neither can gain; near it, the \
          gradient points at a right angle to the way there.
          """),
        .section(
          "The players' paths", [.finding(finding), .row(zip(names.indices, paths).map { .chart(plane($0, $1)) })]),
        .section("Distance from the equilibrium", [.chart(distances)]),
        .section("How it was played", [.definitions(descriptions)]),
      ],
      footer: """
        Made by gan demo game --start \(plain.start.x),\(plain.start.y) --rate \(plain.rate) --weight \
        \(averaging.weight) --steps \(plain.steps)
        """)
  }

  private var lead: String {
    let (without, with) = (paths[0].last!.distance, paths[1].last!.distance)
    return """
      After \(plain.steps) steps from a distance of \(text(plain.start.distance)), plain descent is \
      \(text(without)) from the equilibrium; with historical averaging it is \(text(with)).
      """
  }

  /// What the numbers show, whichever way they went.
  private var finding: String {
    let sentences = zip(names, paths).map { name, path in
      let (start, end) = (plain.start.distance, lastTenth(path))
      let outcome =
        hasLeft(path)
        ? "leaves the numbers after \(path.count - 1) steps"
        : end < start / 10
          ? "converges: over the last tenth of the steps it stays within \(text(end))"
          : path.last!.distance > 4 * start
            ? "moves away: from \(text(start)) it gets to \(text(path.last!.distance))"
            : closest(path) > start / 2
              ? "circles: it never comes closer than \(text(closest(path)))"
              : "has not settled: over the last tenth of the steps it is up to \(text(end)) away"
      return "\(name) \(outcome)."
    }
    return sentences.joined(separator: " ")
  }

  private func plane(_ index: Int, _ path: [AveragingGame.Point]) -> Chart {
    let shown = thinned(path)
    return Chart(
      title: names[index], caption: "From the start to step \(path.count - 1).", x: Axis("x", range: extent(\.x)),
      y: Axis("y", range: extent(\.y)),
      traces: [
        .line("path", .series(index), x: shown.map(\.x), y: shown.map(\.y)),
        .points("start", .reference, x: [plain.start.x], y: [plain.start.y]),
        .points("equilibrium", .data, x: [1], y: [1]),
      ])
  }

  private var distances: Chart {
    Chart(
      title: "Distance from (1, 1)", caption: "On a logarithmic scale: a steady orbit is level, a shrinking one falls.",
      x: "step",
      y: Axis("distance", isLogarithmic: true),
      traces: paths.indices.map { index in
        let steps = thinnedSteps(paths[index])
        return .line(
          names[index], .series(index), x: steps.map(Double.init), y: steps.map { paths[index][$0].distance })
      })
  }

  private var descriptions: [(term: String, text: String)] {
    [
      ("Start", "x = \(text(plain.start.x)), y = \(text(plain.start.y))"),
      ("Learning rate", "\(plain.rate), both players"),
      ("Steps", "\(plain.steps)"),
      (
        "Penalty",
        "\(averaging.weight) times the squared distance of the players from their average over all steps so far"
      ),
    ]
  }

  /// What both games' charts span, so that they can be compared; a game that leaves does not blow up the picture.
  private func extent(_ coordinate: (AveragingGame.Point) -> Double) -> ClosedRange<Double> {
    let reach = 4 * max(1, plain.start.distance)
    let values = paths.joined().filter { $0.distance < reach }.map(coordinate) + [1, coordinate(plain.start)]
    let (low, high) = (values.min()!, values.max()!)
    let margin = 0.06 * max(high - low, 1e-3)
    return low - margin...high + margin
  }

  /// As many steps as a picture has use for, the last among them.
  private func thinnedSteps(_ path: [AveragingGame.Point]) -> [Int] {
    let stride = max(1, path.count / 2000)
    return Array(Swift.stride(from: 0, to: path.count - 1, by: stride)) + [path.count - 1]
  }
  private func thinned(_ path: [AveragingGame.Point]) -> [AveragingGame.Point] { thinnedSteps(path).map { path[$0] } }

  /// Three significant digits.
  private func text(_ value: Double) -> String { String(format: "%.3g", value) }
}
