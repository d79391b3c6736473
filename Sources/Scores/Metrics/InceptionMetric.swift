import Metrics
import Torch

/// The Inception score (Salimans et al. 2016) by the classes of the network that features come from; see
/// `InceptionScore`. The pictures are put in an order first by NumPy's `RandomState(seed).permutation`, as
/// torch-fidelity puts them.
public enum InceptionMetric: PictureMetric {
  public static let name = "is"
  public static let title = "Inception score"
  public static let needs: Set<ScoreNeed> = [.classes]
  public static let moreIsBetter = true

  public static func compute(_ input: ScoreInput) throws -> ScoreValue {
    let settings = input.settings
    let logits =
      settings.outputBias ? input.generated.logits : input.generated.logitsWithoutBias ?? input.generated.logits
    guard let logits else { throw ScoreError.noClasses }
    var random = NumPyRandom(seed: settings.seed)
    let rows = logits.selecting(random.permutation(logits.count))
    var score = try InceptionScore(samples: rows.count, splits: settings.splits, classes: rows.dimensions)
    try checkingTensors { try score.add(logits: Tensor(rows.values, shape: [rows.count, rows.dimensions])) }
    let result = try score.result()
    return ScoreValue(
      metric: name, value: result.mean, deviation: result.standardDeviation,
      interval: settings.intervals && result.splits > 1
        ? Bootstrap.meanInterval(result.scores, resamples: 1_000) : nil,
      resampled: settings.intervals && result.splits > 1 ? "splits" : nil)
  }
}
