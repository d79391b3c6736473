extension Table {
  /// The table as lines of text for a terminal, each ended by a line feed.
  ///
  /// Where the columns do not fit, titles and texts are broken into several lines; where that is not enough, every row
  /// becomes a list of its own, one value to a line. Characters that terminals draw two columns wide, and those that
  /// take none, count as such.
  ///
  /// - Parameters:
  ///   - width: the terminal's columns, at least 20; no line is longer.
  ///   - includesHelp: whether ``Column/help`` and ``note`` follow the table.
  public func text(width: Int = 100, includesHelp: Bool = false) -> String {
    let width = max(20, width)
    var lines = title.isEmpty ? [] : wrapped(title, to: width) + [""]
    let best = columns.indices.map(bestRows)
    let texts = columns.indices.map { column in
      let texts = alignedTexts(rows.indices.map { cell($0, column) }, digit: " ", point: " ")
      if best[column].isEmpty { return texts }
      return texts.indices.map { texts[$0] + (best[column].contains($0) ? " *" : "  ") }
    }
    // Titles stand over the values, not over the marks.
    let headings = columns.indices.map { columns[$0].heading + (best[$0].isEmpty ? "" : "\u{A0}\u{A0}") }
    lines += grid(headings, texts, width: width) ?? list(texts, width: width)
    if best.contains(where: { !$0.isEmpty }) { lines += ["* best of its column"] }
    if includesHelp {
      let help = columns.compactMap { column in column.help.map { "\(column.title): \($0)" } }
      let notes = help + (note.map { [$0] } ?? [])
      for note in notes {
        let pieces = wrapped(note.filter { $0 != "`" }, to: width - 2)
        lines += pieces.enumerated().map { $0.offset == 0 ? $0.element : "  " + $0.element }
      }
    }
    return lines.map { line in
      var line = line.replacing("\u{A0}", with: " ")[...]
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  /// The columns side by side, or nil if they do not fit.
  private func grid(_ headings: [String], _ texts: [[String]], width: Int) -> [String]? {
    guard !columns.isEmpty else { return [] }
    let gap = 2
    var widths = columns.indices.map { column in
      max(displayWidth(headings[column]), texts[column].map(displayWidth).max() ?? 0)
    }
    let floors = columns.indices.map { column in
      let unbroken = zip(rows.indices, texts[column]).map { row, text in
        cell(row, column).isText ? longestWord(text) : displayWidth(text)
      }
      return max(longestWord(headings[column]), unbroken.max() ?? 0)
    }
    var total: Int { widths.reduce(0, +) + gap * (widths.count - 1) }
    while total > width {
      let loose = widths.indices.filter { widths[$0] > floors[$0] }
      guard let widest = loose.max(by: { widths[$0] < widths[$1] }) else { return nil }
      widths[widest] -= 1
    }
    let alignments = columns.indices.map(alignment(ofColumn:))
    func line(_ cells: [String]) -> String {
      columns.indices.map { column in
        let padding = String(repeating: " ", count: max(0, widths[column] - displayWidth(cells[column])))
        return alignments[column] == .leading ? cells[column] + padding : padding + cells[column]
      }.joined(separator: String(repeating: " ", count: gap))
    }
    func block(_ cells: [String], atBottom: Bool) -> [String] {
      let pieces = columns.indices.map { wrapped(cells[$0], to: widths[$0]) }
      let height = pieces.map(\.count).max() ?? 0
      return (0..<height).map { row in
        line(
          pieces.map { piece in
            let index = atBottom ? row - (height - piece.count) : row
            return piece.indices.contains(index) ? piece[index] : ""
          })
      }
    }
    let rule = String(repeating: "─", count: total)
    let body = rows.indices.flatMap { row in block(texts.map { $0[row] }, atBottom: false) }
    return [rule] + block(headings, atBottom: true) + [rule] + body + [rule]
  }

  /// One value to a line.
  private func list(_ texts: [[String]], width: Int) -> [String] {
    let rule = String(repeating: "─", count: width)
    return rows.indices.flatMap { row in
      [rule]
        + columns.indices.flatMap { column -> [String] in
          let value = texts[column][row].split(separator: " ").joined(separator: " ")
          let pieces = wrapped("\(columns[column].heading): \(value)", to: width - 2)
          return pieces.enumerated().map { $0.offset == 0 ? $0.element : "  " + $0.element }
        }
    } + [rule]
  }
}

/// `text` broken at spaces into lines no wider than `width`, and within words that are wider.
private func wrapped(_ text: String, to width: Int) -> [String] {
  if displayWidth(text) <= width { return [text] }
  var lines: [String] = []
  var line = ""
  for word in text.split(separator: " ") {
    if !line.isEmpty && displayWidth(line) + 1 + displayWidth(String(word)) <= width {
      line += " " + word
      continue
    }
    if !line.isEmpty { lines.append(line) }
    line = ""
    for character in word {
      if !line.isEmpty && displayWidth(line) + displayWidth(String(character)) > width {
        lines.append(line)
        line = ""
      }
      line.append(character)
    }
  }
  return line.isEmpty ? lines : lines + [line]
}

private func longestWord(_ text: String) -> Int {
  text.split(separator: " ").map { displayWidth(String($0)) }.max() ?? 0
}

/// The columns that a terminal takes for `text`.
func displayWidth(_ text: String) -> Int {
  text.reduce(0) { $0 + displayWidth($1) }
}

private func displayWidth(_ character: Character) -> Int {
  // An emoji made of several scalars, or asked for by a variation selector, is drawn as one picture.
  if character.unicodeScalars.contains("\u{FE0F}") { return 2 }
  return character.unicodeScalars.map { scalar in
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    switch scalar.value {
    // Wide in Unicode's East Asian Width: Hangul, CJK, kana, full-width forms, and pictures.
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
      return 2
    default: return scalar.properties.isEmojiPresentation ? 2 : 1
    }
  }.max() ?? 0
}
