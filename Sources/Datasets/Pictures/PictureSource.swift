import Files
import Foundation
import Images
import Settings

/// A folder or zip archive of pictures as a recipe's data, as `data.source: pictures`.
public struct PictureSource: ImageSource {
  public static let kind = "pictures"
  public static let keys = [SettingsKey.pixels] + PictureSettings.keys
  public static var defaultDirectory: URL? { nil }

  /// How the pictures become images of one size.
  public var settings: PictureSettings
  /// What the bytes of a pixel become.
  public var pixels: PixelRange

  public init() { self.init(PictureSettings()) }

  /// By default pixels are in -1 ... 1.
  public init(_ settings: PictureSettings, pixels: PixelRange = .symmetric) {
    self.settings = settings
    self.pixels = pixels
  }

  public var title: String { "Pictures" }

  /// That depends on the pictures.
  public var published: PublishedImages? { nil }

  public func validate(_ check: SettingsCheck) throws { try settings.validate(check) }

  public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
    try open(at: place, split, requiresLabels: requiresLabels, progress: { _ in })
  }

  /// Opens the set: maps its packed file, or makes that first.
  ///
  /// - Parameters:
  ///   - cache: where packed files are.
  ///   - progress: called on this thread while it is packed; may end that by throwing.
  /// - Throws: `FileError`: see ``PictureScan`` and ``PicturePreparation``; what `progress` throws.
  public func open(
    at place: URL, _ split: Split = .train, requiresLabels: Bool = true, cache: PackedCache = .standard,
    progress: (PictureProgress) throws -> Void
  ) throws -> LabelledImages {
    let container = try pictureContainer(at: place)
    // What is read otherwise by a later version of this code counts the first number up.
    let words = settings.words.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ")
    let key = PackedKey(
      source: place, files: container.stamps, settings: "pictures 1 \(split.rawValue) \(requiresLabels) \(words)")
    if let images = cache.images(key) { return images }
    let scan = try PictureScan(
      container, settings, split: split, requiresLabels: requiresLabels, progress: progress)
    var preparation = try PicturePreparation(scan, settings)
    let writer = PackedImagesWriter(
      key, in: cache, channels: preparation.channels, height: preparation.height, width: preparation.width)
    try preparation.run(transform: { $0.planes }, progress: progress) { picture, planes in
      try writer.append(planes, label: picture.label)
    }
    return try writer.finish(
      classNames: scan.classNames, provenance: preparation.provenance(used: writer.count))
  }
}

extension PictureSource {
  private enum Key: String, CodingKey { case pixels }

  // Both in the keys of one mapping.
  public init(from decoder: any Decoder) throws {
    settings = try PictureSettings(from: decoder)
    pixels = try decoder.container(keyedBy: Key.self).decode(PixelRange.self, forKey: .pixels)
  }

  public func encode(to encoder: any Encoder) throws {
    try settings.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(pixels, forKey: .pixels)
  }
}
