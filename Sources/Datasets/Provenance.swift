/// Where a data set came from, and what of it was not used.
public struct Provenance: Codable, Sendable, Hashable {
  /// The folder or file.
  public var source: String
  /// How it was read, in words: name and value.
  public var settings: [String: String]
  /// How many pictures of it were used.
  public var used: Int
  /// What was not, in the order in which it was found.
  public var leftOut: [LeftOutFile]
  /// What whoever trains on it should know, a sentence each.
  public var notes: [String]

  /// - Parameters:
  ///   - source: the folder or file.
  ///   - settings: how it was read, in words: name and value.
  ///   - used: pictures of it that were used.
  ///   - leftOut: what was not, in the order in which it was found.
  ///   - notes: a sentence each, for whoever trains on it.
  public init(
    source: String, settings: [String: String] = [:], used: Int, leftOut: [LeftOutFile] = [], notes: [String] = []
  ) {
    self.source = source
    self.settings = settings
    self.used = used
    self.leftOut = leftOut
    self.notes = notes
  }

  /// How many files were left out for each reason; what systems leave lying about is not counted.
  public var leftOutCounts: [LeftOutFile.Kind: Int] {
    Dictionary(leftOut.filter { $0.kind != .system }.map { ($0.kind, 1) }, uniquingKeysWith: +)
  }
}

/// A file that was found where pictures are and not used as one.
public struct LeftOutFile: Codable, Sendable, Hashable {
  /// Why.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Hidden, or left by a system: `.DS_Store`, `__MACOSX`, `Thumbs.db`. Nobody misses it.
    case system
    /// Of another kind: text, a film, a picture in a format that is not read.
    case notAPicture = "not-a-picture"
    /// Cut off or otherwise broken.
    case damaged
    /// More bytes or pixels than are read.
    case tooLarge = "too-large"
    /// The system would not give it.
    case unreadable
    /// Of no class, where the others have one.
    case unlabelled

    /// For people.
    public var words: String {
      switch self {
      case .system: "hidden or left by a system"
      case .notAPicture: "no picture that is read"
      case .damaged: "damaged"
      case .tooLarge: "too large"
      case .unreadable: "unreadable"
      case .unlabelled: "without a class"
      }
    }
  }

  /// Relative to the source.
  public var name: String
  /// Why it was left out.
  public var kind: Kind
  /// A clause: "is text, not PNG, JPEG or WebP".
  public var reason: String

  /// - Parameters:
  ///   - name: relative to the source.
  ///   - reason: a clause, such as "is text, not PNG, JPEG or WebP".
  public init(name: String, kind: Kind, reason: String) {
    self.name = name
    self.kind = kind
    self.reason = reason
  }
}
