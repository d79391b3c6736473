/// A setting that cannot be used: which key, and why.
public struct SettingsError: Error, CustomStringConvertible, Sendable, Equatable {
  /// Dotted path, such as `generator.training.learningRate`; empty where all of it is at fault.
  public let key: String
  /// A clause such as "must be at least 1, is 0".
  public let reason: String
  /// The line of the text it is in, from 1; nil where that is not known.
  public let line: Int?

  /// - Parameters:
  ///   - key: dotted, from the top of the recipe; empty where all of it is at fault.
  ///   - reason: a clause such as "must be at least 1, is 0".
  ///   - line: from 1, where it is known.
  public init(key: String, reason: String, line: Int? = nil) {
    self.key = key
    self.reason = reason
    self.line = line
  }

  public var description: String { key.isEmpty ? reason : "recipe key '\(key)': \(reason)" }
}
