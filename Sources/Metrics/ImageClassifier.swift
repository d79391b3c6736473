import Torch

/// A network that says which class an image is of: what the Inception score is a function of.
///
/// A score without its classifier means nothing: two scores can be compared only where name and hash agree.
public protocol ImageClassifier: AnyObject {
  /// For people, such as the name of its file.
  var name: String { get }
  /// SHA-256 of what defines it: 64 lower-case hexadecimal digits.
  var hash: String { get }
  /// How many classes it tells apart; nil where that is only known after the first call.
  var classes: Int? { get }

  /// What it says of each image.
  ///
  /// - Parameter images: [N, C, H, W] with values in 0 ... 1; C is 1 for grey and 3 for red, green and blue.
  /// - Returns: [N, K], K the same in every call.
  /// - Throws: ``ClassifierError`` where the images do not suit it, or it does not return [N, K] numbers as
  ///   ``ClassOutputs`` has them.
  func callAsFunction(_ images: Tensor) throws -> ClassOutputs
}

/// What a classifier says of N images and K classes.
public enum ClassOutputs {
  /// [N, K], before the softmax: numbers that are not NaN and not infinite, but for minus infinity where a class is out
  /// of the question; of each image one at least is finite.
  case logits(Tensor)
  /// [N, K], p(y|x): not negative, and 1 in sum over the classes.
  case probabilities(Tensor)

  /// [N, K], of whichever kind.
  public var tensor: Tensor {
    switch self {
    case .logits(let tensor), .probabilities(let tensor): tensor
    }
  }
}

/// A classifier that did not do its part: which one, and why.
public struct ClassifierError: Error, CustomStringConvertible, Sendable {
  /// Its ``ImageClassifier/name``.
  public let classifier: String
  /// A clause without a full stop.
  public let reason: String

  /// - Parameters:
  ///   - classifier: its name.
  ///   - reason: a clause without a full stop.
  public init(classifier: String, reason: String) {
    self.classifier = classifier
    self.reason = reason
  }

  public var description: String { "classifier \(classifier): \(reason)" }
}
