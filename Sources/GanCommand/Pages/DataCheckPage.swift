import Datasets
import Files
import Foundation
import Images
import Report

/// What there is to say about a folder or archive of pictures: on the terminal, as JSON, and as a page.
struct DataCheckReport {
  let name: String
  let scan: PictureScan
  /// Those that could be decoded.
  let used: [ScannedPicture]
  /// Pictures that are the same once they have been brought to `side` x `side` pixels.
  let samePixels: [[String]]
  let side: Int

  /// What had to be left out, but for what systems leave lying about.
  var leftOut: [LeftOutFile] { scan.leftOut.filter { $0.kind != .system } }

  private var system: Int { scan.leftOut.count - leftOut.count }

  /// Those with other bytes, but the same pixels.
  private var alike: [[String]] {
    let known = Set(scan.sameBytes.map { Set($0) })
    return samePixels.filter { !known.contains(Set($0)) }
  }

  private func counts(_ word: (ScannedPicture) -> String) -> [(word: String, count: Int)] {
    Dictionary(used.map { (word($0), 1) }, uniquingKeysWith: +).map { ($0.key, $0.value) }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }
  private var formats: [(word: String, count: Int)] { counts(\.format.name) }
  private var sizes: [(word: String, count: Int)] { counts { "\($0.width) x \($0.height)" } }
  private var colours: [(word: String, count: Int)] {
    counts { ($0.channels == 1 ? "grey" : "colour") + ($0.hasAlpha ? " with transparency" : "") }
  }
  private var classes: [(word: String, count: Int)] {
    guard let names = scan.classNames else { return [] }
    let members = Dictionary(used.compactMap { $0.label.map { ($0, 1) } }, uniquingKeysWith: +)
    return names.enumerated().map { ($1, members[$0] ?? 0) }
  }

  private func list(_ counts: [(word: String, count: Int)], most: Int = 8) -> String {
    let shown = counts.prefix(most).map { "\($0.word) (\(grouped($0.count)))" }.joined(separator: ", ")
    return shown + (counts.count > most ? " and \(grouped(counts.count - most)) more" : "")
  }

  private var headline: String {
    "\(name): \(grouped(used.count)) pictures"
      + (scan.classNames.map { " of \($0.count) classes" } ?? ", no classes")
  }

  private var facts: [(term: String, text: String)] {
    var facts = [("formats", list(formats)), ("sizes", list(sizes)), ("colour", list(colours))]
    if !classes.isEmpty { facts.append(("classes", list(classes, most: 20))) }
    if system > 0 { facts.append(("passed over", "\(grouped(system)) files that systems leave lying about")) }
    return facts
  }

  private var notes: [String] {
    scan.notes
      + scan.misnamed.map { "\($0.name) has the name of another format: it is \($0.format.name)." }
  }

  // MARK: Text

  var text: String {
    var parts = [headline + "\n" + facts.map { "  \($0.term): \($0.text)" }.joined(separator: "\n")]
    if !notes.isEmpty { parts.append(notes.joined(separator: "\n")) }
    if !leftOut.isEmpty {
      parts.append(
        "left out (\(grouped(leftOut.count))):\n" + leftOut.map { "  \($0.name): \($0.reason)" }.joined(separator: "\n")
      )
    }
    func duplicates(_ groups: [[String]], _ title: String) {
      guard !groups.isEmpty else { return }
      parts.append(title + "\n" + groups.map { "  " + $0.joined(separator: " = ") }.joined(separator: "\n"))
    }
    duplicates(scan.sameBytes, "there more than once, with the same bytes:")
    duplicates(alike, "other bytes, but the same at \(side) x \(side) pixels:")
    return parts.joined(separator: "\n\n") + "\n"
  }

  // MARK: JSON

  func json() throws -> String {
    struct Document: Encodable {
      struct Misnamed: Encodable {
        let name: String
        let format: String
      }
      let source: String
      let pictures: Int
      let formats: [String: Int]
      let sizes: [String: Int]
      let colours: [String: Int]
      let classNames: [String]?
      let classCounts: [Int]?
      let leftOut: [LeftOutFile]
      let leftOutCounts: [String: Int]
      let systemFiles: Int
      let sameBytes: [[String]]
      let samePixels: [[String]]
      let misnamed: [Misnamed]
      let notes: [String]
    }
    func table(_ counts: [(word: String, count: Int)]) -> [String: Int] {
      Dictionary(uniqueKeysWithValues: counts.map { ($0.word, $0.count) })
    }
    let document = Document(
      source: name, pictures: used.count, formats: table(formats), sizes: table(sizes), colours: table(colours),
      classNames: scan.classNames, classCounts: scan.classNames == nil ? nil : classes.map(\.count), leftOut: leftOut,
      leftOutCounts: Dictionary(leftOut.map { ($0.kind.rawValue, 1) }, uniquingKeysWith: +), systemFiles: system,
      sameBytes: scan.sameBytes, samePixels: alike,
      misnamed: scan.misnamed.map { .init(name: $0.name, format: $0.format.rawValue) }, notes: scan.notes)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  }

  // MARK: The page

  /// - Parameter samples: some of the pictures, of one size.
  func page(_ samples: [Image]) throws -> Page {
    var blocks: [Block] = [.definitions(facts)]
    if !samples.isEmpty {
      blocks.append(
        .section(
          "Some of them",
          [
            .figure(
              try Figure(
                ImageGrid(samples, columns: min(16, samples.count), scale: side <= 48 ? 2 : 1).tiled(),
                alternative: "\(samples.count) of the pictures, evenly spread, at \(side) x \(side) pixels",
                caption:
                  "As a network would see them at \(side) × \(side) pixels, evenly spread in the order of their names.")
            )
          ]))
    }
    if classes.count > 1 {
      blocks.append(
        table("Classes", ["Class", "Pictures"], classes.map { [.text($0.word), .number(Double($0.count))] }))
    }
    if !leftOut.isEmpty {
      blocks.append(
        table("Left out", ["File", "Why"], leftOut.map { [.text($0.name), .text($0.reason)] }))
    }
    if !(scan.sameBytes + alike).isEmpty {
      let rows = scan.sameBytes.map { ($0, "the bytes") } + alike.map { ($0, "the pixels at \(side) × \(side)") }
      blocks.append(
        table(
          "There more than once", ["Files", "The same are"],
          rows.map { [.text($0.0.joined(separator: ", ")), .text($0.1)] }))
    }
    if !notes.isEmpty { blocks.append(.section("To know", notes.map { .paragraph($0) })) }
    return Page(title: "Pictures of \(name)", lead: headline + ".", blocks: blocks, footer: "Made by gan data check")
  }

  private func table(_ title: String, _ columns: [String], _ rows: [[Table.Cell]]) -> Block {
    .section(title, [.table(Table(title: title, columns: columns.map { .init($0) }, rows: rows))])
  }
}
