import Settings
import Torch

/// Training images mirrored and shifted as batches are made, as classifiers are trained: D never sees an image the same
/// way twice.
///
/// What is done to the data G learns to make: mirrored writing, shifted frames. ``DiffAugment`` does it to what D sees
/// of both players, and leaves nothing of it in the samples.
public enum DataAugmentation {
  /// What a recipe says of it, under `dataAugmentation`.
  public struct Settings: TechniqueSettings {
    public static let key = "dataAugmentation"
    public static let keys: [SettingsKey] = [
      SettingsKey("mirrors", "training images mirrored left to right, every second one on average"),
      SettingsKey("shift", "training images moved by up to so many pixels, up or down and to either side"),
      SettingsKey(
        "padding", "what stands where an image has moved away from: zero, or the image reflected", of: ShiftPadding.self
      ),
    ]

    /// Whether every second image on average is mirrored left to right.
    public var mirrors: Bool
    /// The most pixels that an image is moved, up or down and to either side; 0 for none.
    public var shift: Int
    /// What stands where it has moved away from.
    public var padding: ShiftPadding

    public init() { self.init(mirrors: false) }

    /// - Parameters:
    ///   - mirrors: whether every second image on average is mirrored.
    ///   - shift: the most pixels that an image is moved; 0 for none.
    public init(mirrors: Bool, shift: Int = 0, padding: ShiftPadding = .reflect) {
      self.mirrors = mirrors
      self.shift = shift
      self.padding = padding
    }

    public var isOn: Bool { mirrors || shift > 0 }
    public var imageAugmentation: ImageAugmentation {
      ImageAugmentation(mirrors: mirrors, shift: shift, padding: padding)
    }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      try check.number("shift", Double(shift), atLeast: 0, atMost: 1024)
      if isOn, !game.hasImages { try check.fail(mirrors ? "mirrors" : "shift", "is for images; these data are points") }
    }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      try check.shift("shift", shift, for: example)
    }
  }
}
