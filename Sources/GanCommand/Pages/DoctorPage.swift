import Foundation
import Images
import Recipes
import Report
import Scores

/// What the doctor says: on the terminal, as JSON, and as a page.
struct DoctorReport {
  let examination: Examination
  let diagnosis: Diagnosis
  /// Of the run.
  let name: String
  /// Channels, height and width.
  let imageShape: [Int]?

  private var lines: [RunFolder.Measurement] { examination.measurements }
  private var played: Int { examination.played }

  // MARK: Text

  var text: String {
    let findings = diagnosis.findings.map { finding in
      """
      \(finding.condition.isIllness ? "" : "because: ")\(finding.condition.rawValue)\(since(finding))
        \(finding.evidence)
      """
    }
    let advice =
      diagnosis.findings.isEmpty
      ? [] : [(["what to try:"] + diagnosis.advice.map { "  - \(plain($0))" }).joined(separator: "\n")]
    let caveats = diagnosis.caveats.map { "worth knowing: \(plain($0))" }
    return ([headline] + findings + advice + caveats + [figures] + scoreLines).joined(separator: "\n\n") + "\n"
  }

  /// The latest and the best of each score that the run takes of its samples.
  private var scoreLines: [String] {
    let scored = lines.filter { $0.scores != nil }
    guard let last = scored.last else { return [] }
    let parts = PictureMetrics.all.compactMap { metric -> String? in
      let name = metric.name
      guard let now = last.scores?[name] else { return nil }
      let all = scored.compactMap { line in line.scores?[name].map { (step: line.step, value: $0) } }
      let best = all.min { metric.moreIsBetter ? $0.value > $1.value : $0.value < $1.value }!
      return "\(metric.title) \(PictureScoreReport.number(now))"
        + (best.step == last.step
          ? ", its best" : " (best \(PictureScoreReport.number(best.value)) at step \(best.step))")
    }
    return ["scores at step \(last.step): \(parts.joined(separator: "; "))"]
  }

  private var headline: String {
    let state = played < examination.steps ? " after \(played) of \(examination.steps) steps" : ""
    let illnesses = diagnosis.findings.filter(\.condition.isIllness).map(\.condition.rawValue)
    let reason =
      switch diagnosis.verdict {
      case .healthy: ""
      case .ill: ": \(illnesses.joined(separator: ", "))"
      case .tooFew: ": \(examination.samples?.count ?? 0) of them"
      case .tooEarly: examination.samples == nil ? ": the run has saved no networks yet" : ""
      }
    return "\(name): \(diagnosis.verdict.rawValue)\(state)\(reason)"
  }

  private func since(_ finding: Diagnosis.Finding) -> String { finding.since.map { ", since step \($0)" } ?? "" }

  /// Options stand between backquotes in advice, for the page's sake.
  private func plain(_ advice: String) -> String { advice.replacingOccurrences(of: "`", with: "") }

  private var figures: String {
    guard let samples = examination.samples else { return "no samples" }
    let signs = samples.signs
    func share(_ value: Double) -> String { Diagnosis.percent(value) }
    var parts = [
      "\(samples.count) fresh samples"
        + (samples.step.map { $0 == played ? "" : " of the networks of step \($0)" } ?? ""),
      signs.featureSpread.map { "spread to D \(share($0)) of the data's" }
        ?? "D's features of real examples do not vary",
      "near-duplicates \(share(signs.nearDuplicates))",
    ]
    if let neighbours = signs.neighbours {
      parts += [
        "precision \(share(neighbours.precision))", "recall \(share(neighbours.recall))",
        String(format: "density %.2f", neighbours.density), "coverage \(share(neighbours.coverage))",
      ]
    }
    if let modes = samples.modes {
      parts += [
        "\(modes.found(share: Diagnosis.Limits.modeShare)) of \(modes.counts.count) modes found",
        "\(share(modes.highQualityShare)) on a mode",
      ]
    }
    parts.append("D right about \(share(signs.accuracy))")
    return parts.joined(separator: "; ")
  }

  // MARK: JSON

  func json() throws -> String {
    struct Document: Encodable {
      struct Finding: Encodable {
        let condition: Diagnosis.Condition
        let isIllness: Bool
        let since: Int?
        let evidence: String
        let advice: [String]
      }
      struct Samples: Encodable {
        let count: Int
        let accuracy: Double
        let featureSpread: Double?
        let nearDuplicates: Double
        let precision: Double?
        let recall: Double?
        let density: Double?
        let coverage: Double?
        let modes: [Int]?
        let shareOnModes: Double?
      }
      let run: String
      let verdict: Diagnosis.Verdict
      let step: Int
      let steps: Int
      let findings: [Finding]
      let caveats: [String]
      let samples: Samples?
    }
    let document = Document(
      run: name, verdict: diagnosis.verdict, step: played, steps: examination.steps,
      findings: diagnosis.findings.map {
        .init(
          condition: $0.condition, isIllness: $0.condition.isIllness, since: $0.since, evidence: $0.evidence,
          advice: $0.advice.map(plain))
      },
      caveats: diagnosis.caveats.map(plain),
      samples: examination.samples.map {
        .init(
          count: $0.count, accuracy: $0.signs.accuracy, featureSpread: $0.signs.featureSpread,
          nearDuplicates: $0.signs.nearDuplicates, precision: $0.signs.neighbours?.precision,
          recall: $0.signs.neighbours?.recall, density: $0.signs.neighbours?.density,
          coverage: $0.signs.neighbours?.coverage, modes: $0.modes?.counts, shareOnModes: $0.modes?.highQualityShare)
      })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  }

  // MARK: Page

  func page() throws -> Page {
    let samples =
      examination.samples == nil
      ? []
      : [Block.section("Samples", try pictures() + [.note(figures)] + scoreLines.map { .note($0) } + aboutAverages)]
    return Page(
      title: title, lead: headline + ".",
      blocks: diagnosis.findings.map(section) + advice + diagnosis.caveats.map { .note(plain($0)) } + samples + [
        .section("All signs", [.row(allCharts.map { .chart($0) })])
      ],
      footer: "Made by gan doctor \(shellPath(name))")
  }

  private var title: String {
    switch diagnosis.verdict {
    case .healthy: "A healthy run"
    case .ill: "What is wrong with this run"
    case .tooEarly: "Too early to tell"
    case .tooFew: "Too few examples to tell"
    }
  }

  private func section(_ finding: Diagnosis.Finding) -> Block {
    let title = finding.condition.rawValue
    return .section(
      title.prefix(1).uppercased() + title.dropFirst() + since(finding),
      [.finding(finding.evidence), .row(charts(finding.condition, since: finding.since).map { .chart($0) })])
  }

  private var advice: [Block] {
    guard !diagnosis.findings.isEmpty else { return [] }
    return [
      .section(
        "What to try",
        [.definitions(diagnosis.advice.enumerated().map { index, advice in (index == 0 ? "First" : "Or", advice) })])
    ]
  }

  private var aboutAverages: [Block] {
    guard examination.recipe.averagesGenerator else { return [] }
    return [
      .note(
        "Charts show single batches, of the weights as they were in that step; verdict and samples are of the average "
          + "of G's weights, which is what `gan sample` draws from.")
    ]
  }

  /// Samples beside data.
  private func pictures() throws -> [Block] {
    guard let samples = examination.samples else { return [] }
    if let imageShape {
      func grid(_ rows: [[Double]]) throws -> Image {
        let images = try rows.prefix(64).map { row in
          try Image(
            width: imageShape[2], height: imageShape[1], channels: imageShape[0], planes: row.map { Float($0) }[...])
        }
        return ImageGrid(images, padding: 2, scale: max(1, 56 / max(imageShape[1], imageShape[2])), background: 64)
          .tiled()
      }
      return [
        .row([
          .figure(try Figure(grid(samples.generated), alternative: "Generated images", caption: "Generated")),
          .figure(try Figure(grid(samples.real), alternative: "Real images", caption: "Real")),
        ])
      ]
    }
    if samples.real.first?.count == 2 {
      func points(_ name: String, _ role: Role, _ rows: [[Double]]) -> Trace {
        .points(name, role, x: rows.map { $0[0] }, y: rows.map { $0[1] })
      }
      return [
        .chart(
          Chart(
            title: "Samples and data", x: "x", y: "y",
            traces: [
              points("data", .data, samples.real), points("samples", .generated, samples.generated),
            ]))
      ]
    }
    let (real, generated) = (samples.real.map { $0[0] }, samples.generated.map { $0[0] })
    let values = (real + generated).filter(\.isFinite).sorted()
    guard let low = values.first, let high = values.last, low < high else { return [] }
    let edges = (0...60).map { low + (high - low) * Double($0) / 60 }
    func histogram(_ name: String, _ role: Role, _ points: [Double]) -> Trace {
      var counts = [Double](repeating: 0, count: 60)
      for point in points where point.isFinite { counts[min(59, Int((point - low) / (high - low) * 60))] += 1 }
      return .histogram(name, role, edges: edges, heights: counts.map { $0 / Double(points.count) })
    }
    return [
      .chart(
        Chart(
          title: "Samples and data", x: "x", y: "share",
          traces: [histogram("data", .data, real), histogram("samples", .generated, generated)]))
    ]
  }

  private func charts(_ condition: Diagnosis.Condition, since: Int?) -> [Chart] {
    let charts: [Chart?] =
      switch condition {
      case .broke: [losses, gradients]
      case .collapsed: [duplicates, spread]
      case .lostModes: modes.isEmpty ? [coverage] : modes
      case .offData: [precision]
      case .classifierFails: [testErrors]
      case .worsened: Array(scores.prefix(1))
      case .discriminatorWins: [accuracy]
      case .vanishingGradient: [gradients]
      }
    return charts.compactMap { $0 }.map { chart in
      guard chart.x.title == "step" else { return chart }
      let values = chart.traces.flatMap(\.finiteValues)
      guard let since, let low = values.min(), let high = values.max() else { return chart }
      var chart = chart
      chart.traces.append(
        .line("since step \(since)", .loss, x: [Double(since), Double(since)], y: [low, max(high, low + 1e-9)]).dotted()
      )
      return chart
    }
  }

  private var allCharts: [Chart] {
    [losses, accuracy, spread, duplicates, precision, recall, density, coverage, gradients, testErrors].compactMap {
      $0
    }
      + modes + scores
  }

  /// Of a mixture: how many are found as training goes, and how many samples each has in the end.
  private var modes: [Chart] {
    guard let modes = examination.samples?.modes else { return [] }
    let numbers = modes.counts.indices.map { Double($0 + 1) }
    let even = Double(modes.points) / Double(modes.counts.count)
    return [
      drawn(.modes, lines),
      Chart(
        title: "Samples of each mode", caption: "The line is an even share.", x: "mode", y: "samples",
        traces: [
          .bars("samples", .generated, x: numbers, heights: modes.counts.map(Double.init)),
          .line("even", .reference, x: [0.5, Double(numbers.count) + 0.5], y: [even, even]).dashed(),
        ]),
    ]
  }

  /// A chart over the steps, with the doctor's limit; nil where the run did not measure it.
  private func measured(_ chart: MeasuredChart) -> Chart? {
    guard lines.contains(where: { line in chart.lines.contains { $0.quantity.value(line) != nil } }) else { return nil }
    var result = drawn(chart, lines)
    if let limit = chart.limit {
      let ends = [Double(lines.first?.step ?? 0), Double(played)]
      result.traces.append(.line("limit", .reference, x: ends, y: [limit.value, limit.value]).dashed())
    }
    return result
  }

  private var losses: Chart? { measured(.losses) }
  private var accuracy: Chart? { measured(.accuracy) }
  private var spread: Chart? { measured(.spread) }
  private var duplicates: Chart? { measured(.duplicates) }
  private var coverage: Chart? { measured(.coverage) }
  private var precision: Chart? { measured(.precision) }
  /// The doctor does not judge by these two.
  private var recall: Chart? { measured(.recall) }
  private var density: Chart? { measured(.density) }
  private var gradients: Chart? { measured(.gradients) }

  /// Of samples while it trained, where it was told to take them.
  private var scores: [Chart] {
    Set(lines.flatMap { $0.scores.map { Array($0.keys) } ?? [] }).sorted().map { name in
      drawn(.score(name), lines.filter { $0.scores != nil })
    }
  }

  private var testErrors: Chart? {
    let tests = lines.filter { $0.testErrors != nil }
    return tests.isEmpty ? nil : drawn(.testErrors, tests)
  }

  /// Of these lines: between them nothing was measured, and a line goes on.
  private func drawn(_ chart: MeasuredChart, _ lines: [RunFolder.Measurement]) -> Chart {
    chart.chart { quantity in (lines.map { Double($0.step) }, lines.map { quantity.value($0) ?? .nan }) }
  }
}
