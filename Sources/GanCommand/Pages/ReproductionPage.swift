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
  private let published: any FewLabelsTable.Type
  /// Those without labels, among which are those with.
  private let trainingExamples: Int
  private let command: String

  init(
    _ reproduction: Reproduction, of published: any FewLabelsTable.Type, trainingExamples: Int, command: String
  ) {
    self.reproduction = reproduction
    self.published = published
    self.trainingExamples = trainingExamples
    self.command = command
  }

  /// What is tested on: the test set, or what was held out to choose settings by.
  private var isValidated: Bool { reproduction.recipe.labels.validation > 0 }
  private var tested: String { isValidated ? "held-out" : "test" }
  private var errors: String { isValidated ? "Validation errors" : "Test errors" }
  private var unit: String { published.unit == .percent ? ", %" : "" }

  /// As the table counts: in percent, or as they are.
  private func figure(_ errors: Int, of test: LabelledImages) -> Double {
    published.unit.value(Double(errors), of: test.count)
  }

  /// A figure in words: with two places in percent, as the papers have them.
  private func words(_ figure: Double, decimals: Int = 1) -> String {
    published.unit == .percent ? String(format: "%.2f %%", figure) : String(format: "%.\(decimals)f", figure)
  }

  // MARK: The table

  func table(_ rows: [ReproductionRow], test: LabelledImages) -> Table {
    let recipe = reproduction.recipe
    return Table(
      title: "\(errors) of \(grouped(test.count))\(unit), \(recipe.name), "
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
        let errors = row.runs.map { figure($0.errors, of: test) }
        return [
          .text("\(row.labels)"), Self.cell(published.oneNetwork[row.labels]),
          errors.isEmpty ? .missing : Self.cell(Summary(errors)), .share(row.runs.count, of: reproduction.draws.count),
          Self.cell(published.ensemble[row.labels]),
          row.runs.count < 2 ? .missing : .number(figure(row.ensembleErrors(test), of: test)),
        ]
      },
      note: note)
  }

  private var note: String {
    (isValidated
      ? "These are errors on training images that were held out, by which settings are chosen: not to be compared with "
        + "published test errors. " : "")
      + (published.oneNetwork.isEmpty
        ? "" : "The paper's ± is over ten draws of labels, its ensembles are of ten networks. ")
      + "Our ensemble is one number: each of its networks has seen a draw of its own, so that together they know more "
      + "labels than any of them."
  }

  private static func cell(_ figure: PublishedFigure?) -> Table.Cell {
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
      title: published.title,
      lead: """
        A discriminator that tells \(test.classes ?? 0) classes and “generated” apart learns from a handful of \
        labelled \(published.images) and \(grouped(trainingExamples)) without labels. Here are its errors on \
        \(grouped(test.count)) \(tested) \
        \(published.images)\(published.oneNetwork.isEmpty ? "" : ", beside those that were published").
        """,
      blocks: try [.table(table(rows, test: test))] + trained.map { try section($0, test) }
        + [.section("How it was trained", [.definitions(settings)])],
      footer: "Made by \(command)")
  }

  private func section(_ row: ReproductionRow, _ test: LabelledImages) throws -> Block {
    let blocks: [Block] = [
      .finding(finding(row, test)), .chart(errorCurves(row, test)),
      .table(
        Table(
          title: "Each draw",
          columns: [
            .init("Draw"), .init("Errors at the end\(unit)"), .init("Lowest on the way\(unit)"), .init("Minutes"),
          ],
          rows: row.runs.map { entry in
            [
              .text("\(entry.run.draw)"), .number(figure(entry.errors, of: test)),
              .number(figure(Self.curve(entry).map(\.errors).min() ?? entry.errors, of: test)),
              .number(((entry.measurements.last?.seconds ?? 0) / 60).rounded()),
            ]
          },
          note:
            "The lowest number on the way is picked by looking at the \(tested) \(published.images): it is no result, "
            + "only a hint of how much the moment of stopping matters.")),
      try mistakes(row, test),
    ]
    return .section("\(row.labels) labels", blocks)
  }

  private func finding(_ row: ReproductionRow, _ test: LabelledImages) -> String {
    let summary = Summary(row.runs.map { figure($0.errors, of: test) })
    let draws = row.runs.count == 1 ? "one draw" : "\(row.runs.count) draws"
    let spread = row.runs.count > 1 ? " ± \(words(summary.standardDeviation))" : ""
    let what = isValidated ? "validation errors" : "errors"
    let ours = "\(words(summary.mean))\(spread) \(what) over \(draws) of \(row.labels) labels"
    let ensemble =
      row.runs.count > 1
      ? "; together the networks make \(words(figure(row.ensembleErrors(test), of: test), decimals: 0))" : ""
    let theirs = published.oneNetwork[row.labels].map {
      ". The paper: \(words($0.mean, decimals: 0)) ± \(words($0.deviation))."
    }
    return ours + ensemble + (theirs ?? ".")
  }

  /// What a run's curve shows: the averaged weights where there are any.
  private static func curve(_ entry: ReproductionRow.Entry) -> [(step: Int, errors: Int)] {
    entry.measurements.compactMap { line in (line.testErrorsOfAverage ?? line.testErrors).map { (line.step, $0) } }
  }

  private func errorCurves(_ row: ReproductionRow, _ test: LabelledImages) -> Chart {
    let stepsPerEpoch = trainingExamples / reproduction.recipe.batchSize
    func epochs(_ steps: [Int]) -> [Double] { steps.map { Double($0) / Double(stepsPerEpoch) } }
    var traces = row.runs.enumerated().flatMap { index, entry -> [Trace] in
      let averaged = Self.curve(entry)
      let raw = entry.measurements.compactMap { line in line.testErrors.map { (line.step, figure($0, of: test)) } }
      return [
        Trace.line(
          "draw \(entry.run.draw)", .series(index), x: epochs(averaged.map(\.step)),
          y: averaged.map { figure($0.errors, of: test) }),
        Trace.line("draw \(entry.run.draw), raw weights", .series(index), x: epochs(raw.map(\.0)), y: raw.map(\.1))
          .faint(),
      ]
    }
    if let paper = published.oneNetwork[row.labels], let epochsThen = published.publishedEpochs {
      let last = row.runs.compactMap { $0.measurements.last?.step }.max() ?? 0
      traces.append(
        Trace.line("paper, \(epochsThen) epochs", .reference, x: epochs([0, last]), y: [paper.mean, paper.mean])
          .dashed())
    }
    return Chart(
      title: "\(errors) as training goes", caption: "Averaged weights; the raw ones are faint.", x: "Epoch",
      y: Axis("\(errors)\(unit)", isLogarithmic: true), traces: traces)
  }

  private func mistakes(_ row: ReproductionRow, _ test: LabelledImages) throws -> Block {
    let wrong = row.ensembleMistakes(test)
    let who = row.runs.count > 1 ? "the ensemble" : "the network"
    guard !wrong.isEmpty else { return .paragraph("There is nothing \(tested) that \(who) gets wrong.") }
    let shown = wrong.sorted { ($0.label, $0.told) < ($1.label, $1.told) }.prefix(160)
    let images = try shown.map { mistake in
      try Image(
        width: test.width, height: test.height, channels: test.channels,
        planes: test.pixels(of: mistake.index).map { Float($0) / 255 })
    }
    func name(_ label: Int) -> String { test.classNames?[label] ?? "\(label)" }
    let pairs = shown.map { "\(name($0.label))→\(name($0.told))" }.joined(separator: ", ")
    return .figure(
      try Figure(
        ImageGrid(Array(images), columns: 20, padding: 2, scale: 2, background: 96).tiled(),
        alternative: "\(shown.count) \(tested) \(published.images) that \(who) gets wrong",
        caption:
          "The \(tested) \(published.images) that \(who) gets wrong, row by row, each with its label and what it was "
          + "taken for: \(pairs)"
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
