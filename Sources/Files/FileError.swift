/// A file or folder that could not be used: which one, and why.
public struct FileError: Error, CustomStringConvertible, Sendable {
  /// The path as the user gave it, or the absolute path where there was none.
  public let path: String
  /// What is wrong, as a clause without a full stop: "is not gzip data".
  public let reason: String
  /// Where in the file; nil where it is not its content that is at fault.
  public let place: Place?

  /// A place in a file.
  public enum Place: Sendable, Hashable, CustomStringConvertible {
    /// Bytes from the beginning of the file, the first of which is 0.
    case byte(Int)
    /// The same of what a packed file unpacks to.
    case unpackedByte(Int)
    /// The same of a file within an archive, which is named as the archive names it.
    case memberByte(Int, of: String)
    /// The first line is 1.
    case line(Int)

    public var description: String {
      switch self {
      case .byte(let offset): "byte \(offset)"
      case .unpackedByte(let offset): "byte \(offset) of what it unpacks to"
      case .memberByte(let offset, let member): "byte \(offset) of '\(member)' in it"
      case .line(let number): "line \(number)"
      }
    }
  }

  /// - Parameters:
  ///   - path: as the user named it.
  ///   - reason: a clause without the path, such as "does not exist".
  ///   - place: what in the file is at fault, where that is known.
  public init(path: String, reason: String, at place: Place? = nil) {
    self.path = path
    self.reason = reason
    self.place = place
  }

  public var description: String { "\(path): \(reason)" + (place.map { " (at \($0))" } ?? "") }
}
