import Datasets
import Files
import Foundation
import GAN
import Images
import Metrics
import Recipes
import Report

/// The page with the published table beside our own.
struct ReproductionReport {
  private let reproduction: Reproduction
  /// Those without labels, among which are those with.
  private let trainingExamples: Int
  private let command: String

  init(_ reproduction: Reproduction, trainingExamples: Int, command: String) {
    self.reproduction = reproduction
    self.trainingExamples = trainingExamples
    self.command = command
  }

  // MARK: The table

  func table(_ rows: [ReproductionRow], test: LabelledImages) -> Table {
    let recipe = reproduction.recipe
    return Table(
      title: "Test errors of \(grouped(test.count)), \(recipe.name), "
        + "\(recipe.duration.count) \(recipe.duration.unit.rawValue)",
      columns: [
        .init("Labels"),
        .init(
          "Paper", alignment: .trailing, help: "One network, mean and standard deviation over ten draws of labels."),
        .init("Ours", help: "One network, mean and standard deviation over our draws of labels."),
        .init("Draws"),
        .init("Paper, ensemble", alignment: .trailing, help: "Ten networks together."),
        .init(
          "Ours, ensemble",
          help: "The networks of all our draws together, by their mean probabilities."),
      ],
      rows: rows.map { row in
        let errors = row.runs.map { Double($0.errors) }
        return [
          .text("\(row.labels)"), Self.cell(PublishedTable.oneNetwork[row.labels]),
          errors.isEmpty ? .missing : Self.cell(Summary(errors)), .share(row.runs.count, of: reproduction.draws),
          Self.cell(PublishedTable.ensemble[row.labels]),
          row.runs.count < 2 ? .missing : .number(Double(row.ensembleErrors(test))),
        ]
      },
      note: "The paper's ± is over ten draws of labels, its ensembles are of ten networks. Our ensemble is one number: "
        + "each of its networks has seen a draw of its own, so that together they know more labels than any of them.")
  }

  private static func cell(_ figure: PublishedTable.Figure?) -> Table.Cell {
    // As it was published, not as our own figures are rounded.
    figure.map { .text(String(format: "%g ± %g", $0.mean, $0.deviation)) } ?? .missing
  }
  private static func cell(_ summary: Summary) -> Table.Cell {
    .measurement(mean: summary.mean, deviation: summary.count > 1 ? summary.standardDeviation : nil)
  }

  // MARK: The page

  func write(_ rows: [ReproductionRow], test: LabelledImages) throws {
    try page(rows, test).write(to: reproduction.folder.appendingPathComponent("report.html"))
  }

  private func page(_ rows: [ReproductionRow], _ test: LabelledImages) throws -> Page {
    let trained = rows.filter { !$0.runs.isEmpty }
    return Page(
      title: "MNIST with few labels",
      lead: """
        A discriminator that tells ten digits and “generated” apart learns from a handful of labelled digits and \
        \(grouped(trainingExamples)) without labels. Here are its errors on the \(grouped(test.count)) test digits, beside those that were published.
        """,
      blocks: try [.table(table(rows, test: test))] + trained.map { try section($0, test) }
        + [.section("How it was trained", [.definitions(settings)])],
      footer: "Made by \(command)")
  }

  private func section(_ row: ReproductionRow, _ test: LabelledImages) throws -> Block {
    let blocks: [Block] = [
      .finding(finding(row, test)), .chart(errorCurves(row)),
      .table(
        Table(
          title: "Each draw",
          columns: [
            .init("Draw"), .init("Errors at the end"), .init("Lowest on the way"), .init("Minutes"),
          ],
          rows: row.runs.map { entry in
            [
              .text("\(entry.run.draw)"), .number(Double(entry.errors)),
              .number(Double(Self.curve(entry).map(\.errors).min() ?? entry.errors)),
              .number(((entry.measurements.last?.seconds ?? 0) / 60).rounded()),
            ]
          },
          note:
            "The lowest number on the way is picked by looking at the test set: it is no result, only a hint of how "
            + "much the moment of stopping matters.")),
      try mistakes(row, test),
    ]
    return .section("\(row.labels) labels", blocks)
  }

  private func finding(_ row: ReproductionRow, _ test: LabelledImages) -> String {
    let summary = Summary(row.runs.map { Double($0.errors) })
    let draws = row.runs.count == 1 ? "one draw" : "\(row.runs.count) draws"
    let spread = row.runs.count > 1 ? String(format: " ± %.1f", summary.standardDeviation) : ""
    let ours = String(format: "%.1f", summary.mean) + spread + " errors over \(draws) of \(row.labels) labels"
    let ensemble = row.runs.count > 1 ? "; together the networks make \(row.ensembleErrors(test))" : ""
    let published = PublishedTable.oneNetwork[row.labels].map {
      String(format: ". The paper: %.0f ± %.1f.", $0.mean, $0.deviation)
    }
    return ours + ensemble + (published ?? ".")
  }

  /// What a run's curve shows: the averaged weights where there are any.
  private static func curve(_ entry: ReproductionRow.Entry) -> [(step: Int, errors: Int)] {
    entry.measurements.compactMap { line in (line.testErrorsOfAverage ?? line.testErrors).map { (line.step, $0) } }
  }

  private func errorCurves(_ row: ReproductionRow) -> Chart {
    let stepsPerEpoch = trainingExamples / reproduction.recipe.batchSize
    func epochs(_ steps: [Int]) -> [Double] { steps.map { Double($0) / Double(stepsPerEpoch) } }
    var traces = row.runs.enumerated().flatMap { index, entry -> [Trace] in
      let averaged = Self.curve(entry)
      let raw = entry.measurements.compactMap { line in line.testErrors.map { (line.step, Double($0)) } }
      return [
        Trace.line(
          "draw \(entry.run.draw)", .series(index), x: epochs(averaged.map(\.step)),
          y: averaged.map { Double($0.errors) }),
        Trace.line("draw \(entry.run.draw), raw weights", .series(index), x: epochs(raw.map(\.0)), y: raw.map(\.1))
          .faint(),
      ]
    }
    if let published = PublishedTable.oneNetwork[row.labels] {
      let last = row.runs.compactMap { $0.measurements.last?.step }.max() ?? 0
      traces.append(
        Trace.line("paper, 300 epochs", .reference, x: epochs([0, last]), y: [published.mean, published.mean]).dashed())
    }
    return Chart(
      title: "Test errors as training goes", caption: "Averaged weights; the raw ones are faint.", x: "Epoch",
      y: Axis("Test errors", isLogarithmic: true), traces: traces)
  }

  private func mistakes(_ row: ReproductionRow, _ test: LabelledImages) throws -> Block {
    let size = test.height * test.width
    let wrong = row.ensembleMistakes(test)
    let who = row.runs.count > 1 ? "the ensemble" : "the network"
    guard !wrong.isEmpty else { return .paragraph("There is no test digit that \(who) gets wrong.") }
    let shown = wrong.sorted { ($0.label, $0.told) < ($1.label, $1.told) }.prefix(160)
    let images = try shown.map {
      try Image(
        width: test.width, height: test.height, samples: Array(test.images[$0.index * size..<($0.index + 1) * size]))
    }
    let pairs = shown.map { "\($0.label)→\($0.told)" }.joined(separator: ", ")
    return .figure(
      try Figure(
        ImageGrid(Array(images), columns: 20, padding: 2, scale: 2, background: 96).tiled(),
        alternative: "\(shown.count) test digits that \(who) gets wrong",
        caption:
          "The digits that \(who) gets wrong, row by row, each with its label and what it was taken for: \(pairs)"
          + (wrong.count > shown.count ? ", and \(wrong.count - shown.count) more." : ".")))
  }

  private var settings: [(term: String, text: String)] {
    let recipe = reproduction.recipe
    func percent(_ share: Double) -> Int { Int((100 * share).rounded()) }
    let (d, noiseFalls) = (recipe.discriminator, recipe.discriminator.noiseDeclineFrom < 1)
    return [
      ("Recipe", "\(recipe.name): \(recipe.summary)"),
      ("Length", "\(recipe.duration.count) \(recipe.duration.unit.rawValue)"),
      ("Batch", "\(recipe.labels.batchSize) labelled, \(recipe.batchSize) unlabelled, \(recipe.batchSize) generated"),
      (
        "Learning rate",
        "D \(d.training.learningRate), G \(recipe.generator.training.learningRate)"
          + (d.training.declineFrom < 1 ? ", falling to 0 over the last \(percent(1 - d.training.declineFrom)) %" : "")
      ),
      (
        "Noise in D",
        (d.network.settings.noiseSummary ?? "none")
          + (noiseFalls
            ? ", falling to \(percent(d.noiseEnd)) % over the last \(percent(1 - d.noiseDeclineFrom)) %" : "")
      ),
      ("Average of D's weights", "rate \(d.averagingRate), start \(d.averagingStart.rawValue)"),
      ("Consistency", "weight \(recipe.techniques[ConsistencyRegularization.Settings.self].weight)"),
      ("Marginal entropy", "weight \(recipe.techniques[MarginalEntropy.Settings.self].weight)"),
      ("Updates", recipe.updates.rawValue),
      ("Products", recipe.products.rawValue),
    ]
  }
}
