import Metrics

/// See `PrecisionRecall`.
public enum PrecisionMetric: PictureMetric {
  public static let name = "precision"
  public static let title = "Precision"
  public static let needs: Set<ScoreNeed> = [.realFeatures]
  public static let moreIsBetter = true

  public static func compute(_ input: ScoreInput) throws -> ScoreValue {
    let result = try input.precisionRecall()
    return ScoreValue(
      metric: name, value: result.precision, interval: input.settings.intervals ? result.interval(of: .precision) : nil,
      resampled: input.settings.intervals ? "generated pictures, their balls as they are" : nil)
  }
}
