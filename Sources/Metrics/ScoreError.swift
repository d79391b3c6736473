import Files

/// Why there is no score.
public enum ScoreError: Error, CustomStringConvertible, Sendable, Hashable {
  case splitsDoNotDivide(samples: Int, splits: Int)
  case tooFewSamples(Int, of: Int)
  case tooManySamples(Int, of: Int)
  /// - Parameter shape: what was given in place of [N, `classes`].
  case wrongShape([Int], classes: Int?)
  /// - Parameter sample: the row, counted from 0 over all batches.
  case notFinite(sample: Int)
  case notProbabilities(sample: Int, sum: Double)

  public var description: String {
    switch self {
    case .splitsDoNotDivide(let samples, let splits):
      "\(grouped(samples)) samples cannot be cut into \(grouped(splits)) equal splits"
    case .tooFewSamples(let given, let total):
      "the score of \(grouped(total)) samples was asked for after \(grouped(given))"
    case .tooManySamples(let given, let total):
      "the score is of \(grouped(total)) samples, \(grouped(given)) were given"
    case .wrongShape(let shape, let classes):
      "class outputs have the shape \(shape), not [N, \(classes.map(String.init) ?? "at least 2")]"
    case .notFinite(let sample):
      "the class outputs of sample \(grouped(sample)) are not finite"
    case .notProbabilities(let sample, let sum):
      "the class outputs of sample \(grouped(sample)) are no probabilities: "
        + "they must not be negative and must be 1 in sum, which is \(sum)"
    }
  }
}
