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
/// Data sets published in the same files (Fashion-MNIST, KMNIST) or with images of another size load as well.
public enum MNIST {
  /// The number of classes, one for each digit.
  public static let classes = 10

  /// Reads one split from `directory`.
  ///
  /// The files may be gzip-compressed or not, and spelled with a hyphen or a dot: `train-images-idx3-ubyte`,
  /// `train-images-idx3-ubyte.gz`, `train-images.idx3-ubyte` or `train-images.idx3-ubyte.gz`; the first of these that
  /// is there is read.
  ///
  /// - Returns: One channel, images of the size that the file states, labels 0...9.
  /// - Throws: `FileError`: a file that is missing, naming the folder, the accepted names and the command that fetches
  ///   them; one that ``IDXFile`` refuses; images and labels exchanged; counts that differ; a label outside 0...9.
  public static func load(directory: URL = defaultDirectory, split: Split) throws(FileError) -> LabelledImages {
    let (imagesURL, labelsURL) = try locate(split, in: directory)
    let images = try IDXFile(contentsOf: imagesURL)
    try expect(images, at: imagesURL, rank: 3, of: "images", axes: "count, height, width")
    let labels = try IDXFile(contentsOf: labelsURL)
    try expect(labels, at: labelsURL, rank: 1, of: "labels", axes: "count")
    guard images.shape[0] == labels.shape[0] else {
      throw FileError(
        path: imagesURL.path,
        reason: "holds \(grouped(images.shape[0])) images, but \(labelsURL.path) holds "
          + "\(grouped(labels.shape[0])) labels")
    }
    if let index = labels.bytes.firstIndex(where: { $0 >= classes }) {
      throw FileError(
        path: labelsURL.path,
        reason: "has the label \(labels.bytes[index]) at index \(grouped(index)), outside 0...\(classes - 1)")
    }
    return LabelledImages(
      images: images.bytes, labels: labels.bytes, height: images.shape[1], width: images.shape[2], channels: 1,
      classes: classes)
  }

  private static func locate(_ split: Split, in directory: URL) throws(FileError) -> (images: URL, labels: URL) {
    let prefix = split == .train ? "train" : "t10k"
    func names(_ kind: String) -> [String] {
      ["\(prefix)-\(kind)-ubyte", "\(prefix)-\(kind)-ubyte.gz"]
        + ["\(prefix)-\(kind)-ubyte", "\(prefix)-\(kind)-ubyte.gz"].map {
          $0.replacingOccurrences(of: "-idx", with: ".idx")
        }
    }
    func find(_ kind: String) -> URL? {
      names(kind).map { directory.appendingPathComponent($0) }
        .first { FileManager.default.fileExists(atPath: $0.path) }
    }
    let images = find("images-idx3")
    let labels = find("labels-idx1")
    if let images, let labels { return (images, labels) }
    let missing = [images == nil ? "images-idx3" : nil, labels == nil ? "labels-idx1" : nil].compactMap { $0 }
    let wanted = missing.map { "any of " + names($0).joined(separator: ", ") }.joined(separator: "; and ")
    throw FileError(
      path: directory.path,
      reason: "\(isFolder(directory) ? "lacks" : "is not a folder; it should hold") MNIST's \(split.rawValue) "
        + "\(missing.count == 2 ? "images and labels" : images == nil ? "images" : "labels") "
        + "(\(wanted)); `gan data get mnist` fetches them")
  }

  private static func isFolder(_ url: URL) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory.boolValue
  }

  private static func expect(
    _ file: IDXFile, at url: URL, rank: Int, of content: String, axes: String
  ) throws(FileError) {
    guard file.shape.count == rank else {
      throw FileError(
        path: url.path,
        reason: "has the shape \(file.shape), where \(content) have \(rank == 1 ? "one axis" : "\(rank) axes") "
          + "(\(axes)); are images and labels exchanged?")
    }
  }
}

extension MNIST {
  /// The digits as a recipe's data, as `data.source: mnist`.
  public struct Source: ImageSource {
    public static let kind = "mnist"
    public static var defaultDirectory: URL? { MNIST.defaultDirectory }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange

    public init() { self.init(pixels: .unit) }

    public init(pixels: PixelRange) { self.pixels = pixels }

    public var title: String { "MNIST" }

    public var published: PublishedImages? {
      PublishedImages(count: 60_000, channels: 1, height: 28, width: 28, classes: MNIST.classes)
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      try MNIST.load(directory: place, split: split)
    }
  }
}
