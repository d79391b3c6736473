import Foundation
import Metrics
import Recipes
import Report

/// The page about the one-dimensional games.
struct DemoReport {
  /// Of the plain game; the others differ in their technique.
  let settings: TutorialSettings
  let seeds: Int
  /// Of as many points drawn afresh from the data, seed by seed.
  let floor: [TutorialMeasurements]
  let folder: URL

  // MARK: The table

  func table(_ outcomes: [TutorialOutcome]) -> Table {
    Table(
      title: """
        \(settings.data.title), \(settings.steps) steps, \(seeds) \(seeds == 1 ? "seed" : "seeds"), preset \
        \(settings.preset.rawValue)
        """,
      columns: [
        .init("Technique"),
        .init(
          "Wasserstein-1", best: .lowest,
          help: "Distance between 10 000 generated points and the data's distribution, in units of x."),
        .init(
          "|D − ½|", best: .lowest,
          help: "Mean of |D(x) − 1/2| where the density is at least 1 % of its peak: 0 for a D that cannot tell."),
        .init(
          "Spread", best: .nearest(1),
          help: "Standard deviation of the generated points divided by the data's: 1 is right, 0 is a single point."),
        .init("Collapsed", best: .lowest, help: TutorialStudy.collapseRule),
      ],
      rows: outcomes.map { row($0.technique.title, $0.measurements) } + [
        row("Fresh data points", floor, ranked: false)
      ],
      note: """
        Mean ± standard deviation over seeds. Fresh data points are drawn from the data themselves: no generator can \
        be told to be closer.
        """)
  }

  private func row(_ title: String, _ measurements: [TutorialMeasurements], ranked: Bool = true) -> [Table.Cell] {
    func text(_ value: Double) -> String { String(format: "%.3f", value) }
    func cell(_ value: (TutorialMeasurements) -> Double?) -> Table.Cell {
      let values = measurements.compactMap(value)
      guard !values.isEmpty else { return .text("–") }
      let summary = Summary(values)
      let deviation = summary.count > 1 ? summary.standardDeviation : nil
      guard ranked else {
        return .text(([text(summary.mean)] + (deviation.map { [text($0)] } ?? [])).joined(separator: " ± "))
      }
      return .measurement(mean: summary.mean, deviation: deviation)
    }
    let collapsed = measurements.filter(\.hasCollapsed).count
    return [
      .text(title), cell(\.wasserstein), cell(\.decisionError), cell(\.spread),
      ranked ? .share(collapsed, of: measurements.count) : .text("\(collapsed) of \(measurements.count)"),
    ]
  }

  // MARK: The page

  /// - Parameters:
  ///   - all: the settings of all games.
  ///   - isStopped: whether those without an outcome will not be played; else they are being played.
  func write(_ outcomes: [TutorialOutcome], of all: [TutorialSettings], isStopped: Bool = false) throws {
    try page(outcomes, all, isStopped).write(to: folder.appendingPathComponent("report.html"))
  }

  private func page(_ outcomes: [TutorialOutcome], _ all: [TutorialSettings], _ isStopped: Bool) -> Page {
    let over = Set(outcomes.map(\.technique))
    let waiting = all.map(\.technique).filter { !over.contains($0) }.map { $0.title.lowercased() }
    let plain = outcomes.first { $0.technique == .plain }
    return Page(
      title: "One game, four ways",
      lead: waiting.isEmpty
        ? lead(outcomes)
        : isStopped
          ? "Stopped before it was over; not played to the end: \(waiting.joined(separator: ", "))."
          : "Still being played: \(waiting.joined(separator: ", ")). Reload the page to see more.",
      blocks: [
        .paragraph(
          """
          A generator G turns noise z on [−3, 3] into points x. A discriminator D sees real points and generated ones \
          and says how probable it is that a point is real. D is first fitted to the density of the data, then both \
          play for \(settings.steps) steps.
          """),
        .chart(distances(outcomes)),
        .table(table(outcomes)),
        .section("How to read the pictures", [.definitions(reading)]),
      ]
        + outcomes.map { section($0, plain: plain) }
        + [
          .section("How it was played", [.definitions(descriptions)]),
          .section("Try this next", [.definitions(furtherCommands)]),
        ],
      footer:
        """
        Made by gan demo --data \(settings.data.rawValue) --preset \(settings.preset.rawValue) \
        --noise \(settings.noise.rawValue) --seeds \(seeds) --steps \(settings.steps)
        """
    )
  }

  /// For a reader who has seen no such game.
  private var reading: [(String, String)] {
    [
      (
        "The filled curve",
        """
        It is the density of the data: high where real points are common, low where they are rare. It is the same in \
        all pictures. G has never seen it; all that G knows of the data is what D thinks of G's own points.
        """
      ),
      (
        "The histogram",
        """
        It counts the points that G makes. A good G makes a histogram that fills the curve and nothing beside it. One \
        thin, tall bar means that G makes the same point again and again: it has collapsed.
        """
      ),
      (
        "D's line",
        """
        It says for each x how probable D holds it that a point there is real: near 1 real, near 0 generated, with the \
        scale on the right. G moves its points towards the higher places. A line that lies flat at the dotted 1/2 \
        means that D cannot tell the two apart: G has won.
        """
      ),
    ]
  }

  private var furtherCommands: [(String, String)] {
    [
      ("gan demo --data two-humped", "Two separate humps: the game in which G likes to serve only one of them."),
      ("gan demo --data far-normal", "Data far from where G starts."),
      ("gan demo --preset unsettled", "The same game before its settings were searched for: what goes wrong, and how."),
      ("gan demo game", "The smallest game that plain descent cannot settle, and how historical averaging does."),
      ("gan compare --data ring --seeds 8", "More techniques, on eight spots in the plane."),
      ("gan train pictures --data FOLDER", "The same game with pictures of your own."),
    ]
  }

  /// Of all techniques over the run: the one chart to look at.
  private func distances(_ outcomes: [TutorialOutcome]) -> Chart {
    let floor = Summary(
      // A moment is measured by fewer points than the table: the distance of fresh ones falls as their root.
      self.floor.map {
        $0.wasserstein * (Double(TutorialStudy.measuredPoints) / Double(TutorialStudy.shownPoints)).squareRoot()
      }
    ).mean
    let traces = outcomes.flatMap { outcome -> [Trace] in
      let role = Role.series(TutorialTechnique.allCases.firstIndex(of: outcome.technique)!)
      let steps = outcome.frames[0].map { Double($0.step) }
      let seeds = outcome.frames.map { $0.map(\.wasserstein) }
      let mean = steps.indices.map { at in seeds.reduce(0) { $0 + $1[at] } / Double(seeds.count) }
      let title = outcome.technique.title
      return seeds.map { .line(title, role, x: steps, y: $0).faint() } + [.line(title, role, x: steps, y: mean)]
    }
    let end = Double(settings.steps)
    return Chart(
      title: "How far G is from the data",
      caption: """
        Wasserstein-1 distance over the game: lower is better. Each seed faint, the mean of a technique strong. The \
        dotted line is about what as many fresh data points have: no lower line can be hoped for.
        """,
      x: "step", y: Axis("distance", isLogarithmic: true),
      traces: traces
        + [.line("fresh data points", .reference, x: [0, end], y: [floor, floor]).dotted()])
  }

  private func lead(_ outcomes: [TutorialOutcome]) -> String {
    let best = outcomes.min { $0.mean(\.wasserstein) < $1.mean(\.wasserstein) }!
    let counts = outcomes.map { "\($0.technique.title.lowercased()) \($0.collapsed)" }.joined(separator: ", ")
    return """
      On \(settings.data.title), \(best.technique.title.lowercased()) comes closest to the data on average; of \
      \(seeds) \(seeds == 1 ? "seed" : "seeds") each, these collapsed: \(counts).
      """
  }

  private func section(_ outcome: TutorialOutcome, plain: TutorialOutcome?) -> Block {
    .section(
      outcome.technique.title,
      [
        .finding(finding(outcome, plain: plain)),
        .animation(game(outcome)),
        .row([.chart(pretraining(outcome)), .chart(pretrainingLoss(outcome))]),
        .row([.chart(reach(outcome)), .chart(objectives(outcome))]),
      ])
  }

  /// What the numbers show, whichever way they went.
  private func finding(_ outcome: TutorialOutcome, plain: TutorialOutcome?) -> String {
    let distance = outcome.mean(\.wasserstein)
    let spread = outcome.mean(\.spread)
    let collapse =
      outcome.collapsed == 0
      ? "no seed of \(outcome.seeds.count) collapses"
      : "\(outcome.collapsed) of \(outcome.seeds.count) seeds \(outcome.collapsed == 1 ? "collapses" : "collapse")"
    let width =
      spread < 0.9 ? "narrower than the data" : spread > 1.1 ? "wider than the data" : "about as wide as the data"
    let own = """
      \(collapse); generated points end \(text(distance)) from the data and are \(width) (spread \(text(spread))), and \
      D is \(text(outcome.mean(\.decisionError))) from 1/2 on average.
      """
    guard outcome.technique != .plain else { return "Without any technique, " + own }
    guard let plain else { return "With \(outcome.technique.phrase), " + own }
    let ratio = distance / plain.mean(\.wasserstein)
    let flatter = outcome.mean(\.decisionError) < plain.mean(\.decisionError)
    let difference = abs(outcome.mean(\.wasserstein) - plain.mean(\.wasserstein))
    let noise = max(outcome.error(\.wasserstein), plain.error(\.wasserstein)) * 2
    let comparison =
      difference < noise
      ? "no clear difference in distance from the plain game"
      : ratio < 1
        ? "\(text(1 / ratio)) times closer than the plain game" : "\(text(ratio)) times farther than the plain game"
    return """
      With \(outcome.technique.phrase), \(own.dropLast()): \(comparison), with a \(flatter ? "flatter" : "less flat") D.
      """
  }

  private func game(_ outcome: TutorialOutcome) -> Animation {
    let width = outcome.binEdges[1] - outcome.binEdges[0]
    return Animation(
      Chart(
        title: "The game",
        caption: outcome.technique.discriminatesMinibatches
          ? "D(x) is what D says of x as one member of a batch whose other members are data." : nil,
        x: Axis("x", range: outcome.positions.first!...outcome.positions.last!),
        y: Axis("density", range: 0...1.6 * outcome.density.max()!), y2: Axis("D(x)", range: 0...1),
        traces: [
          .area("data", .data, x: outcome.positions, y: outcome.density),
          .line("1/2", .reference, x: [outcome.positions.first!, outcome.positions.last!], y: [0.5, 0.5])
            .dotted().onSecondAxis(),
        ]),
      variantTitle: "Seed",
      variants: zip(outcome.seeds, outcome.frames).map { seed, frames in
        .init(
          "\(seed)",
          frames: frames.map { frame in
            .init(
              "step \(frame.step)",
              [
                .histogram(
                  "generated", .generated, edges: outcome.binEdges, heights: frame.histogram.map { $0 / width }),
                .line("D(x)", .discriminator, x: outcome.positions, y: frame.decision).onSecondAxis(),
              ])
          })
      }, link: "game")
  }

  private func pretraining(_ outcome: TutorialOutcome) -> Chart {
    Chart(
      title: "Pretraining of D", caption: "D of seed \(outcome.seeds[0]) before and after it is fitted to the density.",
      x: Axis("x", range: outcome.positions.first!...outcome.positions.last!), y: "D(x), density",
      traces: [
        .area("data", .data, x: outcome.positions, y: outcome.density),
        .line("before", .reference, x: outcome.positions, y: outcome.untrained[0]).dashed(),
        .line("after", .discriminator, x: outcome.positions, y: outcome.pretrained[0]),
      ])
  }

  private func pretrainingLoss(_ outcome: TutorialOutcome) -> Chart {
    let stride = max(1, outcome.pretrainingLoss[0].count / 200)
    let steps = Array(Swift.stride(from: 0, to: outcome.pretrainingLoss[0].count, by: stride))
    return Chart(
      title: "Loss of the pretraining", caption: "Mean squared error, every seed faint, their mean strong.",
      x: "step", y: Axis("loss", isLogarithmic: true),
      traces: curves("loss", .loss, steps, outcome.pretrainingLoss.map { losses in steps.map { losses[$0] } }))
  }

  private func reach(_ outcome: TutorialOutcome) -> Chart {
    let steps = outcome.frames[0].map { Double($0.step) }
    return Chart(
      title: "Where G's points are",
      caption: "The lowest and the highest of \(TutorialStudy.shownPoints) points, for each seed.", x: "step", y: "x",
      traces: outcome.frames.flatMap { frames -> [Trace] in
        [
          .line("lowest", .generated, x: steps, y: frames.map(\.reach.lowerBound)).dashed(),
          .line("highest", .generated, x: steps, y: frames.map(\.reach.upperBound)),
        ]
      })
  }

  private func objectives(_ outcome: TutorialOutcome) -> Chart {
    Chart(
      title: "Both objectives", caption: "Losses of D and G over the game, every seed faint, their means strong.",
      x: "step", y: "loss",
      traces: curves("D", .discriminator, outcome.lossSteps, outcome.discriminatorLoss)
        + curves("G", .generator, outcome.lossSteps, outcome.generatorLoss))
  }

  /// Every seed's curve, and their mean.
  private func curves(_ name: String, _ role: Role, _ steps: [Int], _ losses: [[Double]]) -> [Trace] {
    let x = steps.map(Double.init)
    let mean = steps.indices.map { index in losses.reduce(0) { $0 + $1[index] } / Double(losses.count) }
    return losses.map { .line(name, role, x: x, y: $0).faint() } + [.line(name, role, x: x, y: mean)]
  }

  private var descriptions: [(String, String)] {
    [("Data", settings.data.title)] + settings.description + [("Collapsed", TutorialStudy.collapseRule)]
  }

  /// Three significant digits.
  private func text(_ value: Double) -> String { String(format: value >= 100 ? "%.0f" : "%.3g", value) }
}

extension TutorialOutcome {
  fileprivate var collapsed: Int { measurements.filter(\.hasCollapsed).count }
  fileprivate func mean(_ value: (TutorialMeasurements) -> Double?) -> Double {
    Summary(measurements.compactMap(value)).mean
  }
  /// Standard error of the mean.
  fileprivate func error(_ value: (TutorialMeasurements) -> Double) -> Double {
    let summary = Summary(measurements.map(value))
    return summary.standardDeviation / Double(summary.count).squareRoot()
  }
}

extension TutorialTechnique {
  fileprivate var phrase: String { self == .both ? "both techniques" : title.lowercased() }
}
