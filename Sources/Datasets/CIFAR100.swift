import Files
import Foundation
import Settings

/// CIFAR-100 of Krizhevsky, Nair and Hinton: 50 000 training and 10 000 test images of 32 x 32 pixels in colour, a
/// hundred classes in twenty groups (<https://www.cs.toronto.edu/~kriz/cifar.html>).
public enum CIFAR100 {
  /// Which of an image's two labels counts.
  public enum Labels: String, Sendable, CaseIterable, Codable {
    /// The class, of a hundred.
    case fine
    /// The group of classes, of twenty.
    case coarse
  }

  /// The archive as it was published: the binary version.
  public static let published = PublishedDataSet(
    name: "cifar100", title: "CIFAR-100",
    files: [
      RemoteFile(name: "cifar-100-binary.tar.gz", size: 168_513_733, md5: "03b5dce01913d631647c71ecec9e9cb8")
    ],
    mirrors: ["https://www.cs.toronto.edu/~kriz/"])

  /// The names of the classes or of the groups, by label.
  public static func classNames(_ labels: Labels) -> [String] { labels == .fine ? fineNames : coarseNames }

  /// Reads one split: `train.bin` or `test.bin`, or `train` or `test` of the Python version; for where, see
  /// ``CIFAR10/load(directory:split:)``.
  ///
  /// - Parameter directory: a folder with the files, or the archive itself.
  /// - Returns: [count, 3, 32, 32] with labels 0...99 or 0...19.
  /// - Throws: `FileError` as ``CIFAR10/load(directory:split:)``.
  public static func load(
    directory: URL = published.directory, split: Split, labels: Labels = .fine
  ) throws(FileError) -> LabelledImages {
    let advice = "`gan data get cifar100` fetches them"
    let limit = split == .train ? 50_000 : 10_000
    let binary = PublishedFiles(
      title: "CIFAR-100", advice: advice, folder: "cifar-100-binary", archives: ["cifar-100-binary.tar.gz"],
      names: [split.rawValue + ".bin"])
    let python = PublishedFiles(
      title: "CIFAR-100", advice: advice, folder: "cifar-100-python", archives: ["cifar-100-python.tar.gz"],
      names: [split.rawValue])
    return try CIFARRecords.load(
      binary, python, in: directory, names: classNames(labels),
      fromBinary: { stream throws(FileError) in
        try CIFARRecords(
          from: stream, [.init(offset: 0, classes: 20), .init(offset: 1, classes: 100)],
          wanted: labels == .coarse ? 0 : 1, limit: limit)
      },
      fromPickle: { stream throws(FileError) in
        try CIFARRecords(
          pickle: stream, labelKey: labels.rawValue + "_labels", classes: labels == .fine ? 100 : 20, limit: limit)
      })
  }

  private static let coarseNames = [
    "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables", "household_electrical_devices",
    "household_furniture", "insects", "large_carnivores", "large_man-made_outdoor_things",
    "large_natural_outdoor_scenes", "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates",
    "people", "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
  ]

  private static let fineNames = [
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy",
    "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock",
    "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest",
    "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard",
    "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine", "possum",
    "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper",
    "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone",
    "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf",
    "woman", "worm",
  ]
}

extension CIFAR100 {
  /// The images as a recipe's data, as `data.source: cifar100`.
  public struct Source: ImageSource {
    public static let kind = "cifar100"
    public static let keys: [SettingsKey] = [
      .pixels,
      SettingsKey("labels", "which classes: the 100, or the 20 that they belong to", of: Labels.self),
    ]
    public static var defaultDirectory: URL? { CIFAR100.published.directory }
    public static var downloads: [PublishedDataSet] { [CIFAR100.published] }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange
    /// Which of the two labels counts.
    public var labels: Labels

    public init() { self.init(pixels: .symmetric) }

    /// By default pixels are in -1 ... 1, and the 100 finer classes count.
    public init(pixels: PixelRange = .symmetric, labels: Labels = .fine) {
      self.pixels = pixels
      self.labels = labels
    }

    public var title: String { "CIFAR-100" }

    public var published: PublishedImages? {
      PublishedImages(count: 50_000, channels: 3, height: 32, width: 32, classes: labels == .fine ? 100 : 20)
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      try CIFAR100.load(directory: place, split: split, labels: labels)
    }
  }
}
