import Files
import Foundation
import Settings

/// Kuzushiji-49 of Clanuwat and others: 232 365 training and 38 547 test images of old Japanese characters, 28 x 28
/// grey pixels, 49 classes of unequal size (<https://github.com/rois-codh/kmnist>).
public enum KMNIST49 {
  /// The characters, by label, as they are read; the last is the mark that repeats the one before it.
  public static let classNames = [
    "a", "i", "u", "e", "o", "ka", "ki", "ku", "ke", "ko", "sa", "shi", "su", "se", "so", "ta", "chi", "tsu", "te",
    "to", "na", "ni", "nu", "ne", "no", "ha", "hi", "fu", "he", "ho", "ma", "mi", "mu", "me", "mo", "ya", "yu", "yo",
    "ra", "ri", "ru", "re", "ro", "wa", "wi", "we", "wo", "n", "iteration mark",
  ]

  /// The four files as they were published. Their makers state no checksums; these are the ones that several public
  /// readers of the set hold them to. Nobody states their sizes in bytes: a download asks the server.
  public static let published = PublishedDataSet(
    name: "kmnist49", title: "Kuzushiji-49",
    files: [
      RemoteFile(name: "k49-train-imgs.npz", size: nil, md5: "7ac088b20481cf51dcd01ceaab89d821"),
      RemoteFile(name: "k49-train-labels.npz", size: nil, md5: "44a8e1b893f81e63ff38d73cad420f7a"),
      RemoteFile(name: "k49-test-imgs.npz", size: nil, md5: "d352e201d846ce6b94f42c990966f374"),
      RemoteFile(name: "k49-test-labels.npz", size: nil, md5: "4da6f7a62e67a832d5eb1bd85c5ee448"),
    ],
    mirrors: ["http://codh.rois.ac.jp/kmnist/dataset/k49/"])

  /// Reads one split: `k49-train-imgs.npz`, whose array `arr_0` is bytes [N, H, W], and `k49-train-labels.npz`, whose
  /// array `arr_0` is whole numbers [N]; and the like for tests.
  ///
  /// - Parameter requiresLabels: false where labels are of no interest: they are left out, and their file need not be
  ///   there.
  /// - Returns: [count, 1, H, W] with labels 0...48.
  /// - Throws: `FileError`: a file that is missing or no sound `.npz` file; an array that is missing or of another
  ///   shape or type; counts that differ; a label outside 0...48.
  public static func load(
    directory: URL = published.directory, split: Split, requiresLabels: Bool = true
  ) throws(FileError) -> LabelledImages {
    let images = try Part("k49-\(split.rawValue)-imgs.npz", in: directory)
    guard ["|u1", "<u1", "=u1", ">u1"].contains(images.array.type) else {
      throw images.fail("has numbers of type '\(images.array.type)', where images have bytes")
    }
    let shape = images.array.shape
    guard shape.count == 3 else {
      throw images.fail("has the shape \(shape), where images are [count, height, width]")
    }
    var labels: [UInt8]?
    if requiresLabels {
      let part = try Part("k49-\(split.rawValue)-labels.npz", in: directory)
      guard part.array.shape == [shape[0]] else {
        throw part.fail("has the shape \(part.array.shape), where \(grouped(shape[0])) images have [\(shape[0])]")
      }
      let values = part.array.values
      if let index = values.firstIndex(where: { !classNames.indices.contains($0) }) {
        throw part.fail("has the label \(values[index]) at index \(grouped(index)), outside 0...48")
      }
      labels = values.map { UInt8($0) }
    }
    return DecodedImages(
      images: images.array.bytes, labels: labels, height: shape[1], width: shape[2], channels: 1, classNames: classNames
    ).labelled
  }

  /// One of the files.
  private struct Part {
    let path: String
    let array: NPYArray

    init(_ name: String, in directory: URL) throws(FileError) {
      let url = directory.appendingPathComponent(name)
      guard isRegularFile(url) else {
        throw FileError(
          path: directory.path,
          reason: "\(isFolder(directory) ? "lacks" : "is not a folder; it should hold") \(name) of Kuzushiji-49; "
            + "`gan data get kmnist49` fetches it")
      }
      let file = try NPZFile(url)
      guard let array = try file.array("arr_0") else {
        let others = file.names.prefix(12).joined(separator: ", ")
        throw FileError(
          path: url.path, reason: "is not there; the file holds \(others.isEmpty ? "no arrays" : others)",
          at: .memberByte(0, of: "arr_0.npy"))
      }
      path = url.path
      self.array = array
    }

    func fail(_ reason: String) -> FileError {
      FileError(path: path, reason: reason, at: .memberByte(0, of: "arr_0.npy"))
    }
  }
}

extension KMNIST49 {
  /// The characters as a recipe's data, as `data.source: kmnist49`.
  public struct Source: ImageSource {
    public static let kind = "kmnist49"
    public static let keys: [SettingsKey] = [.pixels]
    public static var defaultDirectory: URL? { KMNIST49.published.directory }
    public static var downloads: [PublishedDataSet] { [KMNIST49.published] }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange

    public init() { self.init(pixels: .unit) }

    /// - Parameter pixels: what the bytes of a pixel become; 0 ... 1 by default.
    public init(pixels: PixelRange = .unit) {
      self.pixels = pixels
    }

    public var title: String { "Kuzushiji-49" }

    public var published: PublishedImages? {
      PublishedImages(count: 232_365, channels: 1, height: 28, width: 28, classes: 49)
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      try KMNIST49.load(directory: place, split: split, requiresLabels: requiresLabels)
    }
  }
}
