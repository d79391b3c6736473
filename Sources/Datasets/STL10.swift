import Files
import Foundation
import Settings

/// STL-10 of Coates, Lee and Ng: images of 96 x 96 pixels in colour, 5 000 for training and 8 000 for tests in ten
/// classes, and 100 000 without a label (<https://cs.stanford.edu/~acoates/stl10/>).
public enum STL10 {
  /// A part of the set.
  public enum Part: String, Sendable, CaseIterable, Codable {
    /// What is learned from, and what is held back to test by; both have labels.
    case train, test
    /// Without labels.
    case unlabeled
  }

  /// The names of the classes, by label.
  public static let classNames = [
    "airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck",
  ]

  /// The archive as it was published. Its page states no checksum; this is the one that torchvision holds it to.
  public static let published = PublishedDataSet(
    name: "stl10", title: "STL-10",
    files: [RemoteFile(name: "stl10_binary.tar.gz", size: 2_640_397_119, md5: "91f7769df0f17e558f3565bffb0c7dfb")],
    mirrors: ["https://cs.stanford.edu/~acoates/stl10/", "http://ai.stanford.edu/~acoates/stl10/"])

  private static let side = 96
  private static let imageSize = 3 * side * side

  /// Reads one part: `train_X.bin` and `train_y.bin`, `test_X.bin` and `test_y.bin`, or `unlabeled_X.bin`; loose in
  /// `directory`, in its folder `stl10_binary`, or in the archive as it was downloaded.
  ///
  /// A pixel file is planes of 96 x 96 bytes, red, green and blue of each image, column by column; a label file is a
  /// byte for each image, from 1.
  ///
  /// - Parameters:
  ///   - directory: a folder with the files, or the archive itself.
  ///   - requiresLabels: false where labels are of no interest: their file may then be missing, and is not read.
  /// - Returns: [count, 3, 96, 96], upright, with labels 0...9. The part without labels takes 2.8 GB of memory.
  /// - Throws: `FileError`: a file that is missing, cut short or too long; counts that differ; a label outside 1...10.
  public static func load(
    directory: URL = published.directory, part: Part, requiresLabels: Bool = true
  ) throws(FileError) -> LabelledImages {
    let hasLabels = requiresLabels && part != .unlabeled
    let pixelFile = "\(part.rawValue)_X.bin"
    let labelFile = "\(part.rawValue)_y.bin"
    let files = PublishedFiles(
      title: "STL-10", advice: "`gan data get stl10` fetches them", folder: "stl10_binary",
      archives: ["stl10_binary.tar.gz"], names: hasLabels ? [pixelFile, labelFile] : [pixelFile])
    guard let found = try files.find(in: directory) else { throw PublishedFiles.missing([files], in: directory) }
    let limit = part == .unlabeled ? 100_000 : part == .train ? 5_000 : 8_000
    var images: [UInt8] = []
    var labels: [UInt8]?
    var mismatch: FileError?
    try files.read(found) { index, stream throws(FileError) in
      if index == 0 {
        images = try pixels(from: stream, limit: limit)
      } else {
        labels = try classes(from: stream, limit: limit)
      }
      if let labels, !images.isEmpty, labels.count * imageSize != images.count {
        mismatch = stream.fail(
          "\(pixelFile) holds \(grouped(images.count / imageSize)) images, but \(labelFile) holds "
            + "\(grouped(labels.count)) labels", at: stream.count)
      }
    }
    if let mismatch { throw mismatch }
    return DecodedImages(
      images: images, labels: labels, height: side, width: side, channels: 3, classNames: classNames
    ).labelled
  }

  private static func pixels(from stream: any ByteStream, limit: Int) throws(FileError) -> [UInt8] {
    var images: [UInt8] = []
    while true {
      var image = try stream.read(imageSize)
      if image.isEmpty { break }
      guard image.count == imageSize else {
        throw stream.fail(
          "ends within image \(grouped(images.count / imageSize)), after \(grouped(image.count)) of its "
            + "\(grouped(imageSize)) bytes", at: stream.count)
      }
      guard images.count < limit * imageSize else {
        throw stream.fail(
          "holds more than the \(grouped(limit)) images of the published file", at: stream.count - imageSize)
      }
      DecodedImages.turnUpright(&image, height: side, width: side)
      images += image
    }
    guard !images.isEmpty else { throw stream.fail("holds no images: it is empty", at: 0) }
    return images
  }

  private static func classes(from stream: any ByteStream, limit: Int) throws(FileError) -> [UInt8] {
    let bytes = try stream.read(limit + 1)
    guard !bytes.isEmpty else { throw stream.fail("holds no labels: it is empty", at: 0) }
    guard bytes.count <= limit else {
      throw stream.fail("holds more than the \(grouped(limit)) labels of the published file", at: limit)
    }
    if let index = bytes.firstIndex(where: { !(1...10).contains($0) }) {
      throw stream.fail("has the label \(bytes[index]) at index \(grouped(index)), outside 1...10", at: index)
    }
    return bytes.map { $0 - 1 }
  }
}

extension STL10 {
  /// The images as a recipe's data, as `data.source: stl10`.
  public struct Source: ImageSource {
    public static let kind = "stl10"
    public static let keys: [SettingsKey] = [
      .pixels,
      SettingsKey("training", "which part is learnt; unlabeled is for recipes without labels", of: Part.self),
    ]
    public static var defaultDirectory: URL? { STL10.published.directory }
    public static var downloads: [PublishedDataSet] { [STL10.published] }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange
    /// Which part is learned from: `unlabeled` is for recipes that do without labels.
    public var training: Part

    public init() { self.init(pixels: .symmetric) }

    /// By default pixels are in -1 ... 1, and the labelled part is learned from.
    public init(pixels: PixelRange = .symmetric, training: Part = .train) {
      self.pixels = pixels
      self.training = training
    }

    public var title: String { "STL-10" }

    public var published: PublishedImages? {
      PublishedImages(
        count: training == .unlabeled ? 100_000 : training == .train ? 5_000 : 8_000, channels: 3, height: 96,
        width: 96, classes: 10)
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      let part: Part = split == .train ? training : .test
      guard part != .unlabeled || !requiresLabels else {
        throw FileError(path: place.path, reason: "has no labels in STL-10's part unlabeled, and labels are wanted")
      }
      return try STL10.load(directory: place, part: part, requiresLabels: requiresLabels)
    }
  }
}
