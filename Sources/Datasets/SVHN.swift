import Files
import Foundation
import Settings

/// Street View House Numbers of Netzer and others, cropped: digits in photographs, 32 x 32 pixels in colour, 73 257 for
/// training, 26 032 for tests and 531 131 easier ones besides (<http://ufldl.stanford.edu/housenumbers/>).
public enum SVHN {
  /// A part of the set, and the name of its file.
  public enum Part: String, Sendable, CaseIterable, Codable {
    /// What is learned from, and what is held back to test by.
    case train, test
    /// The easier digits.
    case extra
  }

  /// The names of the classes, by label.
  public static let classNames = (0...9).map { "\($0)" }

  /// The files for training and tests as they were published.
  public static let published = PublishedDataSet(
    name: "svhn", title: "SVHN",
    files: [
      RemoteFile(name: "train_32x32.mat", size: 182_040_794, md5: "e26dedcc434d2e4c54c9b2d4a06d8373"),
      RemoteFile(name: "test_32x32.mat", size: 64_275_384, md5: "eb5a983be6a315427106f1b164d9cef3"),
    ],
    mirrors: mirrors)

  /// The file of easier digits, which goes into the same folder.
  public static let publishedExtra = PublishedDataSet(
    name: "svhn-extra", title: "SVHN (extra)",
    files: [RemoteFile(name: "extra_32x32.mat", size: 1_329_278_602, md5: "a93ce644f1a588dc4d68dda5feec44a7")],
    mirrors: mirrors, folder: "svhn")

  private static let mirrors = ["http://ufldl.stanford.edu/housenumbers/"]

  /// Reads one part from `train_32x32.mat`, `test_32x32.mat` or `extra_32x32.mat`: MATLAB files with `X`, uint8 [H, W,
  /// 3, N], and `y`, [N, 1], in which 10 stands for the digit 0.
  ///
  /// - Parameters:
  ///   - requiresLabels: false where labels are of no interest: they are left out.
  /// - Returns: [count, 3, 32, 32] with the digit as label. Each part takes the memory of its images once.
  /// - Throws: `FileError`: a file that is missing, not a MATLAB file of version 5, damaged, or with other variables in
  ///   it; counts that differ; a label outside 0...10.
  public static func load(
    directory: URL = published.directory, part: Part, requiresLabels: Bool = true
  ) throws(FileError) -> LabelledImages {
    let name = "\(part.rawValue)_32x32.mat"
    let url = directory.appendingPathComponent(name)
    guard isRegularFile(url) else {
      throw FileError(
        path: directory.path,
        reason: "\(isFolder(directory) ? "lacks" : "is not a folder; it should hold") \(name) of SVHN; "
          + "`gan data get \(part == .extra ? "svhn-extra" : "svhn")` fetches it")
    }
    return try MATFile.reading(url) { file throws(FileError) in
      func fail(_ reason: String) -> FileError { FileError(path: url.path, reason: reason, at: .byte(128)) }
      guard let x = file.variable("X") else { throw fail("holds no variable 'X'") }
      // MATLAB drops a last axis of one.
      let shape = x.shape.count == 3 ? x.shape + [1] : x.shape
      guard shape.count == 4, shape[2] == 3, shape.allSatisfy({ $0 > 0 }) else {
        throw fail("has 'X' of shape \(x.shape), where images are [height, width, 3, count]")
      }
      var labels: [UInt8]?
      if requiresLabels {
        let (_, digits) = try file.wholeNumbers("y")
        guard digits.count == shape[3] else {
          throw fail("holds \(grouped(shape[3])) images, but \(grouped(digits.count)) labels")
        }
        if let index = digits.firstIndex(where: { !(0...10).contains($0) }) {
          throw fail("has the label \(digits[index]) at index \(grouped(index)), outside 1...10")
        }
        labels = digits.map { UInt8($0 % 10) }
      }
      var images = try file.bytes("X").values
      DecodedImages.turnUpright(&images, height: shape[0], width: shape[1])
      return DecodedImages(
        images: images, labels: labels, height: shape[0], width: shape[1], channels: 3, classNames: classNames
      ).labelled
    }
  }
}

extension SVHN {
  /// The digits as a recipe's data, as `data.source: svhn`.
  public struct Source: ImageSource {
    public static let kind = "svhn"
    public static let keys: [SettingsKey] = [.pixels, SettingsKey("extra", "SVHN's extra part is learnt from as well")]
    public static var defaultDirectory: URL? { SVHN.published.directory }
    public static var downloads: [PublishedDataSet] { [SVHN.published, SVHN.publishedExtra] }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange
    /// Whether the easier digits are learned from as well.
    public var extra: Bool

    public init() { self.init(pixels: .symmetric) }

    /// By default pixels are in -1 ... 1, and the easier digits are left out.
    public init(pixels: PixelRange = .symmetric, extra: Bool = false) {
      self.pixels = pixels
      self.extra = extra
    }

    public var title: String { "SVHN" }

    public var published: PublishedImages? {
      PublishedImages(count: extra ? 604_388 : 73_257, channels: 3, height: 32, width: 32, classes: 10)
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      let part: Part = split == .train ? .train : .test
      let images = try SVHN.load(directory: place, part: part, requiresLabels: requiresLabels)
      guard extra, split == .train else { return images }
      let more = try SVHN.load(directory: place, part: .extra, requiresLabels: requiresLabels)
      return try DecodedImages.together(images, more, at: place)
    }
  }
}
