import Metrics

/// The Frechet distance of any network's features.
public enum FrechetMetric: PictureMetric {
  public static let name = "fd"
  public static let title = "Fréchet distance"
  public static let needs: Set<ScoreNeed> = [.realStatistics]
  public static let moreIsBetter = false

  public static func compute(_ input: ScoreInput) throws -> ScoreValue { try compute(input, as: name) }

  static func compute(_ input: ScoreInput, as name: String) throws -> ScoreValue {
    let sides = try input.frechetSides()
    let distance = try FrechetDistance(real: sides.real, generated: sides.generated)
    let fewest = min(input.generated.features.count, sides.real.statistics.count ?? .max)
    let dimensions = input.generated.features.dimensions
    return ScoreValue(
      metric: name, value: distance.value,
      interval: input.settings.intervals
        ? try distance.interval(real: sides.real, generated: sides.generated, features: input.generated.features)
        : nil, resampled: input.settings.intervals ? "generated pictures, to first order" : nil,
      note: fewest > dimensions
        ? nil : "of \(fewest) pictures and \(dimensions) dimensions: too large, the more so the fewer pictures")
  }
}
