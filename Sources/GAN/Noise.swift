import NN
import Torch

/// z, the generator's input: [..., N, dimensions].
public enum Noise: Sendable, Hashable {
  /// Uniform on [low, high).
  case uniform(_ low: Double, _ high: Double, dimensions: Int)
  /// N(0, 1)
  case normal(dimensions: Int)
  /// One-dimensional: N evenly spaced points from `low` to `high`, each moved up by U[0, jitter); ascending where the
  /// jitter is below the spacing.
  case stratified(_ low: Double, _ high: Double, jitter: Double)

  /// Numbers in a row of z; 1 of stratified noise.
  public var dimensions: Int {
    switch self {
    case .uniform(_, _, let dimensions), .normal(let dimensions): dimensions
    case .stratified: 1
    }
  }

  /// The distribution of one element: for the reference batch of virtual batch normalisation. Stratified noise becomes
  /// uniform noise over its range.
  public var distribution: Initializer {
    switch self {
    case .uniform(let low, let high, _): .interval(low, high)
    case .normal: .normal(standardDeviation: 1)
    case .stratified(let low, let high, let jitter): .interval(low, high + jitter)
    }
  }

  /// `count` draws, for each seed of `random`.
  ///
  /// - Parameter rows: those of the draws that are made, for one of several processes; all if nil.
  public func callAsFunction(
    _ count: Int, _ random: RandomStream, rows: Range<Int>? = nil, dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    let (random, own) = (rows.map { random.rows([$0]) } ?? random, rows ?? 0..<count)
    switch self {
    case .uniform(let low, let high, let dimensions):
      return random.uniform([own.count, dimensions], dtype: dtype, device: device) * (high - low) + low
    case .normal(let dimensions):
      return random.normal([own.count, dimensions], dtype: dtype, device: device)
    case .stratified(let low, let high, let jitter):
      let line = Tensor.linspace(low, high, count: count, dtype: dtype, device: device).unsqueezed(-1)
      return random.uniform([own.count, 1], dtype: dtype, device: device) * jitter
        + (rows == nil ? line : line.sliced(0, own))
    }
  }
}

extension ReferenceBatch {
  /// `count` rows of `noise`, for a generator.
  public init(_ count: Int, of noise: Noise) {
    self.init(count, shape: [noise.dimensions], distribution: noise.distribution)
  }
}
