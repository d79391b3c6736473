import Torch

/// Cheap signs of how a game goes, of one batch of real and one of generated examples. A single batch is noisy: what
/// counts is what a sign does over a run, or what it is of some thousand examples.
public struct BatchSigns: Sendable, Hashable {
  /// Mean D(x).
  public let probabilityOfReal: Double
  /// Mean D(G(z)).
  public let probabilityOfGenerated: Double
  /// How many of the examples have a D(x) in each of ``outputBins`` equal parts of 0 ... 1, of which each begins with
  /// its lower end and the last has both; those that are not finite are in none.
  public let outputsOfReal: [Int]
  /// The same of generated examples.
  public let outputsOfGenerated: [Int]
  /// Parts of ``outputsOfReal``.
  public static let outputBins = 20
  /// The share of both batches that D is right about: 1/2 where it cannot tell them apart, 1 where it always can. It
  /// takes for real what has at least half the probability that it is taught for real examples.
  public let accuracy: Double
  /// How widely D's features of generated examples are spread, as a share of how widely those of real ones are: the
  /// root of the ratio of their total variances. 1 where the batches are alike, 0 where all generated examples are one;
  /// nil where D's features of real examples do not vary, or are not finite.
  public let featureSpread: Double?
  /// The share of generated examples that have another one closer than a tenth of the distance that is typical (the
  /// median) between a real example and its nearest neighbour. Of batches that are alike about 1 - 2^(-1 / 10^n), where
  /// the data have n dimensions: 0.07 on a line, less than 0.01 beyond.
  public let nearDuplicates: Double
  /// See ``NeighbourScores``; nil where there are no more than five real examples.
  public let neighbours: NeighbourScores?

  /// - Parameters:
  ///   - probabilities: D(x), N each.
  ///   - realTarget: alpha, what D is taught of real examples: where they and generated ones are alike, the best D says
  ///     alpha / 2.
  ///   - features: [N, A] each.
  ///   - examples: [N, F] each.
  ///   - tolerance: the distance up to which two examples are the same, for `neighbours`.
  ///   - compared: so many of the examples, at most, are compared with each other, which takes time and memory with
  ///     their square.
  /// - Throws: `TensorError`.
  public init(
    probabilities: (real: Tensor, generated: Tensor), realTarget: Double, features: (real: Tensor, generated: Tensor),
    examples: (real: Tensor, generated: Tensor), tolerance: Double = 0, compared: Int = 256
  ) throws {
    func first(_ x: Tensor) -> Tensor { x.sliced(0, 0..<min(compared, x.size(0))) }
    (outputsOfReal, outputsOfGenerated) = try checkingTensors {
      (try Self.outputs(probabilities.real), try Self.outputs(probabilities.generated))
    }
    (probabilityOfReal, probabilityOfGenerated, accuracy, featureSpread, nearDuplicates, neighbours) =
      try checkingTensors {
        try withoutGradient {
          func share(_ condition: Tensor) throws -> Double { try condition.to(.float32).mean().item() }
          // Not every device has float64.
          func variance(_ x: Tensor) throws -> Double { try x.to(.cpu).to(.float64).variance(0).sum().item() }
          let (real, generated) = (first(examples.real), first(examples.generated))
          return (
            try probabilities.real.mean().item(), try probabilities.generated.mean().item(),
            (try share(probabilities.real .> realTarget / 2) + 1 - share(probabilities.generated .> realTarget / 2))
              / 2,
            Self.ratio(try variance(features.generated), try variance(features.real)),
            try Self.nearDuplicates(real, generated),
            real.size(0) > 5 ? try NeighbourScores(real: real, generated: generated, tolerance: tolerance) : nil
          )
        }
      }
  }

  private static func outputs(_ probabilities: Tensor) throws -> [Int] {
    var counts = [Int](repeating: 0, count: outputBins)
    for value in try probabilities.values(Float.self) where value.isFinite {
      counts[min(outputBins - 1, Int(min(1, max(0, value)) * Float(outputBins)))] += 1
    }
    return counts
  }

  private static func ratio(_ generated: Double, _ real: Double) -> Double? {
    let ratio = (generated / real).squareRoot()
    return ratio.isFinite ? ratio : nil
  }

  private static func nearDuplicates(_ real: Tensor, _ generated: Tensor) throws -> Double {
    let (typical, nearest) = (try nearestDistances(real), try nearestDistances(generated))
    guard !typical.isEmpty, !nearest.isEmpty else { return 0 }
    let limit = typical.sorted()[typical.count / 2] / 10
    return Double(nearest.count { $0 < limit }) / Double(nearest.count)
  }

  /// From each row to the nearest other one; empty where there is no other.
  private static func nearestDistances(_ x: Tensor) throws -> [Double] {
    guard x.size(0) > 1 else { return [] }
    // In ascending order the first is the distance from itself.
    return try euclideanDistances(x, x).sortedValues(-1).sliced(-1, 1..<2).values(Double.self)
  }
}
