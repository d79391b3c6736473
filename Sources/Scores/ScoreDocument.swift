import Files
import Foundation

/// Scores of one set of pictures with their passport, as `gan score --json` writes them and reads them again.
public struct ScoreDocument: Sendable, Hashable, Codable {
  /// In the order in which they were asked for.
  public let scores: [ScoreValue]
  /// What they are a function of.
  public let passport: ScorePassport

  /// What was computed just now.
  public init(_ scores: PictureScores) {
    self.scores = scores.values
    passport = scores.passport
  }

  /// The document in a file.
  ///
  /// - Throws: `FileError` where it cannot be read or holds something else.
  public init(contentsOf url: URL) throws {
    do {
      self = try JSONDecoder().decode(ScoreDocument.self, from: try readFile(at: url))
    } catch is DecodingError {
      throw FileError(path: url.path, reason: "does not hold what `gan score --json` writes of one set of pictures")
    }
  }

  /// Readable JSON with sorted keys.
  public func json() throws -> String { try Self.json(self) }

  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// The score of a name, such as "fid"; nil where it was not computed.
  public func value(_ metric: String) -> ScoreValue? { scores.first { $0.metric == metric } }

  /// What keeps the scores that both have from being compared, in words; empty where they compare.
  public func differences(from other: ScoreDocument) -> [String] {
    let shared = Set(scores.map(\.metric)).intersection(other.scores.map(\.metric))
    return passport.differences(from: other.passport, for: shared)
  }
}

/// Scores of several sets of pictures beside each other, and what keeps them from being compared.
public struct ScoreComparison: Sendable, Codable {
  /// A set of pictures and what it scored.
  public struct Row: Sendable, Codable {
    /// What the user calls it.
    public let name: String
    /// Its scores and their passport.
    public let document: ScoreDocument
    /// In what its scores are other functions of the pictures than those of the first row are; empty where they
    /// compare.
    public let differences: [String]
  }

  /// In the order in which they were named.
  public let rows: [Row]

  /// - Parameter documents: one at least, each with its name.
  public init(_ documents: [(name: String, document: ScoreDocument)]) {
    rows = documents.map { name, document in
      Row(name: name, document: document, differences: documents[0].document.differences(from: document))
    }
  }

  /// The names of all scores that any row has, each once, in the order in which they come.
  public var metrics: [String] {
    var found: [String] = []
    for score in rows.flatMap(\.document.scores) where !found.contains(score.metric) { found.append(score.metric) }
    return found
  }

  /// Readable JSON with sorted keys.
  public func json() throws -> String { try ScoreDocument.json(self) }
}
