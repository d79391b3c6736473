import Datasets
import Files
import Foundation
import Recipes

/// Logs of runs to keep beside the code: JSON lines, without weights.
struct ResultsFolder {
  private let url: URL

  init(_ url: URL) { self.url = url }

  /// One file for each complete run, `labels-100-draw-1.jsonl`: a line with the run's recipe and its label draw, then its
  /// measurements at the end of each epoch.
  ///
  /// - Throws: `FileError`.
  func write(_ reproduction: Reproduction, _ rows: [ReproductionRow]) throws {
    try makeFolder(at: url)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    for entry in rows.flatMap(\.runs) {
      let head = Head(
        recipe: reproduction.recipe(of: entry.run), labels: try reproduction.runFolder(of: entry.run).labelDraw(),
        finalTestErrors: entry.errors)
      var lines = try encoder.encode(head) + Data("\n".utf8)
      for measurement in entry.measurements where measurement.testErrors != nil {
        lines += try encoder.encode(measurement) + Data("\n".utf8)
      }
      let name = entry.run.path.replacingOccurrences(of: "/", with: "-")
      try replaceFile(at: url.appendingPathComponent("\(name).jsonl"), with: lines)
    }
  }

  private struct Head: Encodable {
    let recipe: Recipe
    let labels: LabelDraw
    let finalTestErrors: Int
  }
}
