import Images
import Settings

/// How pictures as people have them become a data set of one size.
public struct PictureSettings: Codable, Hashable, Sendable {
  /// What is cut off before a picture is fitted.
  public enum Crop: String, Codable, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// The largest square of whole pixels in the middle is kept, as stylegan's `center-crop` does.
    case center
  }

  /// The channels that images get.
  public enum Channels: String, Codable, Sendable, CaseIterable {
    /// Three if any picture is in colour, else one.
    case auto
    /// One.
    case grey = "1"
    /// Three.
    case colour = "3"
  }

  /// Which classes pictures have.
  public enum Labels: String, Codable, Sendable, CaseIterable {
    /// What `dataset.json` says, else the folders that the pictures lie in; none where there are no such folders.
    case auto
    /// None, whatever there is.
    case none
  }

  /// Each with what it does.
  public static let keys: [SettingsKey] = [
    SettingsKey("size", "the side of the images in pixels; 0 for that of the pictures"),
    SettingsKey("crop", "what is cut off before a picture is fitted", of: Crop.self),
    SettingsKey("fit", "how a picture that is not square becomes square", of: Fit.self),
    SettingsKey("filter", "how pictures are made smaller or larger", of: ResizingFilter.self),
    SettingsKey(
      "background", "the colour behind what is transparent, and beside what is contained: white, black or #rrggbb"),
    SettingsKey("channels", "grey or colour; auto takes colour if any picture is in colour", of: Channels.self),
    SettingsKey("labels", "where classes come from: dataset.json or folders, or nowhere", of: Labels.self),
    SettingsKey("strict", "a file that cannot be used is an error; otherwise it is left out and named"),
    SettingsKey("testShare", "the share of each class that is held back for tests"),
  ]

  /// The side of the images in pixels, 0 for that of the pictures, which must then all have one size.
  public var size = 0
  /// What is cut off before a picture is fitted.
  public var crop = Crop.none
  /// What becomes of a picture of another shape than the images'.
  public var fit = Fit.cover
  /// What a picture is resized with.
  public var filter = ResizingFilter.lanczos
  /// Of what is transparent, and of the sides of what is contained: `white`, `black` or `#rrggbb`.
  public var background = "white"
  /// The channels that the images get.
  public var channels = Channels.auto
  /// Which classes the pictures have.
  public var labels = Labels.auto
  /// Whether any file that has to be left out, but for those that systems leave lying about, is an error.
  public var strict = false
  /// The share of the pictures of each class that is held back for tests, where no folders say which these are.
  public var testShare = 0.0

  /// Every setting as it is unless stated otherwise: see the properties.
  public init() {}

  /// The colour of ``background``; nil where it is none.
  public var backgroundColour: RGB? {
    switch background.lowercased() {
    case "white": return .white
    case "black": return .black
    default:
      guard let match = background.lowercased().wholeMatch(of: /#([0-9a-f]{6})/), let value = Int(match.1, radix: 16)
      else { return nil }
      return RGB(UInt8(value >> 16), UInt8(value >> 8 & 255), UInt8(value & 255))
    }
  }

  /// - Throws: `SettingsError`.
  public func validate(_ check: SettingsCheck) throws {
    try check.number("size", Double(size), atLeast: 0, atMost: 8192)
    if backgroundColour == nil {
      try check.fail("background", "must be white, black or a colour such as #80ff00, is '\(background)'")
    }
    try check.number("testShare", testShare, atLeast: 0, atMost: 0.9)
  }

  /// By name, for people and for ``Provenance``.
  var words: [String: String] {
    [
      "size": size == 0 ? "as it is" : "\(size)", "crop": crop.rawValue, "fit": fit.rawValue,
      "filter": filter.rawValue, "background": background, "channels": channels.rawValue, "labels": labels.rawValue,
      "strict": "\(strict)", "testShare": "\(testShare)",
    ]
  }
}

extension Fit: Codable {}
extension ResizingFilter: Codable {}
