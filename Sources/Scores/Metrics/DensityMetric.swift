import Metrics

/// See `PrecisionRecall`.
public enum DensityMetric: PictureMetric {
  public static let name = "density"
  public static let title = "Density"
  public static let needs: Set<ScoreNeed> = [.realFeatures]
  public static let moreIsBetter = true

  public static func compute(_ input: ScoreInput) throws -> ScoreValue {
    let result = try input.precisionRecall()
    return ScoreValue(
      metric: name, value: result.density, interval: input.settings.intervals ? result.interval(of: .density) : nil,
      resampled: input.settings.intervals ? "generated pictures, their balls as they are" : nil)
  }
}
