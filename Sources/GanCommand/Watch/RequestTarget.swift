/// What stands behind a request's method: a path and, behind a question mark, names and values. Nothing in it is
/// decoded: what is meant for a page's server is plain.
struct RequestTarget {
  let path: Substring
  let values: [Substring: Substring]

  /// Nil where it is longer than `limit` bytes, a name has no value, or a name is there twice.
  init?(_ target: String, limit: Int) {
    guard target.utf8.count <= limit else { return nil }
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = parts[0]
    var values: [Substring: Substring] = [:]
    for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, values.updateValue(sides[1], forKey: sides[0]) == nil else { return nil }
    }
    self.values = values
  }

  /// The value of that name, as a number: see ``digits(_:)``.
  func number(_ name: Substring) -> Int? { values[name].flatMap(Self.digits) }

  /// Digits alone, as few as are needed for any step.
  static func digits(_ text: Substring) -> Int? {
    (1...18).contains(text.utf8.count) && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      ? Int(text) : nil
  }
}
