import Files
import Foundation
import Settings

/// The handwritten digits of LeCun, Cortes and Burges: 60 000 training and 10 000 test images of 28 x 28 grey pixels,
/// ten classes.
///
/// ```swift
/// try await MNIST.download()
/// let digits = try MNIST.load(split: .train)
/// ```
///
/// Any data set in files of the same names loads as well, with images of another size, in colour, with other classes or
/// without labels.
public enum MNIST {
  /// The number of classes, one for each digit.
  public static let classes = 10

  /// Reads one split from `directory`.
  ///
  /// The files may be gzip-compressed or not, and spelled with a hyphen or a dot: `train-images-idx3-ubyte`,
  /// `train-images-idx3-ubyte.gz`, `train-images.idx3-ubyte` or `train-images.idx3-ubyte.gz`; the first of these that
  /// is there, in the folder or in a folder of its own name, is read. Images have the shape [N, H, W], [N, H, W, C] or
  /// [N, C, H, W], C being 1 or 3 (the last axis, where both may be meant).
  ///
  /// - Parameter requiresLabels: false where labels are of no interest: their file may then be missing or unsound, and
  ///   they are left out.
  /// - Returns: Images of the size and with the channels that the file states. There are as many classes as the largest
  ///   label of both splits says: ten with MNIST itself.
  /// - Throws: `FileError`: a file that is missing, naming the folder, the accepted names and the command that fetches
  ///   them; one that ``IDXFile`` refuses; images and labels exchanged; counts that differ; a label outside 0...255.
  public static func load(
    directory: URL = defaultDirectory, split: Split, requiresLabels: Bool = true
  ) throws(FileError) -> LabelledImages {
    try IDXDataSet(title: "MNIST", advice: "`gan data get mnist` fetches them", names: names, classNames: nil)
      .load(directory: directory, split: split, requiresLabels: requiresLabels).labelled
  }

  /// The names of a split's files, which other data sets have taken over.
  static func names(_ split: Split) -> (images: String, labels: String) {
    let prefix = split == .train ? "train" : "t10k"
    return ("\(prefix)-images-idx3-ubyte", "\(prefix)-labels-idx1-ubyte")
  }
}

extension MNIST {
  /// The digits as a recipe's data, as `data.source: mnist`.
  public struct Source: ImageSource {
    public static let kind = "mnist"
    public static let keys: [SettingsKey] = [.pixels]
    public static var defaultDirectory: URL? { MNIST.published.directory }
    public static var downloads: [PublishedDataSet] { [MNIST.published] }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange

    public init() { self.init(pixels: .unit) }

    /// - Parameter pixels: what the bytes of a pixel become; 0 ... 1 by default.
    public init(pixels: PixelRange = .unit) {
      self.pixels = pixels
    }

    public var title: String { "MNIST" }

    public var published: PublishedImages? {
      PublishedImages(count: 60_000, channels: 1, height: 28, width: 28, classes: MNIST.classes)
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      try MNIST.load(directory: place, split: split, requiresLabels: requiresLabels)
    }
  }
}
