/// A file or folder that could not be used: which one, and why.
public struct FileError: Error, CustomStringConvertible, Sendable {
  /// The path as the user gave it, or the absolute path where there was none.
  public let path: String
  /// What is wrong, as a clause without a full stop: "is not gzip data".
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  public var description: String { "\(path): \(reason)" }
}
