import Datasets
import GAN
import Settings

/// A key whose value a recipe leaves to the software, which chooses it by the data when training begins.
///
/// A recipe lists such keys under `automatic`; whoever sets one of them takes it off the list.
public enum AutomaticKey: String, Codable, Sendable, CaseIterable {
  /// Height and width of the pictures.
  case size = "data.size"
  /// What D sees of the pictures.
  case augmentation = "augmentation.policies"
  /// Length of the run.
  case length = "duration.count"
}

/// What was chosen for an ``AutomaticKey``, and why.
public struct AutomaticValue: Sendable, Hashable {
  public let key: AutomaticKey
  /// Such as "64" or "color, translation, cutout".
  public let value: String
  public let reason: String

  /// As a line of text.
  public var description: String { "\(key.rawValue): \(value) (\(reason))" }
}
