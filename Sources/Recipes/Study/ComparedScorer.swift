import Datasets
import Foundation
import Metrics
import Scores
import Torch

/// Scores what generators of images make, in each game of a comparison in the same way: by a classifier, by a network
/// of features, or both. May be asked by several games at once.
public final class ComparedScorer: Sendable {
  /// What scores are a function of.
  public let scoring: ComparedScoring
  private let classifier: SharedClassifier?
  private let network: (any PictureNetwork)?
  private let real: PictureFeatures?
  private let metrics: [(measure: ComparedMeasure, metric: any PictureMetric.Type)]

  /// Computes the features of the real images, which all games are compared with.
  ///
  /// - Parameters:
  ///   - classifier: for the Inception score; none where it is nil and `network` is no Inception network.
  ///   - reading: how the classifier is asked, where its file does not say.
  ///   - network: of features, for the scores that compare with real images; none are taken where it is nil.
  ///   - cache: where features of real images are kept; nil for nowhere.
  ///   - progress: called with the real images that have features.
  /// - Throws: ``RecipeError`` where there are too few images; `ScoreError`, `NetworkError`, `TensorError`,
  ///   `FileError`.
  public init(
    images: LabelledImages, classifier: (any ImageClassifier)?, reading: String = "", network: (any PictureNetwork)?,
    cache: FeatureCache? = .standard, progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws {
    self.classifier = classifier.map { SharedClassifier($0) }
    self.network = network
    let count = network == nil ? nil : min(Comparison.comparedImages, images.count)
    scoring = ComparedScoring(
      classifier: classifier?.name, hash: classifier?.hash, reading: reading, images: images.fingerprint,
      samples: Comparison.scoredSamples, splits: 1, features: network?.name, featuresHash: network?.hash,
      compared: count)
    guard let network, let count else {
      (real, metrics) = (nil, [])
      return
    }
    let set = DataSetPictures(images, title: "real images", limit: count)
    if let known = cache?.features(set, network) {
      real = known
    } else {
      let features = try PictureFeatures(of: set, by: network) { try progress($0, count) }
      // That they cannot be kept costs time and nothing else.
      try? cache?.keep(features, of: set, by: network)
      real = features
    }
    metrics =
      (classifier == nil && network.isInception ? [(.score, InceptionMetric.self)] : []) + [
        (.frechet, FrechetMetric.self), (.kernel, KIDMetric.self), (.precision, PrecisionMetric.self),
        (.recall, RecallMetric.self), (.density, DensityMetric.self), (.coverage, CoverageMetric.self),
      ]
  }

  /// The scores of a game's generator, one of each.
  ///
  /// - Parameter random: of the noise.
  /// - Throws: `ScoreError`, `ClassifierError`, `NetworkError`, `TensorError`.
  func measures(of game: RecipeGame, _ random: RandomStream) throws -> [ComparedMeasure: [Double]] {
    var measures: [ComparedMeasure: [Double]] = [:]
    if let classifier { measures[.score] = [try inceptionScore(game, classifier, random)] }
    guard let network, let real, let count = scoring.compared else { return measures }
    let samples = try checkingTensors { game.asImages(try game.samples(count, random.stream("compared"))) }
    let generated = try PictureFeatures(
      of: GeneratedPictures(title: "samples", count: count) { samples.sliced(0, $0) }, by: network)
    var settings = ScoreSettings()
    settings.intervals = false
    settings.splits = 1
    let input = ScoreInput(
      generated: generated, realFeatures: real.features, realStatistics: nil, settings: settings)
    for (measure, metric) in metrics { measures[measure] = [try metric.compute(input).value] }
    return measures
  }

  private func inceptionScore(_ game: RecipeGame, _ classifier: SharedClassifier, _ random: RandomStream) throws
    -> Double
  {
    var score = try InceptionScore(samples: scoring.samples, splits: scoring.splits)
    var batch = 0
    while score.count < score.samples {
      let size = min(500, score.samples - score.count)
      let samples = try game.samples(size, random.at(batch))
      try score.add(try classifier(checkingTensors { game.asImages(samples) }))
      batch += 1
    }
    return try score.result().mean
  }
}
