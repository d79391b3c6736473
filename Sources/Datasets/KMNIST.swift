import Files
import Foundation
import Settings

/// Kuzushiji-MNIST of Clanuwat and others: 60 000 training and 10 000 test images of old Japanese characters, 28 x 28
/// grey pixels, ten classes (<https://github.com/rois-codh/kmnist>).
public enum KMNIST {
  /// The characters, by label, as they are read.
  public static let classNames = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]

  /// The four files as they were published, under MNIST's names.
  public static let published = PublishedDataSet(
    name: "kmnist", title: "KMNIST",
    files: [
      RemoteFile(name: "train-images-idx3-ubyte.gz", size: 18_165_135, md5: "bdb82020997e1d708af4cf47b453dcf7"),
      RemoteFile(name: "train-labels-idx1-ubyte.gz", size: 29_497, md5: "e144d726b3acfaa3e44228e80efcd344"),
      RemoteFile(name: "t10k-images-idx3-ubyte.gz", size: 3_041_136, md5: "5c965bf0a639b31b8f53240b1b52f4d7"),
      RemoteFile(name: "t10k-labels-idx1-ubyte.gz", size: 5_120, md5: "7320c461ea6c1c855c0b718fb2a4b134"),
    ],
    mirrors: ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"])

  /// Reads one split; see ``MNIST/load(directory:split:requiresLabels:)`` for files and errors.
  ///
  /// - Returns: [count, 1, 28, 28] with labels 0...9; others are refused.
  public static func load(
    directory: URL = published.directory, split: Split, requiresLabels: Bool = true
  ) throws(FileError) -> LabelledImages {
    try IDXDataSet(
      title: "KMNIST", advice: "`gan data get kmnist` fetches them", names: MNIST.names, classNames: classNames
    ).load(directory: directory, split: split, requiresLabels: requiresLabels).labelled
  }
}

extension KMNIST {
  /// The characters as a recipe's data, as `data.source: kmnist`.
  public struct Source: ImageSource {
    public static let kind = "kmnist"
    public static let keys: [SettingsKey] = [.pixels]
    public static var defaultDirectory: URL? { KMNIST.published.directory }
    public static var downloads: [PublishedDataSet] { [KMNIST.published] }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange

    public init() { self.init(pixels: .unit) }

    /// - Parameter pixels: what the bytes of a pixel become; 0 ... 1 by default.
    public init(pixels: PixelRange = .unit) {
      self.pixels = pixels
    }

    public var title: String { "KMNIST" }

    public var published: PublishedImages? {
      PublishedImages(count: 60_000, channels: 1, height: 28, width: 28, classes: 10)
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      try KMNIST.load(directory: place, split: split, requiresLabels: requiresLabels)
    }
  }
}
