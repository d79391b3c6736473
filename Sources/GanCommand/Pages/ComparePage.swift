import Datasets
import Files
import Foundation
import Settings
import GAN
import Images
import Metrics
import Recipes
import Report
import Settings

/// The page that sets techniques side by side.
struct CompareReport {
  struct Grid {
    let comparison: Comparison
    /// In the order of the techniques; without those of which no game came to its end.
    let cells: [ComparisonCell]
    /// Games that stopped, and why.
    let failures: [String]
    /// Techniques that this recipe cannot have, and why.
    let leftOut: [String]
    var source: Chosen<DataFamily> { comparison.base.data }
    /// Its data, after the recipe where that has a name of its own.
    var title: String {
      let (name, data) = (comparison.base.name, source.settings.title)
      return name == source.kind ? data : "\(name): \(data)"
    }
    /// What is measured on this data, in the order of the columns.
    var measures: [ComparedMeasure] {
      ComparedMeasure.allCases.filter { measure in cells.contains { $0.measures[measure] != nil } }
    }
  }

  let grids: [Grid]
  let command: String
  /// Seeds below which there is no interval and no verdict: of two values the bootstrap's interval is their range, and
  /// differences of nothing would look clear in every third comparison.
  private static let fewest = 6

  // MARK: Tables

  var tables: [Table] { grids.flatMap(tables) }

  /// What G makes, and where there is a line to look along, what D says at the end.
  private func tables(_ grid: Grid) -> [Table] {
    let ofD = grid.measures.filter(\.isOfDiscriminator)
    let made = table(grid, grid.measures.filter { !$0.isOfDiscriminator }, "")
    return ofD.isEmpty ? [made] : [made, table(grid, ofD, ": what D says")]
  }

  private func table(_ grid: Grid, _ measures: [ComparedMeasure], _ title: String) -> Table {
    Table(
      title: "\(grid.title), \(length(grid)), \(seedCount(grid))\(title)",
      columns: [.init("Technique")]
        + measures.flatMap { measure -> [Table.Column] in
          let column = Table.Column(measure.title, best: measure.best, help: measure.help)
          guard measure.hasInterval else { return [column] }
          let isFirst = measure == measures.first(where: \.hasInterval)
          let help =
            isFirst
            ? """
            Interval of the mean, from 10 000 resamples of the seeds (percentile bootstrap); not below \(Self.fewest) \
            seeds.
            """
            : nil
          return [column, Table.Column("95 %", alignment: .trailing, help: help)]
        },
      rows: grid.cells.map { cell in
        [.text(cell.technique.title)]
          + measures.flatMap { measure -> [Table.Cell] in
            guard let values = cell.measures[measure] else {
              return [Table.Cell](repeating: .missing, count: measure.hasInterval ? 2 : 1)
            }
            if measure == .collapsed { return [.share(Int(values.reduce(0, +)), of: values.count)] }
            let summary = Summary(values)
            let mean = Table.Cell.measurement(
              mean: summary.mean, deviation: summary.count > 1 ? summary.standardDeviation : nil)
            guard measure.hasInterval else { return [mean] }
            return [mean, values.count >= Self.fewest ? .text(interval(values)) : .missing]
          }
      },
      note: note(grid))
  }

  private func note(_ grid: Grid) -> String {
    var parts = ["Mean ± standard deviation over \(seedCount(grid))."]
    if let scoring = grid.cells.lazy.compactMap(\.scoring).first {
      let splits = scoring.splits == 1 ? "1 split" : "\(scoring.splits) splits"
      if let classifier = scoring.classifier, let hash = scoring.hash {
        parts.append(
          """
          Inception score of \(grouped(scoring.samples)) samples in \(splits) by \(classifier), SHA-256 \
          \(hash.prefix(12)).
          """)
      }
      if let features = scoring.features, let hash = scoring.featuresHash, let compared = scoring.compared {
        parts.append(
          "\(scoring.classifier == nil ? "Scores" : "The other scores") of \(grouped(compared)) samples and as many "
            + "real images by the features of \(features), SHA-256 \(hash.prefix(12)).")
      }
    }
    if !grid.leftOut.isEmpty { parts.append("Left out: \(grid.leftOut.joined(separator: "; ")).") }
    if !grid.failures.isEmpty { parts.append("Games that did not end: \(grid.failures.joined(separator: "; ")).") }
    return parts.joined(separator: " ")
  }

  private func length(_ grid: Grid) -> String {
    "\(grid.comparison.base.duration.count) \(grid.comparison.base.duration.unit.rawValue)"
  }
  /// "8 seeds", or "6 to 8 seeds" where some techniques' games did not all end.
  private func seedCount(_ grid: Grid) -> String {
    let planned = grid.comparison.seeds.count
    let fewest = grid.cells.map(\.seeds.count).min() ?? planned
    return planned == 1 ? "1 seed" : fewest < planned ? "\(fewest) to \(planned) seeds" : "\(planned) seeds"
  }
  private func interval(_ values: [Double]) -> String {
    let interval = Bootstrap.meanInterval(values)
    return "\(short(interval.lowerBound)) … \(short(interval.upperBound))"
  }
  private func short(_ value: Double) -> String { String(format: abs(value) < 1 ? "%.3f" : "%.2f", value) }

  // MARK: The page

  /// One grid's tables and answers in Markdown, to be kept beside its numbers.
  func markdown(_ grid: Grid) -> String {
    let tables = tables(grid).map { $0.text(includesHelp: true) }.joined(separator: "\n")
    let answers = claims([grid]).map { "- \($0.term): \($0.text)\n" }.joined()
    return "# \(grid.title)\n\nMade by `\(command)`.\n\n```\n\(tables)```\n"
      + (answers.isEmpty ? "" : "\nThe claims, and what was measured:\n\n\(answers)")
  }

  func page() throws -> Page {
    let answers = claims(grids)
    return Page(
      title: "What each technique changes",
      lead: """
        The same games, with one technique at a time, over many seeds. Everything here was measured in one run; \
        nothing is taken from elsewhere.
        """,
      blocks: (answers.isEmpty ? [] : [.section("The claims, and what was measured", [.definitions(answers)])])
        + (try grids.map(section)),
      footer: "Made by \(command)")
  }

  private func section(_ grid: Grid) throws -> Block {
    var blocks: [Block] = [.finding(finding(grid))] + tables(grid).map { .table($0) }
    for measure in grid.measures where grid.comparison.seeds.count > 1 && measure != .collapsed {
      blocks.append(.chart(chart(grid, measure)))
    }
    blocks += try pictures(grid)
    blocks.append(.section("\(grid.title): settings", [.definitions(settings(grid))]))
    return .section(grid.title, blocks)
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
    if let mixture = grid.source.points?.mixture {
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
                    "generated", .generated, x: cell.examples.prefix(600).map { Double($0[0]) },
                    y: cell.examples.prefix(600).map { Double($0[1]) }),
                  .points("modes", .data, x: mixture.modes.map { $0[0] }, y: mixture.modes.map { $0[1] }),
                ]))
          })
      ]
    }
    if let density = grid.source.points?.density {
      let margin = (density.support.upperBound - density.support.lowerBound) / 6
      let (low, high) = (density.support.lowerBound - margin, density.support.upperBound + margin)
      let edges = (0...60).map { low + (high - low) * Double($0) / 60 }
      let positions = (0...120).map { low + (high - low) * Double($0) / 120 }
      return [
        .row(
          grid.cells.map { cell in
            let shares = OneDimensional.shares(of: cell.examples.map { Double($0[0]) }, between: edges).dropFirst()
              .dropLast()
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
      let shape = cell.imageShape ?? [1, side, side]
      let images = try cell.examples.map {
        try Image(width: shape[2], height: shape[1], channels: shape[0], planes: $0)
      }
      return .figure(
        try Figure(
          ImageGrid(images, columns: 16, padding: 2, scale: max(1, 32 / shape[2]), background: 64).tiled(),
          alternative: "Samples: \(cell.technique.title)", caption: "\(cell.technique.title), seed \(cell.seeds[0])."))
    }
  }

  private func settings(_ grid: Grid) -> [(term: String, text: String)] {
    let recipe = grid.comparison.base
    func recipeOf(_ technique: ComparedTechnique) -> Recipe { grid.comparison.recipe(technique) }
    func matching(_ technique: ComparedTechnique) -> FeatureMatching.Settings {
      recipeOf(technique).techniques[FeatureMatching.Settings.self]
    }
    let (alone, both) = (matching(.featureMatching), matching(.both))
    let averaging = recipeOf(.historicalAveraging).techniques[HistoricalAveraging.Settings.self]
    let layer = recipeOf(.minibatchDiscrimination).techniques[MinibatchDiscrimination.Settings.self]
    let played = Set(grid.cells.map(\.technique))
    func techniques(_ wanted: [ComparedTechnique], _ term: String, _ text: @autoclosure () -> String) -> [(
      term: String, text: String
    )] {
      played.isDisjoint(with: wanted) ? [] : [(term, text())]
    }
    var settings: [(term: String, text: String)] = [
      (
        "Networks", "G \(recipe.generator.network.settings.summary); D \(recipe.discriminator.network.settings.summary)"
      ),
      (
        "Adam",
        "D \(recipe.discriminator.training.learningRate), G \(recipe.generator.training.learningRate), beta1 "
          + "\(recipe.discriminator.training.beta1), beta2 \(recipe.discriminator.training.beta2)"
      ),
      (
        "Batch",
        recipe.generatedBatchSize == recipe.batchSize
          ? "\(recipe.batchSize)" : "\(recipe.batchSize) real, \(recipe.generatedBatchSize) generated"
      ),
      ("Samples", recipe.averagesGenerator ? "of averaged weights" : "of the last weights"),
    ]
    settings += techniques(
      [.featureMatching, .both], "Feature matching",
      "\(alone.reading.rawValue); \(alone.role.rawValue) the objective of G alone, \(both.role.rawValue) it with "
        + "minibatch discrimination"
        + (alone.reading == .releaseSquared
          ? "; it is the mean over features, where the sound preset of gan demo takes the sum, as the paper writes it"
          : ""))
    settings += techniques(
      [.minibatchDiscrimination, .both], "Minibatch discrimination",
      "\(layer.reading.rawValue), \(layer.kernels) kernels of \(layer.dimensions)")
    settings += techniques(
      [.historicalAveraging], "Historical averaging",
      "weight \(averaging.generator) on G, \(averaging.discriminator) on D")
    settings += techniques(
      [.labelSmoothing], "Label smoothing", "real target \(recipeOf(.labelSmoothing).objective.settings.realTarget)")
    settings += techniques(
      [.virtualBatchNorm], "Virtual batch norm", "in G, in the place of what the recipe normalises by")
    settings += techniques(
      [.diffAugment], "DiffAugment",
      recipeOf(.diffAugment).techniques[DiffAugment.Settings.self].policies.map(\.rawValue).joined(separator: ", "))
    settings += techniques(
      [.gradientPenalty], "Gradient penalty",
      "R1, gamma \(recipeOf(.gradientPenalty).techniques[GradientPenalty.Settings.self].real)")
    if recipe.discriminator.pretrainingSteps > 0 {
      settings.append(
        ("Before the game", "D is fitted to the density for \(recipe.discriminator.pretrainingSteps) steps"))
    }
    return settings
  }

  // MARK: What the numbers say

  /// How much better or worse than the plain game, by the measure that comes first.
  private func finding(_ grid: Grid) -> String {
    guard let measure = grid.measures.first(where: { [.wasserstein, .modes, .score, .frechet].contains($0) }),
      let reference = grid.values(.plain, measure)
    else { return "Without the plain game there is nothing to compare with." }
    let told = grid.cells.compactMap { cell -> String? in
      guard cell.technique != .plain, let values = cell.measures[measure] else { return nil }
      let verdict = verdict(values, reference, measure).map { ", \($0)" } ?? ""
      return "\(short(Summary(values).mean)) \(cell.technique.phrase)\(verdict)"
    }
    return "\(measure.title): \(short(Summary(reference).mean)) in the plain game; \(told.joined(separator: "; "))."
  }

  /// Whether `values` are better or worse than `reference`: only where the bootstrap interval of the difference leaves
  /// 0 out; nil where there are too few on one side to say anything: the interval of a handful is far too narrow.
  private func verdict(_ values: [Double], _ reference: [Double], _ measure: ComparedMeasure) -> String? {
    guard min(values.count, reference.count) >= Self.fewest else { return nil }
    let difference = Bootstrap.differenceInterval(values, reference)
    guard !difference.contains(0) else { return "no clear difference" }
    return (difference.lowerBound > 0) == measure.isBetterHigh ? "clearly better" : "clearly worse"
  }

  /// The claims of the tutorial, answered by what was measured on `grids`, density by density; none where there is no
  /// density.
  private func claims(_ grids: [Grid]) -> [(term: String, text: String)] {
    let lines = grids.filter { $0.source.points?.density != nil }
    func answer(_ claim: String, _ told: (Grid) -> String?) -> (term: String, text: String)? {
      let answers = lines.compactMap { grid in told(grid).map { "\(grid.title): \($0)." } }
      return answers.isEmpty ? nil : (claim, answers.joined(separator: " "))
    }
    /// The measure with feature matching and without.
    func pair(_ grid: Grid, _ measure: ComparedMeasure) -> String? {
      guard let with = grid.values(.featureMatching, measure), let without = grid.values(.plain, measure) else {
        return nil
      }
      let difference = Bootstrap.differenceInterval(with, without)
      return "\(short(Summary(with).mean)), without \(short(Summary(without).mean))"
        + (verdict(with, without, measure).map {
          "; \($0) (difference \(short(difference.lowerBound)) … \(short(difference.upperBound)))"
        } ?? "")
    }
    func collapsed(_ grid: Grid, _ technique: ComparedTechnique) -> String? {
      grid.values(technique, .collapsed).map { "\(Int($0.reduce(0, +))) of \($0.count) games collapsed" }
    }
    return [
      answer("With feature matching D ends almost flat at 1/2 over the data") {
        pair($0, .flatness).map { "mean |D − ½| \($0)" }
      },
      answer("… and much less noisy than without") {
        pair($0, .restlessness).map { "standard deviation of D over the last quarter \($0)" }
      },
      answer("The plain game tends to map all noise to the one point of highest D") { grid in
        guard let told = collapsed(grid, .plain), let collapsed = grid.values(.plain, .collapsed),
          let distances = grid.values(.plain, .peakDistance)
        else { return nil }
        func mean(_ wanted: Double) -> String? {
          let chosen = zip(distances, collapsed).filter { $0.1 == wanted }.map(\.0)
          return chosen.isEmpty ? nil : short(Summary(chosen).mean)
        }
        let unit = "standard deviations of the data from D's peak on average"
        guard let ofCollapsed = mean(1) else { return told + (mean(0).map { "; points lie \($0) \(unit)" } ?? "") }
        let away = "; their points lie \(ofCollapsed) \(unit)"
        let others = mean(0).map { ", those of the others \($0)" } ?? ""
        return told + away + others
      },
      answer("Minibatch discrimination prevents that, since D sees the batch") { grid in
        guard let with = collapsed(grid, .minibatchDiscrimination) else { return nil }
        let without = collapsed(grid, .plain).map { ", without it \($0.replacing(" games collapsed", with: ""))" }
        return with + (without ?? "")
      },
    ].compactMap { $0 }
  }
}

extension CompareReport.Grid {
  /// One number per seed.
  fileprivate func values(_ technique: ComparedTechnique, _ measure: ComparedMeasure) -> [Double]? {
    cells.first { $0.technique == technique }?.measures[measure]
  }
}

extension ComparedMeasure {
  var title: String {
    switch self {
    case .wasserstein: "Wasserstein-1"
    case .spread: "Spread"
    case .collapsed: "Collapsed"
    case .peakDistance: "To D's peak"
    case .flatness: "|D − ½|"
    case .restlessness: "Restlessness of D"
    case .modes: "Modes covered"
    case .highQuality: "High-quality share"
    case .score: "Inception score"
    case .frechet: "Fréchet distance"
    case .kernel: "KID"
    case .precision: "Precision"
    case .recall: "Recall"
    case .density: "Density"
    case .coverage: "Coverage"
    }
  }

  var help: String {
    switch self {
    case .wasserstein: "Distance between \(Comparison.points) generated points and the data, in units of x."
    case .spread: "Standard deviation of the points divided by that of the data: 1 is best."
    case .peakDistance:
      "Mean distance of the last step's points from the x of the highest D(x) where there are data or points, in "
        + "standard deviations of the data."
    case .collapsed: "1 where at most five of the data's ten deciles receive 2 % of the points or more, else 0."
    case .flatness: "Mean of |D(x) − 1/2| over the middle 99 % of the data when the game ends."
    case .restlessness: "Standard deviation of D(x) over the last quarter of the game, averaged over the data."
    case .modes: "Modes with at least one of \(Comparison.points) points within three standard deviations."
    case .highQuality: "Share of points within three standard deviations of a mode."
    case .score: "Of samples in one split, by the network named below the table."
    case .frechet: "FID where the network is FID's: of samples and as many real images, by a network's features."
    case .kernel: "Kernel distance of the same, which does not depend on their number; may be below 0."
    case .precision: "Share of the same samples in the ball of a real image, to its third neighbour."
    case .recall: "Share of the same real images in the ball of a sample, to its third neighbour."
    case .density:
      "Balls of real images, to their fifth neighbours, that a sample is in, divided by 5: 1 where they are alike."
    case .coverage: "Share of the real images' balls, to their fifth neighbours, that hold a sample."
    }
  }

  var isOfDiscriminator: Bool { [.peakDistance, .flatness, .restlessness].contains(self) }

  /// Whether the table has room for the bootstrap interval of its mean.
  var hasInterval: Bool { ![.spread, .collapsed, .peakDistance, .density, .kernel, .precision].contains(self) }

  var isBetterHigh: Bool { [.modes, .highQuality, .score, .precision, .recall, .coverage].contains(self) }

  var best: Table.Column.Best? {
    switch self {
    case .spread, .density: .nearest(1)
    case .peakDistance: nil
    default: isBetterHigh ? .highest : .lowest
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
    case .diffAugment: "with DiffAugment"
    case .mirroring: "with mirrored images"
    case .gradientPenalty: "with a gradient penalty"
    }
  }
}
