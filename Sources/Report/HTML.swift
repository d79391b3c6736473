/// `text` such that HTML reads it as text, between tags and in quoted attributes.
func escape(_ text: String) -> String {
  var result = ""
  result.reserveCapacity(text.utf8.count)
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    // NUL and its like are errors in HTML, and nobody can see them.
    case "\0"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{7F}": result += "\u{FFFD}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// `text` escaped, with pairs of backquotes turned into code.
func runningText(_ text: String) -> String {
  let parts = text.split(separator: "`", omittingEmptySubsequences: false).map { escape(String($0)) }
  var result = parts[0]
  for index in parts.indices.dropFirst() {
    let isCode = !index.isMultiple(of: 2)
    if isCode && index == parts.count - 1 {
      result += "`" + parts[index]  // A backquote without a partner.
    } else {
      result += isCode ? "<code>\(parts[index])</code>" : parts[index]
    }
  }
  return result
}

/// `text` as a JSON string that is safe inside a script element.
func json(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    // `<` could end the script element; U+2028 and U+2029 end a line in older JavaScript.
    case "\0"..."\u{1F}", "<", ">", "&", "\u{2028}", "\u{2029}":
      let code = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - code.count) + code
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

/// JSON such that nothing in it ends the script element around it.
func safe(_ json: String) -> String { json.replacing("<", with: "\\u003c") }
