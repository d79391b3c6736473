import Torch

/// How sure a mean over few repetitions is, without assuming how they are distributed.
public enum Bootstrap {
  /// The interval that holds the middle `level` of the means of `resamples` samples, each drawn from `values` with
  /// replacement (the percentile bootstrap of Efron 1979).
  ///
  /// The same values give the same interval: the draws are those of a fixed seed.
  ///
  /// Of no values, or where `level` is not between 0 and 1, both ends are NaN.
  public static func meanInterval(_ values: [Double], level: Double = 0.95, resamples: Int = 10_000)
    -> ClosedRange<Double>
  {
    middle(means(values, resamples, "bootstrap"), level)
  }

  /// The same of the difference mean(`x`) - mean(`y`), the two resampled independently: an interval without 0 says that
  /// they differ.
  ///
  /// Where a side has no values, or `level` is not between 0 and 1, both ends are NaN.
  public static func differenceInterval(_ x: [Double], _ y: [Double], level: Double = 0.95, resamples: Int = 10_000)
    -> ClosedRange<Double>
  {
    middle(zip(means(x, resamples, "bootstrap"), means(y, resamples, "bootstrap of the other")).map(-), level)
  }

  private static func means(_ values: [Double], _ resamples: Int, _ purpose: String) -> [Double] {
    guard !values.isEmpty, resamples > 0 else { return [] }
    let count = values.count
    let draws = RandomStream(seed: 0).stream(purpose).uniform([resamples * count], dtype: .float64)
    guard let draws = try? draws.values(Double.self) else { return values }
    return (0..<resamples).map { resample in
      var total = 0.0
      for draw in draws[resample * count..<(resample + 1) * count] { total += values[Int(draw * Double(count))] }
      return total / Double(count)
    }
  }

  private static func middle(_ means: [Double], _ level: Double) -> ClosedRange<Double> {
    // NaN has no order: a range of it, or of means that hold it, would be a trap.
    guard level > 0 && level < 1, !means.isEmpty, means.allSatisfy({ !$0.isNaN }) else {
      return ClosedRange(uncheckedBounds: (.nan, .nan))
    }
    let sorted = means.sorted()
    func quantile(_ share: Double) -> Double { sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))] }
    return quantile((1 - level) / 2)...quantile((1 + level) / 2)
  }
}
