import Files
import Foundation
import Metrics

/// A score with everything without which it means nothing.
struct ScoreReport: Encodable {
  let score: Double
  /// Over the splits, with their number in the denominator.
  let standardDeviation: Double
  let splitScores: [Double]
  let samples: Int
  let splits: Int
  let images: String
  let seed: UInt64
  let classifier: Classifier

  struct Classifier: Encodable {
    let name: String
    let sha256: String
    let classes: Int
    /// How it was asked, where its file does not say.
    let reading: String
  }

  init(
    _ result: InceptionScore.Result, of images: String, seed: UInt64, by classifier: any ImageClassifier,
    reading: String
  ) {
    score = result.mean
    standardDeviation = result.standardDeviation
    splitScores = result.scores
    samples = result.samples
    splits = result.splits
    self.images = images
    self.seed = seed
    self.classifier = Classifier(
      name: classifier.name, sha256: classifier.hash, classes: result.classes, reading: reading)
  }

  var text: String {
    """
    Inception score  \(String(format: "%.4f ± %.4f", score, standardDeviation))  (mean ± standard deviation of the \
    splits)
    classifier       \(classifier.name), sha256 \(classifier.sha256.prefix(12)), \(classifier.classes) classes
    asked with       \(classifier.reading)
    samples          \(grouped(samples)) in \(splits) split\(splits == 1 ? "" : "s"), \(images)
    """
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
