import Foundation
import Torch

/// The Inception score of a stream of samples (Salimans et al. 2016, section 4):
///
///     exp( E_x KL( p(y|x) || p(y) ) ),   p(y) = E_x p(y|x)
///
/// over each of S equal splits of N samples, in the order in which they are added; reported are the mean and the
/// standard deviation of the S scores. A score lies between 1 (every sample is classified alike) and the number of
/// classes K (every sample surely of one class, all classes equally often).
///
/// ```swift
/// var score = InceptionScore(samples: 50_000)
/// while let images = next() { try score.add(classifier(images)) }
/// print(try score.result().mean)
/// ```
///
/// Sums are kept in float64 and only for the split at hand, so memory grows with K and S, not with N, and how the
/// samples are cut into batches does not matter. The score of fewer samples is too low: p(y) is estimated from N / S
/// samples, which makes it look too much like each p(y|x). Compare scores of equal N and S only.
public struct InceptionScore {
  /// N, in all splits together.
  public let samples: Int
  /// S, of N / S samples each.
  public let splits: Int
  /// K; that of the first batch where it was not stated.
  public private(set) var classes: Int?
  /// How many samples were added.
  public private(set) var count = 0

  /// Of the splits that are complete.
  private var scores: [Double] = []
  /// Of the split at hand: the sum over x of sum over k of p log p, and for each k the sum over x of p.
  private var negativeEntropy = 0.0
  private var probabilities: [Double] = []

  /// - Parameters:
  ///   - samples: N, at least 1.
  ///   - splits: S, which divides N.
  ///   - classes: K, at least 2.
  /// - Throws: ``ScoreError`` where `splits` does not divide `samples`.
  public init(samples: Int, splits: Int = 10, classes: Int? = nil) throws(ScoreError) {
    guard samples > 0, splits > 0, samples % splits == 0 else {
      throw .splitsDoNotDivide(samples: samples, splits: splits)
    }
    self.samples = samples
    self.splits = splits
    self.classes = classes
  }

  /// The mean of the splits' scores, and what it is the mean of.
  public struct Result: Sendable, Hashable, Codable {
    /// Of the splits' scores; in 1 ... K.
    public let mean: Double
    /// Over the splits, with S in the denominator, as the code released with the paper has it (NumPy's `std`); 0 for
    /// one split.
    public let standardDeviation: Double
    /// The splits' scores, in the order of their samples.
    public let scores: [Double]
    /// N, in all splits together.
    public let samples: Int
    /// K
    public let classes: Int

    /// S
    public var splits: Int { scores.count }

    /// With S - 1 in the denominator, as ``Summary`` has it.
    public var unbiasedDeviation: Double { Summary(scores).standardDeviation }
  }

  /// Takes in a batch of any size of what a classifier says.
  ///
  /// - Throws: ``ScoreError``, and nothing was taken in; `TensorError`.
  public mutating func add(_ outputs: ClassOutputs) throws {
    switch outputs {
    case .logits(let logits): try add(logits: logits)
    case .probabilities(let probabilities): try add(probabilities: probabilities)
    }
  }

  /// Takes in a batch [B, K] of logits; p(y|x) is their softmax, and log p its logarithm, which is never taken of a
  /// rounded probability.
  ///
  /// - Throws: ``ScoreError``, and nothing was taken in; `TensorError`.
  public mutating func add(logits: Tensor) throws {
    // A class with a logit of minus infinity has no probability; the largest logit must be a number.
    let x = try checked(logits) { $0.max(-1) }
    try checkingTensors {
      let logP = x - x.logSumExp(-1, keep: true)
      let p = exp(logP)
      // 0 log 0 is 0, and 0 times any finite number.
      try accumulate(p, p * logP.clamped(-.greatestFiniteMagnitude, .infinity))
    }
  }

  /// Takes in a batch [B, K] of p(y|x); 0 log 0 is 0.
  ///
  /// A sum over the classes may differ from 1 by 0.001, as in half precision, and is divided out.
  ///
  /// - Throws: ``ScoreError``, and nothing was taken in; `TensorError`.
  public mutating func add(probabilities: Tensor) throws {
    let x = try checked(probabilities) { $0 }
    try checkingTensors {
      let sums = x.sum(-1, keep: true)
      let isWrong = maximum((x.min(-1, keep: true) .>= 0).to(.float64) * -1 + 1, (abs(sums - 1) .> 1e-3).to(.float64))
      if try isWrong.max().item() > 0 {
        let row = Int(try isWrong.argmax(0).item())
        throw ScoreError.notProbabilities(sample: count + row, sum: try sums.sliced(0, row..<row + 1).item())
      }
      let p = x / sums
      // The bound keeps log 0 out; 0 times any finite number is 0.
      try accumulate(p, p * log(p.clamped(.leastNormalMagnitude, 1)))
    }
  }

  /// The score.
  ///
  /// - Throws: ``ScoreError`` unless exactly ``samples`` samples were added.
  public func result() throws(ScoreError) -> Result {
    guard count == samples, let classes else { throw .tooFewSamples(count, of: samples) }
    let mean = scores.reduce(0, +) / Double(splits)
    let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(splits)
    return Result(
      mean: mean, standardDeviation: variance.squareRoot(), scores: scores, samples: samples, classes: classes)
  }

  /// `x` in float64 on the CPU (not every device has float64), if it can be taken in.
  ///
  /// - Parameter essential: what of [B, K] must be finite, [B] or [B, K].
  private func checked(_ x: Tensor, _ essential: (Tensor) -> Tensor) throws -> Tensor {
    try checkingTensors {
      guard x.isPoisoned || (x.rank == 2 && x.size(1) >= 2 && x.size(1) == classes ?? x.size(1)) else {
        throw ScoreError.wrongShape(x.shape, classes: classes)
      }
      guard count + x.size(0) <= samples else { throw ScoreError.tooManySamples(count + x.size(0), of: samples) }
      let values = x.detached().to(.cpu).to(.float64)
      guard values.size(0) > 0 else { return values }
      let isFinite = essential(values).isFinite.to(.float64).reshaped([values.size(0), -1]).min(-1)
      if try isFinite.min().item() == 0 {
        throw ScoreError.notFinite(sample: count + Int(try (1 - isFinite).argmax(0).item()))
      }
      return values
    }
  }

  /// - Parameters:
  ///   - p: [B, K], p(y|x).
  ///   - pLogP: [B, K].
  private mutating func accumulate(_ p: Tensor, _ pLogP: Tensor) throws {
    let size = samples / splits
    // Everything that can fail comes before the first change.
    var parts: [(rows: Int, negativeEntropy: Double, probabilities: [Double])] = []
    var first = 0
    while first < p.size(0) {
      let end = min(p.size(0), first + size - (count + first) % size)
      parts.append(
        (
          end - first, try pLogP.sliced(0, first..<end).sum().item(),
          try p.sliced(0, first..<end).sum(0).values(Double.self)
        ))
      first = end
    }
    if classes == nil { classes = p.size(1) }
    for part in parts {
      if probabilities.isEmpty { probabilities = Array(repeating: 0, count: part.probabilities.count) }
      negativeEntropy += part.negativeEntropy
      for k in probabilities.indices { probabilities[k] += part.probabilities[k] }
      count += part.rows
      if count % size == 0 { finishSplit(Double(size)) }
    }
  }

  /// E_x KL(p(y|x) || p(y)) = E_x sum_k p(k|x) log p(k|x) - sum_k p(k) log p(k).
  private mutating func finishSplit(_ size: Double) {
    let marginal = probabilities.reduce(0) { sum, total in
      let p = total / size
      return p > 0 ? sum + p * Foundation.log(p) : sum
    }
    // Never below 0 but for rounding.
    scores.append(Foundation.exp(max(0, negativeEntropy / size - marginal)))
    negativeEntropy = 0
    probabilities = []
  }
}
