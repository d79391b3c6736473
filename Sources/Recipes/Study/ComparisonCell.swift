import Files
import Foundation

/// What is measured of a game when it has ended; which of them depends on the data.
public enum ComparedMeasure: String, CaseIterable, Sendable, Codable, CodingKeyRepresentable {
  case wasserstein, spread, collapsed, peakDistance, flatness, restlessness, modes, highQuality, score
}

/// What an Inception score is a function of, beside the samples.
public struct ComparedScoring: Codable, Sendable, Hashable {
  public let classifier: String
  /// SHA-256 of what defines the classifier.
  public let hash: String
  /// How the classifier is asked, where its file does not say.
  public let reading: String
  /// A checksum of the images that were learnt from.
  public let images: String
  public let samples: Int
  public let splits: Int

  public init(classifier: String, hash: String, reading: String, images: String, samples: Int, splits: Int) {
    self.classifier = classifier
    self.hash = hash
    self.reading = reading
    self.images = images
    self.samples = samples
    self.splits = splits
  }
}

/// One technique's games on one source of data: plain values, seed by seed.
public struct ComparisonCell: Sendable, Codable {
  public let technique: ComparedTechnique
  /// Its seed is that of the base; the games have their own.
  public let recipe: Recipe
  public let seeds: [UInt64]
  /// One number per seed.
  public let measures: [ComparedMeasure: [Double]]
  /// Where there is a score.
  public let scoring: ComparedScoring?
  /// What the first seed's generator makes, one row of numbers per example.
  public let examples: [[Float]]
  public let seconds: Double

  /// The games of several cells that differ in their seeds alone, as one.
  ///
  /// - Precondition: there is a cell.
  public static func joined(_ cells: [ComparisonCell]) -> ComparisonCell {
    var measures: [ComparedMeasure: [Double]] = [:]
    for cell in cells { measures.merge(cell.measures) { $0 + $1 } }
    return ComparisonCell(
      technique: cells[0].technique, recipe: cells[0].recipe, seeds: cells.flatMap(\.seeds), measures: measures,
      scoring: cells[0].scoring, examples: cells[0].examples, seconds: cells.reduce(0) { $0 + $1.seconds })
  }
}

/// Games that are over, one file each, so that a comparison that was stopped goes on where it was.
public struct ComparisonFolder: Sendable {
  public let url: URL

  public init(_ url: URL) { self.url = url }

  private func file(_ recipe: Recipe, _ seeds: [UInt64]) -> URL {
    let games = seeds.count == 1 ? "seed-\(seeds[0])" : "seeds-\(seeds[0])-to-\(seeds[seeds.count - 1])"
    return url.appendingPathComponent("\(recipe.name)-\(games).json")
  }

  /// The games of exactly this recipe, these seeds and this scoring; nil where they have not been played.
  public func cell(_ recipe: Recipe, seeds: [UInt64], scoring: ComparedScoring?) -> ComparisonCell? {
    guard let data = try? readFile(at: file(recipe, seeds)),
      let cell = try? JSONDecoder().decode(ComparisonCell.self, from: data),
      cell.recipe == recipe, cell.seeds == seeds, cell.scoring == scoring
    else { return nil }
    return cell
  }

  /// - Throws: `FileError`.
  public func write(_ cell: ComparisonCell) throws {
    try makeFolder(at: url)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try replaceFile(at: file(cell.recipe, cell.seeds), with: try encoder.encode(cell))
  }
}
