import ArgumentParser
import Datasets
import Files
import Foundation
import Metrics
import Recipes
import Scores
import Torch

/// Scores of samples while a run trains. A run that goes on keeps to what it was told before.
struct TrainingScoreOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Score so many samples against the training pictures as training goes: fid@5000, or several, as in fid,recall@5000.
      """,
      valueName: "names@count"))
  var score: String?

  @Option(
    help: ArgumentHelp(
      "Score every so many steps, or minutes (20m), or hours (2h). (default: 20m)", valueName: "steps or time"))
  var every: String?

  @Option(
    name: .customLong("score-features"),
    help: ArgumentHelp(
      "The network of --score, as for `gan score --features`. (default: what `gan data get inception` has fetched)",
      valueName: "file or run"), completion: .file())
  var features: String?

  @Option(
    name: .customLong("score-like"),
    help: "Whose numbers they are to be: \(ScoreConvention.allCases.map(\.rawValue).joined(separator: ", ")).")
  var like: ScoreConvention?

  func validate() throws {
    _ = try parsed()
    _ = try every.map { try CheckpointOptions.interval($0, of: "--every") }
  }

  private func parsed() throws -> (metrics: [String], count: Int)? {
    guard let score else { return nil }
    let parts = score.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, let count = Int(parts[1]), (2...1_000_000).contains(count) else {
      throw ValidationError("--score must name scores and how many samples, as in fid@5000; is '\(score)'.")
    }
    let metrics = parts[0].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
    for name in metrics where PictureMetrics.named(name) == nil {
      let all = PictureMetrics.all.map { $0.name }.joined(separator: ", ")
      throw ValidationError("--score has '\(name)', which is none of \(all).")
    }
    guard !metrics.isEmpty else { throw ValidationError("--score names no score; is '\(score)'.") }
    return (metrics, count)
  }

  /// - Parameter known: what a run that is gone on with was told.
  /// - Returns: nil where nobody wants scores.
  /// - Throws: `ValidationError` for an option that would do nothing.
  func resolved(for recipe: Recipe, known: ScorePlan?) throws -> ScorePlan? {
    var plan: ScorePlan
    if let (metrics, count) = try parsed() {
      guard recipe.data.images != nil else {
        throw ValidationError("--score: the recipe '\(recipe.name)' is of points; scores are of pictures.")
      }
      plan =
        known
        ?? ScorePlan(
          metrics: metrics, count: count, steps: nil, seconds: 1_200, features: nil, convention: .torchFidelity)
      (plan.metrics, plan.count) = (metrics, count)
    } else {
      guard let known else {
        for (option, isGiven) in [
          ("--every", every != nil), ("--score-features", features != nil), ("--score-like", like != nil),
        ] where isGiven {
          throw ValidationError("\(option) belongs to --score.")
        }
        return nil
      }
      plan = known
    }
    if let features { plan.features = URL(fileURLWithPath: features).standardizedFileURL.path }
    if let like { plan.convention = like }
    switch try every.map({ try CheckpointOptions.interval($0, of: "--every") }) {
    case .steps(let steps): (plan.steps, plan.seconds) = (steps, nil)
    case .seconds(let seconds): (plan.steps, plan.seconds) = (nil, seconds)
    case nil: break
    }
    return plan
  }
}

/// What scores a run while it trains, the features of its real pictures computed or found.
///
/// - Parameters:
///   - place: of the run's data.
///   - processes: those that share the work.
/// - Throws: `FileError`, `ValidationError`: no network, no pictures; `ScoreError` where they do not suit the scores.
func trainingScorer(
  _ plan: ScorePlan, _ recipe: Recipe, _ place: URL?, device: Device, _ processes: ProcessGroup? = nil
) throws -> RunScorer {
  guard let source = recipe.data.images, let place else {
    throw ValidationError("--score: the recipe '\(recipe.name)' is of points; scores are of pictures.")
  }
  let reading = try ClassifierReading.parse([])
  let network = try pictureNetwork(plan.features, like: plan.convention, reading, device: device)
  let images = try source.open(at: place, .train, requiresLabels: false)
  let real = DataSetPictures(images, title: "training images")
  let metrics = plan.metrics.compactMap { PictureMetrics.named($0) }
  var settings = plan.convention.settings
  settings.intervals = false
  // Before training begins: what is not there is said now, and not in twenty minutes.
  let cache = FeatureCache.standard
  var known = cache.features(real, network)
  // All go without, or none: they compute together.
  if try processes?.any(known == nil) ?? (known == nil) {
    var bar = ScoreBar()
    let features = try bar.features(of: real, by: network, batch: 16, among: processes)
    bar.finish()
    do {
      if processes?.isFirst ?? true { try cache.keep(features, of: real, by: network) }
    } catch let error as FileError {
      Output.say("features could not be kept: \(error)")
    }
    known = features
  }
  let realFeatures = known!
  try PictureScores.check(metrics, network, hasRealPictures: true)
  return RunScorer(plan) { game in
    // As `gan score RUN` draws them.
    let generated = GeneratedPictures(
      title: "samples", count: plan.count, images: ScoreSource.images(of: game, seed: 1))
    let features = try PictureFeatures(of: generated, by: network, among: processes)
    let input = ScoreInput(
      generated: features, realFeatures: realFeatures.features, realStatistics: nil, settings: settings)
    return try Dictionary(uniqueKeysWithValues: metrics.map { ($0.name, try $0.compute(input).value) })
  }
}
