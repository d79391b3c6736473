import Foundation
import Metrics

/// Everything without which a score says nothing. Two scores compare only where their passports agree.
public struct ScorePassport: Sendable, Hashable, Codable {
  /// What pictures were seen by.
  public struct Network: Sendable, Hashable, Codable {
    /// For people, such as the name of its file.
    public var name: String
    /// 64 hexadecimal digits.
    public var sha256: String
    /// What became of pictures before it saw them: the raw value of a ``PictureResizing``.
    public var resizing: String
    /// How its inputs are made of bytes.
    public var reading: String
    /// Features of a picture.
    public var dimensions: Int
  }

  /// A side of the comparison.
  public struct Side: Sendable, Hashable, Codable {
    /// For people, such as "pictures of photos".
    public var title: String
    /// Pictures; nil for a file of statistics that does not say.
    public var count: Int?
    /// SHA-256 of what the pictures are; nil where nothing can be said.
    public var checksum: String?
    /// What was left out.
    public var notes: [String]

    /// - Parameters:
    ///   - count: pictures; nil for a file of statistics that does not say.
    ///   - checksum: SHA-256 of what the pictures are, where something can be said.
    ///   - notes: what was left out.
    public init(title: String, count: Int?, checksum: String?, notes: [String] = []) {
      self.title = title
      self.count = count
      self.checksum = checksum
      self.notes = notes
    }
  }

  /// What pictures were seen by.
  public var network: Network
  /// nil where no score needs real pictures.
  public var real: Side?
  /// What was scored.
  public var generated: Side
  /// Everything else that the scores depend on.
  public var settings: ScoreSettings
  /// Of the program.
  public var version: String

  /// What two passports disagree in of that which scores depend on, in words; empty where they compare. The generated
  /// pictures themselves may be others: they are what is scored.
  ///
  /// - Parameter metrics: which scores are to be compared, by name: what none of them depends on does not count. Nil
  ///   for all.
  public func differences(from other: ScorePassport, for metrics: Set<String>? = nil) -> [String] {
    var found: [String] = []
    func compare<Value: Equatable>(_ what: String, _ one: Value, _ two: Value, _ text: (Value) -> String) {
      if one != two { found.append("\(what): \(text(one)) and \(text(two))") }
    }
    func number(_ count: Int?) -> String { count.map { "\($0)" } ?? "unknown" }
    func counts(_ names: Set<String>) -> Bool { metrics.map { !$0.isDisjoint(with: names) } ?? true }
    let (distances, neighbours) = (Set(["fid", "fd"]), Set(["precision", "recall", "density", "coverage"]))
    compare("network", network.sha256, other.network.sha256) { String($0.prefix(12)) }
    compare("resizing", network.resizing, other.network.resizing) { $0 }
    compare("reading of pixels", network.reading, other.network.reading) { $0 }
    if counts(distances.union(neighbours).union(["kid"])) {
      compare("real pictures", real?.checksum, other.real?.checksum) { $0.map { String($0.prefix(12)) } ?? "unknown" }
      compare("number of real pictures", real?.count, other.real?.count, number)
    }
    compare("number of generated pictures", generated.count, other.generated.count, number)
    if counts(distances) {
      compare("covariance's divisor", settings.divisor, other.settings.divisor) { $0.rawValue }
    }
    if counts(["kid"]) {
      compare("KID's subsets", settings.kernelSubsets, other.settings.kernelSubsets) { "\($0)" }
      compare("KID's subset size", settings.kernelSubsetSize, other.settings.kernelSubsetSize) { "\($0)" }
    }
    if counts(["kid", "is"]) { compare("seed", settings.seed, other.settings.seed) { "\($0)" } }
    if counts(neighbours) {
      compare("neighbours", settings.neighbours, other.settings.neighbours) {
        "k = \($0.precisionRecall) and \($0.densityCoverage)\($0.isStrict ? ", strict" : "")"
      }
    }
    if counts(["is"]) {
      compare("splits", settings.splits, other.settings.splits) { "\($0)" }
      compare("output bias", settings.outputBias, other.settings.outputBias) { $0 ? "with" : "without" }
    }
    return found
  }
}
