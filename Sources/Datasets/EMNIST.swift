import Files
import Foundation
import Settings

/// EMNIST of Cohen, Afshar, Tapson and van Schaik: handwritten digits and letters, 28 x 28 grey pixels, in six
/// selections (<https://www.nist.gov/itl/products-and-services/emnist-dataset>).
public enum EMNIST {
  /// A selection of characters.
  public enum Selection: String, Sendable, CaseIterable, Codable {
    /// 47 classes of equal size: as ``bymerge``.
    case balanced
    /// 62 classes: digits, capitals and small letters.
    case byclass
    /// 47 classes: small letters that look like their capitals are one class with them.
    case bymerge
    /// Ten classes of equal size.
    case digits
    /// 26 classes, capitals and small letters together.
    case letters
    /// Ten classes, as large as MNIST.
    case mnist
  }

  /// The characters of a selection, by label.
  public static func classNames(_ selection: Selection) -> [String] {
    let digits = "0123456789", capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    let characters =
      switch selection {
      case .balanced, .bymerge: digits + capitals + "abdefghnqrt"
      case .byclass: digits + capitals + capitals.lowercased()
      case .digits, .mnist: digits
      case .letters: capitals
      }
    return characters.map { String($0) }
  }

  /// How many training images a selection has as published.
  static func trainingCount(_ selection: Selection) -> Int {
    switch selection {
    case .balanced: 112_800
    case .byclass, .bymerge: 697_932
    case .digits: 240_000
    case .letters: 124_800
    case .mnist: 60_000
    }
  }

  /// Reads one split of a selection from `emnist-letters-train-images-idx3-ubyte` and
  /// `emnist-letters-train-labels-idx1-ubyte` and the like, gzip-compressed or not; see
  /// ``MNIST/load(directory:split:requiresLabels:)`` for spellings and errors.
  ///
  /// The files hold images column by column; they are turned upright here. The labels of ``Selection/letters`` count
  /// from 1 there and from 0 here.
  ///
  /// - Returns: [count, 1, 28, 28] with labels below the number of ``classNames(_:)``; others are refused.
  public static func load(
    directory: URL, split: Split, selection: Selection, requiresLabels: Bool = true
  ) throws(FileError) -> LabelledImages {
    let prefix = "emnist-\(selection.rawValue)-"
    return try IDXDataSet(
      title: "EMNIST", advice: "unpack gzip.zip of its makers there",
      names: { (prefix + "\($0.rawValue)-images-idx3-ubyte", prefix + "\($0.rawValue)-labels-idx1-ubyte") },
      classNames: classNames(selection), firstLabel: selection == .letters ? 1 : 0, isTransposed: true
    ).load(directory: directory, split: split, requiresLabels: requiresLabels).labelled
  }
}

extension EMNIST {
  /// The characters as a recipe's data, as `data.source: emnist`.
  public struct Source: ImageSource {
    public static let kind = "emnist"
    public static let keys: [SettingsKey] = [.pixels, SettingsKey("selection", "which characters", of: Selection.self)]
    public static var defaultDirectory: URL? { nil }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange
    /// Which characters.
    public var selection: Selection

    public init() { self.init(pixels: .unit) }

    /// By default pixels are in 0 ... 1, and the characters are letters.
    public init(pixels: PixelRange = .unit, selection: Selection = .letters) {
      self.pixels = pixels
      self.selection = selection
    }

    public var title: String { "EMNIST \(selection.rawValue)" }

    public var published: PublishedImages? {
      PublishedImages(
        count: EMNIST.trainingCount(selection), channels: 1, height: 28, width: 28,
        classes: EMNIST.classNames(selection).count)
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      try EMNIST.load(directory: place, split: split, selection: selection, requiresLabels: requiresLabels)
    }
  }
}
