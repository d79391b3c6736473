import Files
import Foundation
import Settings

/// Fashion-MNIST of Xiao, Rasul and Vollgraf: 60 000 training and 10 000 test images of articles of clothing, 28 x 28
/// grey pixels, ten classes (<https://github.com/zalandoresearch/fashion-mnist>).
public enum FashionMNIST {
  /// The names of the classes, by label.
  public static let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]

  /// The four files as they were published, under MNIST's names.
  public static let published = PublishedDataSet(
    name: "fashion-mnist", title: "Fashion-MNIST",
    files: [
      RemoteFile(name: "train-images-idx3-ubyte.gz", size: 26_421_880, md5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
      RemoteFile(name: "train-labels-idx1-ubyte.gz", size: 29_515, md5: "25c81989df183df01b3e8a0aad5dffbe"),
      RemoteFile(name: "t10k-images-idx3-ubyte.gz", size: 4_422_102, md5: "bef4ecab320f06d8554ea6380940ec79"),
      RemoteFile(name: "t10k-labels-idx1-ubyte.gz", size: 5_148, md5: "bb300cfdad3c16e7a12a480ee83cd310"),
    ],
    mirrors: ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"])

  /// Reads one split; see ``MNIST/load(directory:split:requiresLabels:)`` for files and errors.
  ///
  /// - Returns: [count, 1, 28, 28] with labels 0...9; others are refused.
  public static func load(
    directory: URL = published.directory, split: Split, requiresLabels: Bool = true
  ) throws(FileError) -> LabelledImages {
    try IDXDataSet(
      title: "Fashion-MNIST", advice: "`gan data get fashion-mnist` fetches them", names: MNIST.names,
      classNames: classNames
    ).load(directory: directory, split: split, requiresLabels: requiresLabels).labelled
  }
}

extension FashionMNIST {
  /// The articles as a recipe's data, as `data.source: fashion-mnist`.
  public struct Source: ImageSource {
    public static let kind = "fashion-mnist"
    public static let keys: [SettingsKey] = [.pixels]
    public static var defaultDirectory: URL? { FashionMNIST.published.directory }
    public static var downloads: [PublishedDataSet] { [FashionMNIST.published] }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange

    public init() { self.init(pixels: .unit) }

    /// - Parameter pixels: what the bytes of a pixel become; 0 ... 1 by default.
    public init(pixels: PixelRange = .unit) {
      self.pixels = pixels
    }

    public var title: String { "Fashion-MNIST" }

    public var published: PublishedImages? {
      PublishedImages(count: 60_000, channels: 1, height: 28, width: 28, classes: 10)
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      try FashionMNIST.load(directory: place, split: split, requiresLabels: requiresLabels)
    }
  }
}
