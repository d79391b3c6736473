import Files
import Foundation
import Torch

/// What is measured of a game when it has ended; which of them depends on the data.
public enum ComparedMeasure: String, CaseIterable, Sendable, Codable, CodingKeyRepresentable {
  /// Wasserstein-1 distance of points from the density, in units of x.
  case wasserstein
  /// Standard deviation of points, divided by that of the data: 1 is best.
  case spread
  /// 1 where points miss at least half of the data's deciles (``TutorialStudy/collapseRule``), else 0.
  case collapsed
  /// Mean distance of points from the x of the highest D(x), in standard deviations of the data.
  case peakDistance
  /// Mean |D(x) - 1/2| over the middle 99 % of the data when the game ends.
  case flatness
  /// Standard deviation of D(x) over the last quarter of the game, averaged over the same x.
  case restlessness
  /// Modes of a mixture that have a point within three standard deviations.
  case modes
  /// The share of points within three standard deviations of a mode.
  case highQuality
  /// The Inception score of samples, by a classifier.
  case score
  /// Of a network's features, of samples and of real images.
  case frechet, kernel, precision, recall, density, coverage
}

/// What scores of images are a function of, beside the samples.
public struct ComparedScoring: Codable, Sendable, Hashable {
  /// Its name; nil where no classifier was asked.
  public let classifier: String?
  /// SHA-256 of what defines the classifier.
  public let hash: String?
  /// How the classifier is asked, where its file does not say.
  public let reading: String
  /// A checksum of the images that were learnt from.
  public let images: String
  /// Samples that the Inception score of a classifier is of.
  public let samples: Int
  /// Of that score.
  public let splits: Int
  /// The name of the network of features; nil where there was none.
  public let features: String?
  /// SHA-256 of what defines that network.
  public let featuresHash: String?
  /// Samples, and real images, whose features were compared.
  public let compared: Int?

  /// Puts it together.
  public init(
    classifier: String?, hash: String?, reading: String, images: String, samples: Int, splits: Int,
    features: String? = nil, featuresHash: String? = nil, compared: Int? = nil
  ) {
    self.classifier = classifier
    self.hash = hash
    self.reading = reading
    self.images = images
    self.samples = samples
    self.splits = splits
    self.features = features
    self.featuresHash = featuresHash
    self.compared = compared
  }
}

/// One technique's games on one source of data: plain values, seed by seed.
public struct ComparisonCell: Sendable {
  /// What was added to the base.
  public let technique: ComparedTechnique
  /// Its seed is that of the base; the games have their own.
  public let recipe: Recipe
  /// Of the games, in the order of all that is seed by seed.
  public let seeds: [UInt64]
  /// One number per seed.
  public let measures: [ComparedMeasure: [Double]]
  /// Where there is a score.
  public let scoring: ComparedScoring?
  /// What the first seed's generator makes, one row of numbers per example.
  public let examples: [[Float]]
  /// Channels, height and width of these, where they are images with values in 0 ... 1; nil for points, and for MNIST's
  /// of a version that did not say.
  public let imageShape: [Int]?
  /// Of all its games together.
  public let seconds: Double
  /// What played them.
  public let machine: Machine

  /// - Parameters:
  ///   - measures: one number per seed.
  ///   - examples: what the first seed's generator makes, one row of numbers each.
  ///   - imageShape: channels, height and width of these; nil for points.
  ///   - seconds: of all games together.
  public init(
    technique: ComparedTechnique, recipe: Recipe, seeds: [UInt64], measures: [ComparedMeasure: [Double]],
    scoring: ComparedScoring?, examples: [[Float]], imageShape: [Int]?, seconds: Double, machine: Machine
  ) {
    self.technique = technique
    self.recipe = recipe
    self.seeds = seeds
    self.measures = measures
    self.scoring = scoring
    self.examples = examples
    self.imageShape = imageShape
    self.seconds = seconds
    self.machine = machine
  }

  /// What games depend on beside their recipe: those of another one are not the same to the last bit, and may be others
  /// altogether.
  public struct Machine: Codable, Sendable, Hashable {
    /// Of the program.
    public let version: String
    /// The version of libtorch.
    public let libtorch: String
    /// The raw value of a `Device`.
    public let device: String

    /// The program at hand and its libtorch, on `device`.
    public init(device: Device) {
      version = swiftGanVersion
      libtorch = Libtorch.version
      self.device = device.rawValue
    }
  }

  /// The games of several cells that differ in their seeds alone, as one.
  ///
  /// - Precondition: there is a cell.
  public static func joined(_ cells: [ComparisonCell]) -> ComparisonCell {
    var measures: [ComparedMeasure: [Double]] = [:]
    for cell in cells { measures.merge(cell.measures) { $0 + $1 } }
    return ComparisonCell(
      technique: cells[0].technique, recipe: cells[0].recipe, seeds: cells.flatMap(\.seeds), measures: measures,
      scoring: cells[0].scoring, examples: cells[0].examples, imageShape: cells[0].imageShape,
      seconds: cells.reduce(0) { $0 + $1.seconds },
      machine: cells[0].machine)
  }
}

// The recipe as YAML, which is read with the values of today for keys that it was written without.
extension ComparisonCell: Codable {
  private enum CodingKeys: String, CodingKey {
    case technique, recipe, seeds, measures, scoring, examples, imageShape, seconds, machine
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    technique = try container.decode(ComparedTechnique.self, forKey: .technique)
    recipe = try RecipeFile.parse(container.decode(String.self, forKey: .recipe))
    seeds = try container.decode([UInt64].self, forKey: .seeds)
    measures = try container.decode([ComparedMeasure: [Double]].self, forKey: .measures)
    scoring = try container.decodeIfPresent(ComparedScoring.self, forKey: .scoring)
    examples = try container.decode([[Float]].self, forKey: .examples)
    imageShape = try container.decodeIfPresent([Int].self, forKey: .imageShape)
    seconds = try container.decode(Double.self, forKey: .seconds)
    machine = try container.decode(Machine.self, forKey: .machine)
    // As pages take for granted.
    let size = imageShape?.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue } ?? examples.first?.count
    guard !seeds.isEmpty, !examples.isEmpty, imageShape?.count ?? 3 == 3, examples.allSatisfy({ $0.count == size }),
      measures.values.allSatisfy({ $0.count == seeds.count })
    else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: container.codingPath, debugDescription: "its numbers do not fit each other"))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(technique, forKey: .technique)
    try container.encode(RecipeFile.text(recipe), forKey: .recipe)
    try container.encode(seeds, forKey: .seeds)
    try container.encode(measures, forKey: .measures)
    try container.encodeIfPresent(scoring, forKey: .scoring)
    try container.encode(examples, forKey: .examples)
    try container.encodeIfPresent(imageShape, forKey: .imageShape)
    try container.encode(seconds, forKey: .seconds)
    try container.encode(machine, forKey: .machine)
  }
}

/// Games that are over, one file each, so that a comparison that was stopped goes on where it was.
public struct ComparisonFolder: Sendable {
  /// Holds a JSON file for each technique's games of some seeds.
  public let url: URL

  /// - Parameter url: made when the first games are over.
  public init(_ url: URL) { self.url = url }

  /// What these games' file is called, without its ending.
  public func name(_ recipe: Recipe, _ seeds: [UInt64]) -> String {
    let games = seeds.count == 1 ? "seed-\(seeds[0])" : "seeds-\(seeds[0])-to-\(seeds[seeds.count - 1])"
    return "\(recipe.name)-\(games)"
  }

  private func file(_ recipe: Recipe, _ seeds: [UInt64]) -> URL {
    url.appendingPathComponent("\(name(recipe, seeds)).json")
  }

  /// The games of exactly this recipe, these seeds and this scoring, as this version plays them on this machine; nil
  /// where they have not been played so.
  public func cell(_ recipe: Recipe, seeds: [UInt64], scoring: ComparedScoring?, device: Device) -> ComparisonCell? {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? readFile(at: file(recipe, seeds)),
      let cell = try? decoder.decode(ComparisonCell.self, from: data),
      cell.recipe == recipe, cell.seeds == seeds, cell.scoring == scoring,
      cell.machine == ComparisonCell.Machine(device: device)
    else { return nil }
    return cell
  }

  /// - Throws: `FileError`.
  public func write(_ cell: ComparisonCell) throws {
    try makeFolder(at: url)
    try replaceFile(at: file(cell.recipe, cell.seeds), with: try ComparisonFolder.encoder.encode(cell))
  }

  /// A game that falls apart may well end with measures that are no numbers.
  public static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }
}
