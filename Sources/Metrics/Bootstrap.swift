import Torch

/// How sure a mean over few repetitions is, without assuming how they are distributed.
public enum Bootstrap {
  /// The interval that holds the middle `level` of the means of `resamples` samples, each drawn from `values` with
  /// replacement (the percentile bootstrap of Efron 1979).
  ///
  /// The same values give the same interval: the draws are those of a fixed seed.
  ///
  /// - Precondition: there is a value; `level` is between 0 and 1.
  public static func meanInterval(_ values: [Double], level: Double = 0.95, resamples: Int = 10_000)
    -> ClosedRange<Double>
  {
    precondition(!values.isEmpty && level > 0 && level < 1, "an interval needs a value and a level between 0 and 1")
    let count = values.count
    let draws = RandomStream(seed: 0).stream("bootstrap").uniform([resamples * count], dtype: .float64)
    guard let draws = try? draws.values(Double.self) else { return values.min()!...values.max()! }
    let means = (0..<resamples).map { resample in
      var total = 0.0
      for draw in draws[resample * count..<(resample + 1) * count] { total += values[Int(draw * Double(count))] }
      return total / Double(count)
    }.sorted()
    func quantile(_ share: Double) -> Double { means[min(resamples - 1, Int(share * Double(resamples)))] }
    return quantile((1 - level) / 2)...quantile((1 + level) / 2)
  }
}
