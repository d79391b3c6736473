/// The checks that settings have in common. Keys are relative to `path`.
public struct SettingsCheck: Sendable {
  /// What the keys are below of, such as `generator`; empty for those at the top.
  public let path: String

  /// Is told of every number that is checked: its full key, and the range in words. For the page of all keys.
  private let observer: (@Sendable (_ key: String, _ range: String) -> Void)?

  /// - Parameters:
  ///   - path: of the settings that are checked, such as `generator`; empty for a whole recipe.
  ///   - observer: told of every number that is checked: its full key, and the range in words.
  public init(_ path: String = "", observer: (@Sendable (_ key: String, _ range: String) -> Void)? = nil) {
    self.path = path
    self.observer = observer
  }

  /// The check of what is below `key`.
  public func below(_ key: String) -> SettingsCheck { SettingsCheck(full(key), observer: observer) }

  /// `key` with all that is above it.
  public func full(_ key: String) -> String { path.isEmpty ? key : key.isEmpty ? path : "\(path).\(key)" }

  /// - Throws: ``SettingsError``, always.
  public func fail(_ key: String, _ reason: String) throws(SettingsError) -> Never {
    throw SettingsError(key: full(key), reason: reason)
  }

  /// A finite number within bounds.
  public func number(
    _ key: String, _ value: Double, atLeast low: Double = -.infinity, above: Double = -.infinity,
    atMost high: Double = .infinity, below limit: Double = .infinity
  ) throws(SettingsError) {
    if let observer {
      observer(full(key), Self.words(atLeast: low, above: above, atMost: high, below: limit))
    }
    if !value.isFinite {
      try fail(key, "must be a finite number, is \(shortText(value))")
    } else if value < low {
      try fail(key, "must be at least \(shortText(low)), is \(shortText(value))")
    } else if value <= above {
      try fail(key, "must be above \(shortText(above)), is \(shortText(value))")
    } else if value > high {
      try fail(key, "must be at most \(shortText(high)), is \(shortText(value))")
    } else if value >= limit {
      try fail(key, "must be below \(shortText(limit)), is \(shortText(value))")
    }
  }

  private static func words(atLeast low: Double, above: Double, atMost high: Double, below limit: Double) -> String {
    let bounds = [
      low > -.infinity ? "at least \(shortText(low))" : nil, above > -.infinity ? "above \(shortText(above))" : nil,
      high < .infinity ? "at most \(shortText(high))" : nil, limit < .infinity ? "below \(shortText(limit))" : nil,
    ].compactMap { $0 }
    return bounds.isEmpty ? "a finite number" : "a number, " + bounds.joined(separator: ", ")
  }

  /// A whole number of things, at most 10^12.
  public func count(_ key: String, _ value: Int, atLeast low: Int = 1) throws(SettingsError) {
    try number(key, Double(value), atLeast: Double(low), atMost: 1e12)
  }

  /// A size, 1 ... 10^6: sizes are multiplied with each other, and what is far beyond any memory must not overflow on
  /// the way.
  public func size(_ key: String, _ value: Int, atMost high: Int = 1_000_000) throws(SettingsError) {
    try number(key, Double(value), atLeast: 1, atMost: Double(high))
  }

  /// The widths of 1 ... 1000 layers.
  public func widths(_ key: String, _ values: [Int]) throws(SettingsError) {
    for (index, width) in values.enumerated() { try size("\(key).\(index)", width) }
    guard (1...1000).contains(values.count) else {
      try fail(key, "must have 1 to 1000 layers, has \(values.count)")
    }
  }
}

/// Without the ".0" of a whole number.
public func shortText(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
}
