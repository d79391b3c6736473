import Files
import Foundation
import Images
import Metrics
import Report
import Scores

/// Scores of pictures with their passport: as a table, as JSON, and as a page.
struct PictureScoreReport {
  let scores: PictureScores
  private var document: ScoreDocument { ScoreDocument(scores) }

  func json() throws -> String { try document.json() }

  static func number(_ value: Double) -> String {
    let digits = abs(value) >= 100 ? 2 : abs(value) >= 1 ? 4 : 6
    return String(format: "%.\(digits)f", value)
  }

  private func title(_ value: ScoreValue) -> String { PictureMetrics.title(of: value.metric) }

  var table: Table {
    Table(
      title: "",
      columns: [
        .init(
          "Score",
          help: "FID, KID and the Fréchet distance are better where they are smaller, the others where they are larger."
        ),
        .init("Value", alignment: .trailing), .init("Deviation", alignment: .trailing),
        .init("Middle 95 %", alignment: .trailing), .init("Drawn from"),
      ],
      rows: scores.values.map { value in
        [
          .text(title(value)), .text(Self.number(value.value)),
          value.deviation.map { .text(Self.number($0)) } ?? .missing,
          value.interval.map { .text("\(Self.number($0[0])) … \(Self.number($0[1]))") } ?? .missing,
          value.resampled.map { .text($0) } ?? .missing,
        ]
      })
  }

  /// The passport in words.
  var facts: [(term: String, text: String)] { document.facts }

  var notes: [String] {
    scores.values.compactMap { value in value.note.map { "\(title(value)): \($0)" } }
      + (scores.passport.real?.notes ?? [])
      + scores.passport.generated.notes
  }

  func text(width: Int) -> String {
    return ([table.text(width: width) + ScoreDocument.text(of: facts)] + notes.map { "note: \($0)" }).joined(
      separator: "\n")
  }

  /// - Parameters:
  ///   - generated, real: where the pictures are looked up that are shown.
  /// - Throws: `FileError`, `ImageError`.
  func page(generated: any PictureSet, real: (any PictureSet)?) throws -> Page {
    var blocks: [Block] = [.table(table), .definitions(facts)]
    blocks += notes.map { .note($0) }
    if let nearest = scores.nearest, let real {
      let sorted = nearest.sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
      for (title, chosen, words) in [
        ("Nearest to something real", Array(sorted.prefix(16)), "nearest"),
        ("Farthest from everything real", Array(sorted.suffix(16).reversed()), "farthest"),
      ] {
        blocks.append(.section(title, [try pairs(chosen, generated, real, words)]))
      }
    }
    return Page(
      title: "Scores of \(scores.passport.generated.title)",
      lead: scores.values.map { "\(title($0)) \(Self.number($0.value))" }.joined(separator: ", ") + ".", blocks: blocks,
      footer: "Made by gan score, swift-gan \(scores.passport.version)")
  }

  /// Generated pictures above the real ones nearest to them.
  private func pairs(
    _ chosen: [PictureScores.NearestReal], _ generated: any PictureSet, _ real: any PictureSet, _ words: String
  ) throws -> Block {
    func pictures(_ set: any PictureSet, _ indices: [Int]) throws -> [Image] {
      try indices.map { index in
        guard let picture = try set.pictures(index..<index + 1).first?.picture else {
          return Image(width: 64, height: 64, channels: 3, made: Array(repeating: 200, count: 64 * 64 * 3))
        }
        return try picture.colour().fitted(to: 64, fit: .contain)
      }
    }
    let grid = try pictures(generated, chosen.map(\.index)) + pictures(real, chosen.map(\.real))
    let range = chosen.map(\.distance)
    return .figure(
      try Figure(
        ImageGrid(grid, columns: max(1, chosen.count), scale: 1).tiled(),
        alternative: "The \(chosen.count) \(words) samples above the real pictures nearest to them",
        caption:
          "Samples above, the nearest real pictures below, by the features of the network: distances from "
          + "\(Self.number(range.min() ?? 0)) to \(Self.number(range.max() ?? 0))."))
  }
}
