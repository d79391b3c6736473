import Datasets
import Foundation
import GAN
import Metrics
import NN
import Scores
import Torch

/// A grid of techniques by seeds on one source of data.
public struct Comparison: Sendable {
  /// Without any technique that is compared; the techniques change it.
  public let base: Recipe
  /// Of the games of each technique: all techniques play the same.
  public let seeds: [UInt64]

  /// - Parameter base: played as it is where the technique is ``ComparedTechnique/plain``.
  public init(_ base: Recipe, seeds: [UInt64]) {
    self.base = base
    self.seeds = seeds
  }

  /// The base with the technique added, and its name with the technique's.
  public func recipe(_ technique: ComparedTechnique) -> Recipe {
    var recipe = base
    technique.apply(to: &recipe)
    recipe.name += "-\(technique.rawValue)"
    return recipe
  }

  /// Points drawn of each generator to measure it by.
  public static let points = 2_500
  /// Samples that each generator of images is scored by, in one split.
  public static let scoredSamples = 5_000
  /// Samples, and real images, that are compared with each other.
  public static let comparedImages = 2_000
  /// Moments in the last quarter of a game at which D is looked at.
  private static let looks = 20

  /// - Throws: ``RecipeError`` for a recipe of which there is nothing to compare.
  public func validate(_ technique: ComparedTechnique) throws {
    try recipe(technique).validate()
    if base.duration.unit == .steps, base.duration.count < 4 {
      throw RecipeError(
        key: "duration.count", reason: "must be at least 4 to compare how games end, is \(base.duration.count)")
    }
  }

  /// Plays a technique's games on a density or a mixture, all seeds side by side.
  ///
  /// - Parameter progress: called with the steps played; ends the games by throwing.
  /// - Throws: ``RecipeError``, `TensorError`, `TrainingFault`; what `progress` throws.
  public func playPoints(_ technique: ComparedTechnique, device: Device, progress: (Int) throws -> Void) throws
    -> ComparisonCell
  {
    let start = ContinuousClock.now
    let recipe = recipe(technique)
    try validate(technique)
    guard let examples = try checkingTensors({ RecipeExamples(points: recipe, device: device) }) else {
      throw RecipeError(key: "data.source", reason: "'\(recipe.data.kind)' has no points to draw")
    }
    let game = try RecipeGame(
      recipe, example: examples.shape, classes: nil, stepsPerEpoch: nil, seeds: seeds, device: device)
    let trainer = try game.trainer(examples)
    let density = recipe.data.points?.density
    var decisions: [[[Double]]] = []
    let interval = max(1, game.steps / 4 / Self.looks)
    while let report = try trainer.next() {
      try game.updateAverages()
      let played = report.step + 1
      if let density, played > game.steps - game.steps / 4, (game.steps - played) % interval == 0 {
        decisions.append(try self.decisions(game, middle(of: density), device))
      }
      if played % 50 == 0 || played == game.steps { try progress(played) }
    }
    let random = RandomStream(seeds: seeds).stream("comparison")
    let points = try rows(game.samples(Self.points, random))
    var measures: [ComparedMeasure: [Double]] = [:]
    if let density {
      measures = Self.measures(points.map { $0.map { $0[0] } }, of: density)
      measures[.flatness] = decisions.last!.map { Self.mean($0.map { abs($0 - 0.5) }) }
      measures[.restlessness] = seeds.indices.map { seed in
        Self.mean(decisions[0][seed].indices.map { at in Summary(decisions.map { $0[seed][at] }).standardDeviation })
      }
      // With a minibatch layer there is no D(x) of one point to have a peak.
      if !recipe.techniques[MinibatchDiscrimination.Settings.self].isOn {
        // D is that of the last step, and so must G be.
        let points = try rows(game.samples(Self.points, random, averaged: false))
        let views = points.map { view(of: density, and: $0.map { $0[0] }) }
        // All seeds' views at once, of which each seed has its own.
        let decisions = try self.decisions(game, views.flatMap { $0 }, device)
        measures[.peakDistance] = seeds.indices.map { seed in
          let view = views[seed]
          let values = decisions[seed][seed * view.count..<(seed + 1) * view.count]
          let peak = Double(view[values.indices.max { values[$0] < values[$1] }! - values.startIndex])
          return Self.mean(points[seed].map { abs($0[0] - peak) }) / density.standardDeviation
        }
      }
    }
    if let mixture = recipe.data.points?.mixture {
      let coverage = points.map {
        ModeCoverage($0, modes: mixture.modes, standardDeviation: mixture.standardDeviation)
      }
      measures[.modes] = coverage.map { Double($0.covered) }
      measures[.highQuality] = coverage.map(\.highQualityShare)
    }
    return ComparisonCell(
      technique: technique, recipe: recipe, seeds: seeds, measures: measures, scoring: nil,
      examples: points[0].map { $0.map(Float.init) }, imageShape: nil,
      seconds: (ContinuousClock.now - start) / .seconds(1),
      machine: .init(device: device))
  }

  /// How the points of each seed lie to the density that they were to follow.
  private static func measures(_ points: [[Double]], of density: Density) -> [ComparedMeasure: [Double]] {
    let quantiles = (0..<Self.points).map { density.quantile((Double($0) + 0.5) / Double(Self.points)) }
    let deciles = (1..<10).map { density.quantile(Double($0) / 10) }
    return [
      .wasserstein: points.map { OneDimensional.wasserstein($0, quantiles) },
      .spread: points.map { Summary($0).standardDeviation / density.standardDeviation },
      .collapsed: points.map { OneDimensional.shares(of: $0, between: deciles).count { $0 >= 0.02 } <= 5 ? 1 : 0 },
    ]
  }

  /// Plays a technique's game of one seed on images, and scores what its generator makes.
  ///
  /// - Parameters:
  ///   - scorer: asked by several games at once where they are played so.
  ///   - progress: called with the steps played; ends the game by throwing.
  /// - Throws: ``RecipeError``, `TensorError`, `TrainingFault`, `ScoreError`, `ClassifierError`, `NetworkError`; what
  ///   `progress` throws.
  public func playImages(
    _ technique: ComparedTechnique, seed: UInt64, _ images: LabelledImages, scorer: ComparedScorer, device: Device,
    progress: (Int) throws -> Void
  ) throws -> ComparisonCell {
    let start = ContinuousClock.now
    var recipe = recipe(technique)
    recipe.seed = seed
    try validate(technique)
    let examples = try checkingTensors { try RecipeExamples(images: images, recipe: recipe, device: device) }
    let game = try RecipeGame(
      recipe, example: examples.shape, classes: examples.classes, stepsPerEpoch: examples.stepsPerEpoch,
      device: device)
    let trainer = try game.trainer(examples)
    while let report = try trainer.next() {
      try game.updateAverages()
      // A step of images takes long enough for each to be told.
      try progress(report.step + 1)
    }
    let random = RandomStream(seed: seed).stream("comparison")
    return ComparisonCell(
      technique: technique, recipe: self.recipe(technique), seeds: [seed],
      measures: try scorer.measures(of: game, random), scoring: scorer.scoring,
      examples: try rows(checkingTensors { game.asImages(try game.samples(64, random)).reshaped([1, 64, -1]) })[0].map {
        $0.map(Float.init)
      },
      imageShape: examples.imageShape, seconds: (ContinuousClock.now - start) / .seconds(1),
      machine: .init(device: device))
  }

  /// 101 points over the middle 99 % of the mass.
  private func middle(of density: Density) -> [Float] {
    (0...100).map { Float(density.quantile(0.005 + 0.99 * Double($0) / 100)) }
  }

  /// 201 positions from end to end of the middle 99 % of the mass and of all `points`: D was trained there, and
  /// elsewhere says what it likes.
  private func view(of density: Density, and points: [Double]) -> [Float] {
    let low = min(density.quantile(0.005), points.min() ?? .infinity)
    let high = max(density.quantile(0.995), points.max() ?? -.infinity)
    return (0...200).map { Float(low + (high - low) * Double($0) / 200) }
  }

  /// D(x) at `positions`, for each seed.
  private func decisions(_ game: RecipeGame, _ positions: [Float], _ device: Device) throws -> [[Double]] {
    try checkingTensors {
      try withoutGradient {
        let x = Tensor(positions, shape: [1, positions.count, 1], device: device)
          .expanded([seeds.count, positions.count, 1])
        let random = RandomStream(seeds: seeds)
        // With a minibatch layer D judges a point by its batch: here, by points spread as the data are.
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
}
