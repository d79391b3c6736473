import Datasets
import Foundation
import Metrics
import Recipes
import Report

/// The page that sets techniques side by side.
struct CompareReport {
  struct Grid {
    let comparison: Comparison
    let cells: [ComparisonCell]
    var source: Recipe.Data.Source { comparison.base.data.source }
    /// What is measured on this data, in the order of the columns.
    var measures: [ComparedMeasure] {
      ComparedMeasure.allCases.filter { measure in cells.contains { $0.measures[measure] != nil } }
    }
  }

  let grids: [Grid]
  /// Name and hash, where samples were scored.
  let classifier: String?
  let command: String

  // MARK: Tables

  var tables: [Table] { grids.map(table) }

  private func table(_ grid: Grid) -> Table {
    Table(
      title: "\(grid.source.title), \(length(grid)), \(seedCount(grid))",
      columns: [.init("Technique")]
        + grid.measures.enumerated().flatMap { index, measure -> [Table.Column] in
          let column = Table.Column(measure.title, best: measure.best, help: measure.help)
          guard measure != .collapsed else { return [column] }
          let help =
            index == 0 ? "Interval of the mean, from 10 000 resamples of the seeds (percentile bootstrap)." : nil
          return [column, Table.Column("95 %", alignment: .trailing, help: help)]
        },
      rows: grid.cells.map { cell in
        [.text(cell.technique.title)]
          + grid.measures.flatMap { measure -> [Table.Cell] in
            guard let values = cell.measures[measure] else { return [.missing, .missing] }
            if measure == .collapsed { return [.share(Int(values.reduce(0, +)), of: values.count)] }
            let summary = Summary(values)
            let deviation = summary.count > 1 ? summary.standardDeviation : nil
            return [
              .measurement(mean: summary.mean, deviation: deviation),
              values.count > 1 ? .text(interval(values)) : .missing,
            ]
          }
      },
      note: "Mean ± standard deviation over \(seedCount(grid))."
        + (grid.source == .mnist ? classifier.map { " Classifier: \($0)." } ?? "" : ""))
  }

  private func length(_ grid: Grid) -> String {
    "\(grid.comparison.base.duration.count) \(grid.comparison.base.duration.unit.rawValue)"
  }
  private func seedCount(_ grid: Grid) -> String {
    grid.comparison.seeds.count == 1 ? "1 seed" : "\(grid.comparison.seeds.count) seeds"
  }
  private func interval(_ values: [Double]) -> String {
    let interval = Bootstrap.meanInterval(values)
    return "\(short(interval.lowerBound)) … \(short(interval.upperBound))"
  }
  private func short(_ value: Double) -> String { String(format: abs(value) < 1 ? "%.3f" : "%.2f", value) }

  // MARK: The page

  func page() throws -> Page {
    Page(
      title: "What each technique changes",
      lead: """
        The same games, with one technique at a time, over many seeds. Everything here was measured in one run; nothing is \
        taken from elsewhere.
        """,
      blocks: claims + (try grids.map(section)),
      footer: "Made by \(command)")
  }

  private func section(_ grid: Grid) throws -> Block {
    var blocks: [Block] = [.finding(finding(grid)), .table(table(grid))]
    for measure in grid.measures where grid.comparison.seeds.count > 1 && measure != .collapsed {
      blocks.append(.chart(chart(grid, measure)))
    }
    blocks += try pictures(grid)
    blocks.append(.section("\(grid.source.title): settings", [.definitions(settings(grid.comparison.base))]))
    return .section(grid.source.title, blocks)
  }

  /// Every seed's value, one column of points for each technique.
  private func chart(_ grid: Grid, _ measure: ComparedMeasure) -> Chart {
    Chart(
      title: "\(measure.title), seed by seed", caption: measure.help, x: "Technique, in the order of the table",
      y: Axis(measure.title),
      traces: grid.cells.enumerated().compactMap { index, cell in
        cell.measures[measure].map { values in
          Trace.points(cell.technique.title, .series(index), x: values.map { _ in Double(index + 1) }, y: values)
        }
      })
  }

  private func pictures(_ grid: Grid) throws -> [Block] {
    if let mixture = grid.source.mixture {
      let reach = mixture.modes.flatMap { $0 }.map(abs).max()! * 1.4
      return [
        .row(
          grid.cells.map { cell in
            .chart(
              Chart(
                title: cell.technique.title, caption: "Points of seed \(cell.seeds[0]), and the modes.",
                x: Axis("x", range: -reach...reach), y: Axis("y", range: -reach...reach),
                traces: [
                  .points(
                    "generated", .generated, x: cell.examples.prefix(600).map { $0[0] },
                    y: cell.examples.prefix(600).map { $0[1] }),
                  .points("modes", .data, x: mixture.modes.map { $0[0] }, y: mixture.modes.map { $0[1] }),
                ]))
          })
      ]
    }
    if let density = grid.source.density?.density {
      let margin = (density.support.upperBound - density.support.lowerBound) / 6
      let (low, high) = (density.support.lowerBound - margin, density.support.upperBound + margin)
      let edges = (0...60).map { low + (high - low) * Double($0) / 60 }
      let positions = (0...120).map { low + (high - low) * Double($0) / 120 }
      return [
        .row(
          grid.cells.map { cell in
            let shares = OneDimensional.shares(of: cell.examples.map { $0[0] }, between: edges).dropFirst().dropLast()
            return .chart(
              Chart(
                title: cell.technique.title, caption: "Points of seed \(cell.seeds[0]), and the data's density.",
                x: "x", y: "density",
                traces: [
                  .area("data", .data, x: positions, y: positions.map { density($0) }),
                  .histogram("generated", .generated, edges: edges, heights: shares.map { $0 / (edges[1] - edges[0]) }),
                ]))
          })
      ]
    }
    return try grid.cells.map { cell in
      let side = Int(Double(cell.examples[0].count).squareRoot())
      let images = cell.examples.map {
        Image(width: side, height: side, channels: 1, planes: $0.map(Float.init))
      }
      return .figure(
        try Figure(
          ImageGrid(images, columns: 16, padding: 2, scale: 1, background: 64).tiled(),
          alternative: "Samples: \(cell.technique.title)", caption: "\(cell.technique.title), seed \(cell.seeds[0])."))
    }
  }

  private func settings(_ recipe: Recipe) -> [(term: String, text: String)] {
    [
      ("Networks", "G \(recipe.generator.hidden), D \(recipe.discriminator.hidden)"),
      (
        "Adam",
        "D \(recipe.discriminator.training.learningRate), G \(recipe.generator.training.learningRate), beta1 "
          + "\(recipe.discriminator.training.beta1), beta2 \(recipe.discriminator.training.beta2)"
      ),
      ("Batch", "\(recipe.batchSize)"),
      ("Samples", recipe.generator.averagingRate > 0 ? "of averaged weights" : "of the last weights"),
      (
        "Techniques",
        "feature matching \(recipe.featureMatching.reading.rawValue); minibatch discrimination "
          + "\(recipe.minibatchDiscrimination.reading.rawValue), \(recipe.minibatchDiscrimination.kernels) kernels of "
          + "\(recipe.minibatchDiscrimination.dimensions); historical averaging 0.001 on both players; label smoothing 0.9"
      ),
    ]
  }

  // MARK: What the numbers say

  /// How much better or worse than the plain game, by the measure that comes first.
  private func finding(_ grid: Grid) -> String {
    guard let measure = grid.measures.first(where: { $0 != .collapsed && $0 != .flatness && $0 != .restlessness }),
      let plain = grid.cells.first(where: { $0.technique == .plain }), let reference = plain.measures[measure]
    else { return "Without the plain game there is nothing to compare with." }
    let others = grid.cells.filter { $0.technique != .plain }
    let told = others.compactMap { cell -> String? in
      cell.measures[measure].map { "\(cell.technique.phrase) \(verdict($0, reference, measure))" }
    }
    return "\(measure.title) \(short(Summary(reference).mean)) in the plain game; \(told.joined(separator: "; "))."
  }

  /// Says that two means differ only where the bootstrap intervals do not overlap.
  private func verdict(_ values: [Double], _ reference: [Double], _ measure: ComparedMeasure) -> String {
    let mean = short(Summary(values).mean)
    guard values.count > 1 else { return "\(mean) (one seed)" }
    let (own, other) = (Bootstrap.meanInterval(values), Bootstrap.meanInterval(reference))
    guard !own.overlaps(other) else { return "\(mean), no clear difference" }
    let isHigher = own.lowerBound > other.upperBound
    return "\(mean), clearly \(isHigher == measure.isBetterHigh ? "better" : "worse")"
  }

  /// The claims of the tutorial and of the paper, answered by what was measured here.
  private var claims: [Block] {
    let lines = grids.filter { $0.source.density != nil }
    guard !lines.isEmpty else { return [] }
    func values(_ technique: ComparedTechnique, _ measure: ComparedMeasure) -> [Double] {
      lines.flatMap { grid in grid.cells.first { $0.technique == technique }?.measures[measure] ?? [] }
    }
    func share(_ technique: ComparedTechnique) -> String {
      let collapsed = values(technique, .collapsed)
      return "\(Int(collapsed.reduce(0, +))) of \(collapsed.count)"
    }
    func pair(_ technique: ComparedTechnique, _ measure: ComparedMeasure) -> String? {
      let (with, without) = (values(technique, measure), values(.plain, measure))
      guard !with.isEmpty, !without.isEmpty else { return nil }
      return "\(short(Summary(with).mean)) against \(short(Summary(without).mean)) in the plain game: "
        + verdict(with, without, measure).components(separatedBy: ", ").dropFirst().joined(separator: ", ")
    }
    var answers: [(term: String, text: String)] = []
    if let flat = pair(.featureMatching, .flatness) {
      answers.append(("With feature matching D ends almost flat at 1/2 over the data", "Mean |D − ½| \(flat)."))
    }
    if let calm = pair(.featureMatching, .restlessness) {
      answers.append(("and much less noisy than without", "D's standard deviation over the last quarter \(calm)."))
    }
    if !values(.plain, .collapsed).isEmpty {
      answers.append(("The plain game tends to map all noise to one point", "Collapsed: \(share(.plain)) games."))
    }
    if !values(.minibatchDiscrimination, .collapsed).isEmpty {
      answers.append(("Minibatch discrimination prevents that", "Collapsed: \(share(.minibatchDiscrimination)) games."))
    }
    return [.section("The claims, and what was measured", [.definitions(answers)])]
  }
}

extension ComparedMeasure {
  var title: String {
    switch self {
    case .wasserstein: "Wasserstein-1"
    case .collapsed: "Collapsed"
    case .flatness: "|D − ½|"
    case .restlessness: "Restlessness of D"
    case .modes: "Modes covered"
    case .highQuality: "High-quality share"
    case .score: "Inception score"
    }
  }

  var help: String {
    switch self {
    case .wasserstein: "Distance between \(Comparison.points) generated points and the data, in units of x."
    case .collapsed: "1 where at most five of the data's ten deciles receive 2 % of the points or more, else 0."
    case .flatness: "Mean of |D(x) − 1/2| over the middle 99 % of the data when the game ends."
    case .restlessness: "Standard deviation of D(x) over the last quarter of the game, averaged over the data."
    case .modes: "Modes with at least one of \(Comparison.points) points within three standard deviations."
    case .highQuality: "Share of points within three standard deviations of a mode."
    case .score: "Of \(Comparison.scoredSamples) samples in one split, by the classifier named below the table."
    }
  }

  var isBetterHigh: Bool { self == .modes || self == .highQuality || self == .score }

  var best: Table.Column.Best? { isBetterHigh ? .highest : .lowest }
}

extension Recipe.Data.Source {
  fileprivate var title: String {
    switch self {
    case .mnist: "MNIST"
    case .ring: "A ring of 8 Gaussians"
    case .grid: "A 5 × 5 grid of Gaussians"
    case .normal, .twoHumped, .farNormal: density!.title
    }
  }
}

extension ComparedTechnique {
  fileprivate var phrase: String {
    switch self {
    case .plain: "plain"
    case .featureMatching: "with feature matching"
    case .minibatchDiscrimination: "with minibatch discrimination"
    case .both: "with both"
    case .historicalAveraging: "with historical averaging"
    case .labelSmoothing: "with label smoothing"
    case .virtualBatchNorm: "with virtual batch norm"
    }
  }
}
