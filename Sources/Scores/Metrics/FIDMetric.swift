import Metrics

/// FID (Heusel et al. 2017): the Frechet distance of the features of the Inception network of 2015-12-05.
public enum FIDMetric: PictureMetric {
  public static let name = "fid"
  public static let title = "FID"
  public static let needs: Set<ScoreNeed> = [.realStatistics, .inception]
  public static let moreIsBetter = false
  public static func compute(_ input: ScoreInput) throws -> ScoreValue { try FrechetMetric.compute(input, as: name) }
}
