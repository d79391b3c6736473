import Files

/// Why there is no score.
public enum ScoreError: Error, CustomStringConvertible, Sendable, Hashable {
  /// The samples cannot be cut into splits of one size.
  case splitsDoNotDivide(samples: Int, splits: Int)
  /// The score was asked for when so many had been added, and not all.
  case tooFewSamples(Int, of: Int)
  /// With the batch there would be so many, and more than were announced.
  case tooManySamples(Int, of: Int)
  /// - Parameter shape: what was given in place of [N, `classes`].
  case wrongShape([Int], classes: Int?)
  /// - Parameter sample: the row, counted from 0 over all batches.
  case notFinite(sample: Int)
  /// A row that has a number below 0, or is not 1 in sum.
  ///
  /// - Parameter sample: the row, counted from 0 over all batches.
  case notProbabilities(sample: Int, sum: Double)
  /// - Parameter needed: on either side.
  case tooFewPictures(Int, needed: Int)
  /// - Parameter picture: the row, counted from 0.
  case featuresNotFinite(picture: Int)
  /// A mean or a covariance has a NaN or an infinity.
  case statisticsNotFinite
  /// Of the real and of the generated side.
  case otherDimensions(Int, Int)
  /// The network tells no classes apart, which the Inception score is made of.
  case noClasses
  /// What was asked for does not suit what there is; the reason is a sentence without a full stop.
  case unsuitable(String)

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
    case .tooFewPictures(let count, let needed):
      """
      \(grouped(count)) picture\(count == 1 ? " is" : "s are") too few: at least \(grouped(needed)) are needed on \
      either side
      """
    case .featuresNotFinite(let picture):
      "the features of picture \(grouped(picture)) (counted from 0) are not finite"
    case .statisticsNotFinite: "a mean or a covariance is not finite"
    case .otherDimensions(let real, let generated):
      """
      the real side has features of \(grouped(real)) dimensions, the generated one of \(grouped(generated)): they are \
      of other networks
      """
    case .noClasses: "the network tells no classes apart, which the Inception score is made of"
    case .unsuitable(let reason): reason
    }
  }
}
