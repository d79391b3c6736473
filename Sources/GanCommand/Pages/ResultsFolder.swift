import Datasets
import Files
import Foundation
import Recipes
import Report

/// Logs of runs to keep beside the code: JSON lines and a table, without weights.
struct ResultsFolder {
  private let url: URL
  private let encoder: JSONEncoder

  init(_ url: URL) {
    self.url = url
    encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  }

  /// - `labels-100-draw-1.jsonl` for each complete run: a line with its recipe, its label draw and what it ran on, then
  ///   its measurements at every test.
  /// - `labels-100-ensemble.jsonl` for each number of labels of which there are several runs: a line with the errors
  ///   that they make together, then those errors.
  /// - `README.md`: the published table beside our own, and the command.
  ///
  /// - Throws: `FileError`.
  func write(
    _ reproduction: Reproduction, _ rows: [ReproductionRow], test: LabelledImages, table: Table, command: String
  ) throws {
    try makeFolder(at: url)
    for row in rows {
      for entry in row.runs {
        let run = reproduction.runFolder(of: entry.run)
        let description = try run.description()
        let head = Head(
          recipe: reproduction.recipe(of: entry.run), labels: try run.labelDraw(), finalTestErrors: entry.errors,
          libtorch: description.libtorch, device: description.device, threads: description.threads)
        let name = entry.run.path.replacingOccurrences(of: "/", with: "-")
        try write(name, head, entry.measurements.filter { $0.testErrors != nil })
      }
      guard row.runs.count > 1 else { continue }
      let mistakes = row.ensembleMistakes(test)
      try write(
        "labels-\(row.labels)-ensemble", Ensemble(draws: row.runs.map(\.run.draw), testErrors: mistakes.count), mistakes
      )
    }
    let text = "# \(reproduction.recipe.name)\n\nMade by `\(command)`.\n\n```\n\(table.text(includesHelp: true))\n```\n"
    try replaceFile(at: url.appendingPathComponent("README.md"), with: Data(text.utf8))
  }

  private func write(_ name: String, _ head: some Encodable, _ lines: [some Encodable]) throws {
    var data = try encoder.encode(head) + Data("\n".utf8)
    for line in lines { data += try encoder.encode(line) + Data("\n".utf8) }
    try replaceFile(at: url.appendingPathComponent("\(name).jsonl"), with: data)
  }

  private struct Head: Encodable {
    let recipe: Recipe
    let labels: LabelDraw
    let finalTestErrors: Int
    let libtorch: String
    let device: String
    let threads: Int
  }

  private struct Ensemble: Encodable {
    let draws: [Int]
    let testErrors: Int
  }
}
