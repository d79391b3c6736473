import Metrics

/// See `PrecisionRecall`.
public enum CoverageMetric: PictureMetric {
  public static let name = "coverage"
  public static let title = "Coverage"
  public static let needs: Set<ScoreNeed> = [.realFeatures]
  public static let moreIsBetter = true

  public static func compute(_ input: ScoreInput) throws -> ScoreValue {
    let result = try input.precisionRecall()
    return ScoreValue(
      metric: name, value: result.coverage, interval: input.settings.intervals ? result.interval(of: .coverage) : nil,
      resampled: input.settings.intervals ? "real pictures, their balls as they are" : nil)
  }
}
