import Datasets
import Foundation
import GAN
import Metrics
import NN
import Torch

/// What one seed's game looks like at one moment.
public struct TutorialFrame: Sendable {
  /// Steps played; 0 is the moment before the game.
  public let step: Int
  /// D(x) at ``TutorialOutcome/positions``, in 0 ... 1.
  public let decision: [Double]
  /// The share of generated points in each bin between neighbouring ``TutorialOutcome/binEdges``.
  public let histogram: [Double]
  /// Between ``TutorialStudy/shownPoints`` generated points and the density, by its quantiles.
  public let wasserstein: Double
  /// The lowest and the highest of these points.
  public let reach: ClosedRange<Double>
}

/// How well one seed's game ended.
public struct TutorialMeasurements: Sendable, Codable {
  /// Between 10 000 generated points and the density, by its quantiles.
  public let wasserstein: Double
  /// Mean |D(x) - 1/2| over the positions where the density is at least 1 % of its peak.
  /// Nil for points that no D has seen.
  public let decisionError: Double?
  /// Standard deviation of generated points divided by that of the data.
  public let spread: Double
  /// See ``TutorialStudy/collapseRule``.
  public let hasCollapsed: Bool
}

/// One technique's games, seed by seed: plain values for tables and charts.
public struct TutorialOutcome: Sendable {
  /// What the games were played with.
  public let technique: TutorialTechnique
  /// What they were played on.
  public let data: TutorialDensity
  /// Of the games, in the order of all that is seed by seed.
  public let seeds: [UInt64]
  /// Where D and the density are evaluated.
  public let positions: [Double]
  /// p(x) there.
  public let density: [Double]
  /// Ascending, one more than there are bins in ``TutorialFrame/histogram``.
  public let binEdges: [Double]
  /// D(x) at the positions before and after the pretraining, for each seed.
  public let untrained: [[Double]]
  /// The same after the pretraining.
  public let pretrained: [[Double]]
  /// The loss of the pretraining's steps, for each seed.
  public let pretrainingLoss: [[Double]]
  /// For each seed, in the order of their steps.
  public let frames: [[TutorialFrame]]
  /// The steps that the losses below belong to.
  public let lossSteps: [Int]
  /// The mean loss over the steps since the one before, for each seed.
  public let discriminatorLoss: [[Double]]
  /// The same of G.
  public let generatorLoss: [[Double]]
  /// For each seed.
  public let measurements: [TutorialMeasurements]
}

/// Plays one technique's games and measures them.
public struct TutorialStudy {
  /// How the games are played.
  public let settings: TutorialSettings
  /// Of the games, which are played side by side.
  public let seeds: [UInt64]

  /// When ``TutorialMeasurements/hasCollapsed`` is true, in words for a page.
  public static let collapseRule = """
    A seed counts as collapsed if at most half of the data's ten deciles receive at least 2 % of the generated points \
    (a fifth of their share).
    """

  /// - Parameter seeds: of games that are played side by side.
  public init(_ settings: TutorialSettings, seeds: [UInt64]) {
    self.settings = settings
    self.seeds = seeds
  }

  /// Points that a moment's histogram is made of.
  public static let shownPoints = 2_000
  private static let frameCount = 40
  private static let positionCount = 81
  private static let binCount = 60
  /// Points that a game that is over is measured by.
  public static let measuredPoints = 10_000

  /// - Parameter progress: called with the number of steps taken, those of the pretraining included; ends the games by
  ///   throwing.
  /// - Throws: `TensorError`; what `progress` throws.
  public func run(progress: (Int) throws -> Void = { _ in }) throws -> TutorialOutcome {
    let density = settings.density
    let margin = (density.support.upperBound - density.support.lowerBound) / 6
    // The view takes in the untrained G, which starts around 0, however far off the data are.
    let view = min(density.support.lowerBound - margin, -4)...max(density.support.upperBound + margin, 4)
    let positions = evenly(view, Self.positionCount)
    let binEdges = evenly(view, Self.binCount + 1)

    let game = try TutorialGame(settings, seeds: seeds)
    let probe = TutorialProbe(game, positions: positions)
    let quantiles = Self.quantiles(of: density, Self.shownPoints)
    func frame(_ step: Int) throws -> [TutorialFrame] {
      let points = try probe.points(Self.shownPoints)
      return zip(try probe.decisions(), points).map { decision, points in
        let shares = OneDimensional.shares(of: points, between: binEdges)
        return TutorialFrame(
          step: step, decision: decision, histogram: Array(shares.dropFirst().dropLast()),
          wasserstein: OneDimensional.wasserstein(points, quantiles), reach: points.min()!...points.max()!)
      }
    }

    let untrained = try probe.decisions()
    var frames: [[TutorialFrame]] = []
    var pretrained: [[Double]] = []
    var curves = LossCurves(seeds: seeds.count, interval: max(1, settings.steps / 200))
    let frameInterval = max(1, settings.steps / Self.frameCount)
    let pretrainingLoss = try game.pretrain(progress: progress)
    pretrained = try probe.decisions()
    frames.append(try frame(0))
    try game.play { report in
      curves.add(report)
      let played = report.step + 1
      if played % frameInterval == 0 || played == settings.steps { frames.append(try frame(played)) }
      try progress(settings.pretrainingSteps + played)
    }

    let measurements = zip(try probe.decisions(), try probe.points(Self.measuredPoints)).map {
      measure(decision: $0, points: $1, positions: positions)
    }
    return TutorialOutcome(
      technique: settings.technique, data: settings.data, seeds: seeds, positions: positions,
      density: positions.map { density($0) }, binEdges: binEdges, untrained: untrained, pretrained: pretrained,
      pretrainingLoss: seeds.indices.map { seed in pretrainingLoss.map { $0[seed] } },
      frames: seeds.indices.map { seed in frames.map { $0[seed] } }, lossSteps: curves.steps,
      discriminatorLoss: curves.discriminator, generatorLoss: curves.generator, measurements: measurements)
  }

  private func measure(decision: [Double], points: [Double], positions: [Double]) -> TutorialMeasurements {
    let density = settings.density
    let peak = positions.map { density($0) }.max()!
    let errors = zip(positions, decision).filter { density($0.0) >= peak / 100 }.map { abs($0.1 - 0.5) }
    return Self.measure(points, of: density, decisionError: errors.reduce(0, +) / Double(errors.count))
  }

  private static func measure(_ points: [Double], of density: Density, decisionError: Double?) -> TutorialMeasurements {
    let deciles = OneDimensional.shares(of: points, between: (1..<10).map { density.quantile(Double($0) / 10) })
    return TutorialMeasurements(
      wasserstein: OneDimensional.wasserstein(points, quantiles(of: density, measuredPoints)),
      decisionError: decisionError, spread: Summary(points).standardDeviation / density.standardDeviation,
      hasCollapsed: deciles.filter { $0 >= 0.02 }.count <= 5)
  }

  private static func quantiles(of density: Density, _ count: Int) -> [Double] {
    (0..<count).map { density.quantile((Double($0) + 0.5) / Double(count)) }
  }

  /// The same measures of as many points drawn afresh from the data, for each seed: nothing can be told to be closer.
  ///
  /// - Throws: `TensorError`.
  public static func floor(_ data: TutorialDensity, seeds: [UInt64]) throws -> [TutorialMeasurements] {
    try checkingTensors {
      let random = RandomStream(seeds: seeds).stream("fresh data")
      let values = try data.density.sample(measuredPoints, random).values(Double.self)
      return seeds.indices.map {
        measure(
          Array(values[$0 * measuredPoints..<($0 + 1) * measuredPoints]), of: data.density, decisionError: nil)
      }
    }
  }
}

/// Looks at a game's players without disturbing them.
private struct TutorialProbe {
  let game: TutorialGame
  let positions: [Double]
  /// Points of the data that a position is judged among, where D looks at the whole batch.
  let company: Tensor

  init(_ game: TutorialGame, positions: [Double]) {
    self.game = game
    self.positions = positions
    let count = game.settings.batchSize - 1
    // Quantiles are the most typical batch there is.
    company = Tensor((0..<count).map { Float(game.settings.density.quantile((Double($0) + 0.5) / Double(count))) })
  }

  /// D(x) at the positions, for each seed. With minibatch discrimination each x is judged as one member of a batch
  /// whose others are data.
  func decisions() throws -> [[Double]] {
    try checkingTensors {
      try withoutGradient {
        let x = Tensor(positions.map(Float.init), shape: [positions.count, 1])
        guard game.settings.minibatch != nil else {
          let logits = game.discriminator.model(x, .evaluation).logits
          return try rows(game.settings.objective.probability(logits))
        }
        let size = company.count + 1
        let batches = concatenated([x, company.unsqueezed(0).expanded([positions.count, company.count])], -1)
        let context = Context(.evaluation, random: game.random, groups: positions.count)
        let logits = game.discriminator.model(batches.reshaped([-1, 1]), context).logits
        let own = logits.reshaped([game.random.leadingShape.reduce(1, *), positions.count, size]).sliced(-1, 0..<1)
        return try rows(game.settings.objective.probability(own))
      }
    }
  }

  /// `count` generated points for each seed.
  func points(_ count: Int) throws -> [[Double]] {
    try checkingTensors {
      try withoutGradient {
        let z = game.noise(count, game.random.stream("measuring"))
        return try rows(game.generated(z))
      }
    }
  }

  private func rows(_ x: Tensor) throws -> [[Double]] {
    let values = try x.values(Double.self)
    let seeds = game.random.leadingShape.reduce(1, *)
    let length = values.count / seeds
    return (0..<seeds).map { Array(values[$0 * length..<($0 + 1) * length]) }
  }
}

/// Both players' losses, averaged over short stretches of the run.
private struct LossCurves {
  let interval: Int
  private(set) var steps: [Int] = []
  private(set) var discriminator: [[Double]]
  private(set) var generator: [[Double]]
  private var sums: (discriminator: [Double], generator: [Double])

  init(seeds: Int, interval: Int) {
    self.interval = interval
    discriminator = Array(repeating: [], count: seeds)
    generator = Array(repeating: [], count: seeds)
    let zeros = [Double](repeating: 0, count: seeds)
    sums = (zeros, zeros)
  }

  mutating func add(_ report: StepReport) {
    for seed in sums.discriminator.indices {
      sums.discriminator[seed] += report.discriminatorLoss[seed]
      sums.generator[seed] += report.generatorLoss[seed]
    }
    guard (report.step + 1) % interval == 0 else { return }
    steps.append(report.step + 1)
    for seed in sums.discriminator.indices {
      discriminator[seed].append(sums.discriminator[seed] / Double(interval))
      generator[seed].append(sums.generator[seed] / Double(interval))
      (sums.discriminator[seed], sums.generator[seed]) = (0, 0)
    }
  }
}

private func evenly(_ range: ClosedRange<Double>, _ count: Int) -> [Double] {
  (0..<count).map {
    range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / Double(count - 1)
  }
}
