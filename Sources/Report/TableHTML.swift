extension Table {
  /// The table as HTML; it scrolls within its own box where the window is narrower than it.
  func html(id: String) -> String {
    let texts = columns.indices.map { column in
      // Figure space and punctuation space: as wide as a digit and as a point.
      alignedTexts(rows.indices.map { cell($0, column) }, digit: "\u{2007}", point: "\u{2008}")
    }
    let best = columns.indices.map(bestRows)
    let numeric = columns.indices.map { alignment(ofColumn: $0) == .trailing }
    let head = columns.indices.map { column in
      let unit = columns[column].unit.map { " <small>\(escape($0))</small>" } ?? ""
      let attribute = numeric[column] ? " class=\"number\"" : ""
      return "<th scope=\"col\"\(attribute)>\(unbrokenWords(columns[column].title))\(unit)</th>"
    }
    let body = rows.indices.map { row in
      let cells = columns.indices.map { column in
        let text = escape(texts[column][row])
        let classes = (numeric[column] ? ["number"] : []) + (best[column].contains(row) ? ["best"] : [])
        let attribute = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
        // The first column names its row.
        if column == 0 && cell(row, 0).isText { return "<th scope=\"row\"\(attribute)>\(text)</th>" }
        return "<td\(attribute)>\(best[column].contains(row) ? "<strong>\(text)</strong>" : text)</td>"
      }
      return "<tr>\(cells.joined())</tr>\n"
    }
    let help = columns.compactMap { column in
      column.help.map { "<div><dt>\(escape(column.title))</dt><dd>\(runningText($0))</dd></div>\n" }
    }
    let definitions = help.isEmpty ? "" : "<dl>\n\(help.joined())</dl>\n"
    let bestNote = best.allSatisfy(\.isEmpty) ? nil : "Bold: the best of its column."
    let small = [note.map(runningText), bestNote].compactMap { $0 }.joined(separator: " ")
    let notes = small.isEmpty ? "" : "<p>\(small)</p>\n"
    return """
      <figure class="table" aria-labelledby="\(id)-title">
      <p class="title" id="\(id)-title">\(escape(title))</p>
      <div class="scroll" role="region" aria-labelledby="\(id)-title" tabindex="0">
      <table>
      <thead><tr>\(head.joined())</tr></thead>
      <tbody>
      \(body.joined())</tbody>
      </table>
      </div>
      \(notes.isEmpty && definitions.isEmpty ? "" : "<figcaption>\n\(definitions)\(notes)</figcaption>\n")</figure>

      """
  }
}

/// `text` escaped, and broken into lines at spaces only.
private func unbrokenWords(_ text: String) -> String {
  text.split(separator: " ").map { word in
    word.contains("-") ? "<span>\(escape(String(word)))</span>" : escape(String(word))
  }.joined(separator: " ")
}
