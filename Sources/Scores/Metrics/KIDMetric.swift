import Metrics

/// KID (Binkowski et al. 2018): the kernel distance, over subsets, of the network's features.
public enum KIDMetric: PictureMetric {
  public static let name = "kid"
  public static let title = "KID"
  public static let needs: Set<ScoreNeed> = [.realFeatures]
  public static let moreIsBetter = false

  public static func compute(_ input: ScoreInput) throws -> ScoreValue {
    let settings = input.settings
    let distance = try KernelDistance(
      real: input.realFeatures!, generated: input.generated.features, subsets: settings.kernelSubsets,
      subsetSize: settings.kernelSubsetSize, seed: settings.seed)
    return ScoreValue(
      metric: name, value: distance.mean, deviation: distance.standardDeviation,
      interval: settings.intervals ? distance.interval : nil, resampled: settings.intervals ? "subsets" : nil,
      note: distance.subsetSize < settings.kernelSubsetSize
        ? "subsets of \(distance.subsetSize) pictures, as many as the smaller side has" : nil)
  }
}
