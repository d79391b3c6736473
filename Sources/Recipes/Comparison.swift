import Datasets
import Foundation
import GAN
import Metrics
import NN
import Torch

/// A technique, or a pair of them, as a change to a recipe that has none.
public enum ComparedTechnique: String, CaseIterable, Sendable, Codable {
  case plain
  case featureMatching = "feature-matching"
  case minibatchDiscrimination = "minibatch-discrimination"
  case both
  case historicalAveraging = "historical-averaging"
  case labelSmoothing = "label-smoothing"
  case virtualBatchNorm = "virtual-batch-norm"

  public var title: String {
    switch self {
    case .plain: "Plain"
    case .featureMatching: "Feature matching"
    case .minibatchDiscrimination: "Minibatch discrimination"
    case .both: "Feature matching and minibatch discrimination"
    case .historicalAveraging: "Historical averaging"
    case .labelSmoothing: "One-sided label smoothing"
    case .virtualBatchNorm: "Virtual batch normalisation"
    }
  }

  /// What it changes, in the words of a recipe.
  public func apply(to recipe: inout Recipe) {
    switch self {
    case .plain: break
    case .featureMatching: recipe.featureMatching.role = .replaces
    case .minibatchDiscrimination: recipe.minibatchDiscrimination.enabled = true
    case .both:
      recipe.featureMatching.role = .joins
      recipe.minibatchDiscrimination.enabled = true
    case .historicalAveraging:
      recipe.historicalAveraging = Recipe.HistoricalAveraging(generator: 0.001, discriminator: 0.001)
    case .labelSmoothing: recipe.objective.realTarget = 0.9
    case .virtualBatchNorm: recipe.generator.normalization = .virtualBatch
    }
  }
}

/// What is measured of a game when it has ended; which of them depends on the data.
public enum ComparedMeasure: String, CaseIterable, Sendable, Codable {
  case wasserstein, collapsed, flatness, restlessness, modes, highQuality, score
}

/// One technique's games on one source of data: plain values, seed by seed.
public struct ComparisonCell: Sendable {
  public let technique: ComparedTechnique
  public let recipe: Recipe
  public let seeds: [UInt64]
  /// One number per seed.
  public let measures: [ComparedMeasure: [Double]]
  /// What the first seed's generator makes, one row of numbers per example.
  public let examples: [[Double]]
  public let seconds: Double
}

/// A grid of techniques by seeds on one source of data.
public struct Comparison: Sendable {
  /// Without any technique; the techniques change it.
  public let base: Recipe
  public let seeds: [UInt64]

  public init(_ base: Recipe, seeds: [UInt64]) {
    self.base = base
    self.seeds = seeds
  }

  public func recipe(_ technique: ComparedTechnique) -> Recipe {
    var recipe = base
    technique.apply(to: &recipe)
    recipe.name += "-\(technique.rawValue)"
    return recipe
  }

  /// Points drawn of each generator to measure it by.
  public static let points = 2_500
  /// Samples that each MNIST generator is scored by.
  public static let scoredSamples = 5_000
  /// Moments in the last quarter at which D is looked at.
  private static let looks = 20

  /// Plays a technique's games on a density or a mixture, all seeds side by side.
  ///
  /// - Parameter progress: called with the steps played.
  /// - Throws: ``RecipeError``, `TensorError`.
  public func playPoints(_ technique: ComparedTechnique, device: Device, progress: (Int) -> Void) throws
    -> ComparisonCell
  {
    let start = ContinuousClock.now
    let recipe = recipe(technique)
    try recipe.validate()
    guard let examples = try checkingTensors({ RecipeExamples(points: recipe, seeds: seeds, device: device) }) else {
      throw RecipeError(key: "data.source", reason: "'\(recipe.data.source.rawValue)' has no points to draw")
    }
    let game = try checkingTensors {
      RecipeGame(recipe, width: examples.width, classes: nil, stepsPerEpoch: nil, seeds: seeds, device: device)
    }
    let trainer = try game.trainer(examples)
    let density = recipe.data.source.density?.density
    var decisions: [[[Double]]] = []
    let interval = max(1, game.steps / 4 / Self.looks)
    while let report = try trainer.next() {
      try checkingTensors { game.updateAverages() }
      let played = report.step + 1
      if let density, played > game.steps - game.steps / 4, (game.steps - played) % interval == 0 {
        decisions.append(try self.decisions(game, density, device))
      }
      if played % 50 == 0 || played == game.steps { progress(played) }
    }
    let random = RandomStream(seeds: seeds).stream("comparison")
    let points = try rows(game.samples(Self.points, random))
    var measures: [ComparedMeasure: [Double]] = [:]
    if let density {
      let count = Self.points
      let quantiles = (0..<count).map { density.quantile((Double($0) + 0.5) / Double(count)) }
      let deciles = (1..<10).map { density.quantile(Double($0) / 10) }
      let onLine = points.map { $0.map { $0[0] } }
      measures[.wasserstein] = onLine.map { OneDimensional.wasserstein($0, quantiles) }
      measures[.collapsed] = onLine.map {
        OneDimensional.shares(of: $0, between: deciles).count { $0 >= 0.02 } <= 5 ? 1 : 0
      }
      measures[.flatness] = seeds.indices.map { seed in Self.mean(decisions.last![seed].map { abs($0 - 0.5) }) }
      measures[.restlessness] = seeds.indices.map { seed in
        Self.mean(decisions[0][seed].indices.map { at in Self.deviation(decisions.map { $0[seed][at] }) })
      }
    }
    if let mixture = recipe.data.source.mixture {
      let coverage = points.map {
        ModeCoverage($0, modes: mixture.modes, standardDeviation: mixture.standardDeviation)
      }
      measures[.modes] = coverage.map { Double($0.covered) }
      measures[.highQuality] = coverage.map(\.highQualityShare)
    }
    return ComparisonCell(
      technique: technique, recipe: recipe, seeds: seeds, measures: measures, examples: points[0],
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  /// Plays a technique's games on images, one seed after the other, and scores what each generator makes.
  ///
  /// - Throws: ``RecipeError``, `TensorError`, `ScoreError`, `ClassifierError`.
  public func playImages(
    _ technique: ComparedTechnique, _ images: LabelledImages, classifier: any ImageClassifier, device: Device,
    progress: (Int) -> Void
  ) throws -> ComparisonCell {
    let start = ContinuousClock.now
    var scores: [Double] = []
    var shown: [[Double]] = []
    for (index, seed) in seeds.enumerated() {
      var recipe = recipe(technique)
      recipe.seed = seed
      try recipe.validate()
      let examples = try checkingTensors { try RecipeExamples(images: images, recipe: recipe, device: device) }
      let game = try checkingTensors {
        RecipeGame(
          recipe, width: examples.width, classes: examples.classes, stepsPerEpoch: examples.stepsPerEpoch,
          device: device)
      }
      let trainer = try game.trainer(examples)
      while let report = try trainer.next() {
        try checkingTensors { game.updateAverages() }
        if (report.step + 1) % 10 == 0 { progress(index * game.steps + report.step + 1) }
      }
      let random = RandomStream(seed: seed).stream("comparison")
      scores.append(try score(game, examples, classifier, random))
      if index == 0 { shown = try rows(game.samples(64, random).unsqueezed(0))[0] }
    }
    return ComparisonCell(
      technique: technique, recipe: recipe(technique), seeds: seeds, measures: [.score: scores], examples: shown,
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  private func score(
    _ game: RecipeGame, _ examples: RecipeExamples, _ classifier: any ImageClassifier, _ random: RandomStream
  ) throws -> Double {
    let size = 500
    var score: InceptionScore?
    for batch in 0..<Self.scoredSamples / size {
      let samples = try game.samples(size, random.at(batch))
      let outputs = try classifier(checkingTensors { samples.reshaped([size] + examples.imageShape!) })
      if score == nil {
        score = try InceptionScore(samples: Self.scoredSamples, splits: 1, classes: outputs.tensor.size(-1))
      }
      try score!.add(outputs)
    }
    return try score!.result().mean
  }

  /// D(x) at 101 points over the middle of the data, for each seed.
  private func decisions(_ game: RecipeGame, _ density: Density, _ device: Device) throws -> [[Double]] {
    let positions = (0...100).map { Float(density.quantile(0.005 + 0.99 * Double($0) / 100)) }
    return try checkingTensors {
      try withoutGradient {
        let x = Tensor(positions, shape: [1, positions.count, 1], device: device)
          .expanded([seeds.count, positions.count, 1])
        let random = RandomStream(seeds: seeds)
        // With a minibatch layer D judges a point by its batch: here, points spread as the data are.
        let judgement = game.discriminator.model(x.contiguous(), Context(.evaluation, random: random))
        let values = try game.recipe.makeObjective().probability(judgement.logits).values(Double.self)
        return stride(from: 0, to: values.count, by: positions.count).map { Array(values[$0..<$0 + positions.count]) }
      }
    }
  }

  /// [S, N, F] as nested arrays.
  private func rows(_ x: Tensor) throws -> [[[Double]]] {
    let (count, width) = (x.size(-2), x.size(-1))
    let values = try x.values(Double.self)
    return (0..<x.size(0)).map { seed in
      (0..<count).map { row in
        let first = (seed * count + row) * width
        return Array(values[first..<first + width])
      }
    }
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
  private static func deviation(_ values: [Double]) -> Double { Summary(values).standardDeviation }
}
