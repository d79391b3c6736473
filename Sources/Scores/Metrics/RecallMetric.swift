import Metrics

/// See `PrecisionRecall`.
public enum RecallMetric: PictureMetric {
  public static let name = "recall"
  public static let title = "Recall"
  public static let needs: Set<ScoreNeed> = [.realFeatures]
  public static let moreIsBetter = true

  public static func compute(_ input: ScoreInput) throws -> ScoreValue {
    let result = try input.precisionRecall()
    return ScoreValue(
      metric: name, value: result.recall, interval: input.settings.intervals ? result.interval(of: .recall) : nil,
      resampled: input.settings.intervals ? "real pictures, their balls as they are" : nil)
  }
}
