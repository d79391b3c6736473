import Foundation
import Recipes
import Report
import Scores

/// Scores of several sets of pictures in one table, with a word where they are not to be compared.
struct ScoreComparisonReport {
  let comparison: ScoreComparison

  func json() throws -> String { try comparison.json() }

  var table: Table {
    Table(
      title: "",
      columns: [
        .init(
          "Score",
          help:
            "FID, KID and the Fréchet distance are better where they are smaller, the others where they are larger. "
            + "In brackets the middle 95 % of a bootstrap."
        )
      ] + comparison.rows.map { .init($0.name, alignment: .trailing) },
      rows: comparison.metrics.map { metric in
        [.text(PictureMetrics.title(of: metric))]
          + comparison.rows.map { row in
            row.document.value(metric).map { value in
              let interval = value.interval.map { ends in
                " (\(ends.map(PictureScoreReport.number).joined(separator: " … ")))"
              }
              return .text(PictureScoreReport.number(value.value) + (interval ?? ""))
            } ?? .missing
          }
      })
  }

  /// What keeps rows from being compared with the first, one sentence each.
  var warnings: [String] {
    comparison.rows.filter { !$0.differences.isEmpty }.map { row in
      """
      \(comparison.rows[0].name) and \(row.name) do not compare, they differ in \
      \(row.differences.joined(separator: "; ")).
      """
    }
  }

  /// What the rows have in common, and then what each scored.
  var facts: [(term: String, text: String)] {
    let all = comparison.rows.map(\.document.facts)
    let common = all[0].filter { fact in
      fact.term != "generated" && all.allSatisfy { $0.contains { $0.term == fact.term && $0.text == fact.text } }
    }
    return common + comparison.rows.map { ($0.name, $0.document.passport.generated.words) }
  }

  func text(width: Int) -> String {
    ([table.text(width: width) + ScoreDocument.text(of: facts)] + warnings.map { "warning: \($0)" }).joined(
      separator: "\n")
  }

  func page() -> Page {
    Page(
      title: "Scores of \(comparison.rows.map(\.name).joined(separator: ", "))",
      lead: warnings.isEmpty
        ? "All are the same function of the pictures: their passports agree."
        : "Not all of these scores compare: see below the table.",
      blocks: [.table(table)] + warnings.map { .note($0) }
        + comparison.rows.map { .section($0.name, [.definitions($0.document.facts)]) },
      footer: "Made by gan score, swift-gan \(swiftGanVersion)")
  }
}
