/// What `GET /sample?seed=7&count=16` asks for: the pictures of the seeds 7 ... 22, and with `class=3` of that class.
public struct SampleQuery: Sendable, Equatable {
  /// Of the first picture; each that follows has the next one.
  public var seed: UInt64
  /// Pictures, 1 ... ``most``.
  public var count: Int
  /// Of all of them; nil where the run is none of classes, or for one of each in turn.
  public var label: Int?

  /// Pictures that one request may ask for.
  public static let most = 64

  /// - Parameters:
  ///   - query: what stands behind the question mark: names and values, decimal digits alone.
  ///   - classes: K of a run of classes, nil of another.
  /// - Throws: ``QueryError`` naming the value that is wrong, and what it may be.
  public init(_ query: String, classes: Int?) throws(QueryError) {
    var values: [Substring: Substring] = [:]
    for pair in query.split(separator: "&") {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard ["seed", "count", "class"].contains(sides[0]) else {
        throw QueryError("'\(sides[0])' is no key; there are seed, count and class")
      }
      guard sides.count == 2 else { throw QueryError("'\(pair)' has no value: write \(sides[0])=7") }
      guard values.updateValue(sides[1], forKey: sides[0]) == nil else {
        throw QueryError("\(sides[0]) is there twice")
      }
    }
    func number(_ name: Substring, _ range: ClosedRange<UInt64>) throws(QueryError) -> UInt64? {
      guard let text = values[name] else { return nil }
      let isDigits = text.utf8.allSatisfy { (48...57).contains($0) }
      guard isDigits, let value = UInt64(text), range.contains(value) else {
        let allowed = "from \(range.lowerBound) to \(range.upperBound)"
        throw QueryError("\(name) is '\(text.prefix(30))', and has to be a whole number \(allowed)")
      }
      return value
    }
    guard let seed = try number("seed", 0...1 << 53) else { throw QueryError("seed is missing: write seed=7") }
    self.seed = seed
    count = Int(try number("count", 1...UInt64(Self.most)) ?? 1)
    guard let classes else {
      guard values["class"] == nil else { throw QueryError("class is given, and the run is none of classes") }
      label = nil
      return
    }
    label = try number("class", 0...UInt64(max(1, classes) - 1)).map { Int($0) }
  }

  /// Of the pictures, in order.
  public var seeds: [UInt64] { (0..<UInt64(count)).map { seed + $0 } }
}

/// A request that cannot be answered, for who sent it.
public struct QueryError: Error, CustomStringConvertible, Sendable, Equatable {
  public let description: String
  init(_ description: String) { self.description = description }
}
