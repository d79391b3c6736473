import Files
import Foundation

/// Images of one size as plain bytes, with a class each where they have classes: a data set once it is opened.
///
/// A copy shares the bytes. Those of a packed set (``PackedCache``) are mapped from a file and take no memory of the
/// process's own.
public struct LabelledImages: Sendable {
  /// The pixels, `[count, channels, height, width]` with the last axis fastest, each 0...255: plane by plane, as
  /// networks take them, so that making a batch is one pass forward through memory.
  public let images: PixelBytes
  /// The class of each image, `[count]`, each in `0..<classes`; nil where there are no classes.
  public let labels: [Int32]?
  /// The names of the classes, by label; nil where they have none.
  public let classNames: [String]?
  /// Rows of pixels in an image.
  public let height: Int
  /// Columns of pixels in an image.
  public let width: Int
  /// Colour channels of an image: 1 for grey, 3 for red, green and blue.
  public let channels: Int
  /// How many classes there are, whether or not all of them occur; nil where there are none.
  public let classes: Int?
  /// Where the images came from; nil where nobody has said.
  public let provenance: Provenance?
  private let knownFingerprint: String?

  /// How many images there are.
  public let count: Int

  /// The bytes of an image.
  public var imageSize: Int { channels * height * width }

  /// The shape of ``images``: `[count, channels, height, width]`.
  public var shape: [Int] { [count, channels, height, width] }

  /// Puts images and labels together.
  ///
  /// - Parameters:
  ///   - images: pixels, `[count, channels, height, width]`.
  ///   - labels: classes, `[count]`, each below `classes`; nil where there are none.
  ///   - classes: number of classes, at least 1; as many as names where it is nil.
  ///   - classNames: as many as classes.
  ///   - height: rows of an image, at least 1.
  ///   - width: columns of an image, at least 1.
  ///   - channels: colour channels, at least 1.
  ///   - fingerprint: ``fingerprint``, where it is known.
  /// - Throws: ``DataError`` where the numbers do not fit each other.
  public init(
    images: PixelBytes, labels: [Int32]?, classes: Int? = nil, classNames: [String]? = nil, height: Int, width: Int,
    channels: Int, provenance: Provenance? = nil, fingerprint: String? = nil
  ) throws(DataError) {
    try DataError.require(
      height > 0 && width > 0 && channels > 0, "images of \(height) x \(width) x \(channels) pixels")
    let count = images.count / (channels * height * width)
    try DataError.require(
      images.count == count * channels * height * width,
      "\(images.count) pixels of images of \(height) x \(width) x \(channels)")
    if let labels {
      let classes = classes ?? classNames?.count ?? 0
      try DataError.require(classes >= 1, "\(classes) classes")
      try DataError.require(
        classNames.map { $0.count == classes } ?? true, "\(classNames?.count ?? 0) names of \(classes) classes")
      try DataError.require(labels.count == count, "\(labels.count) labels for \(count) images")
      try DataError.require(
        labels.allSatisfy { $0 >= 0 && $0 < classes }, "a label outside of the \(classes) classes, from 0 on")
    }
    self.init(
      known: images, labels: labels, classes: classes, classNames: classNames, height: height, width: width,
      channels: channels, provenance: provenance, fingerprint: fingerprint)
  }

  /// - Parameter images: known to fit the other numbers, as whoever has read them has made sure.
  init(
    known images: PixelBytes, labels: [Int32]?, classes: Int? = nil, classNames: [String]? = nil, height: Int,
    width: Int, channels: Int, provenance: Provenance? = nil, fingerprint: String? = nil
  ) {
    count = images.count / (channels * height * width)
    self.classes = labels == nil ? nil : classes ?? classNames?.count
    self.images = images
    self.labels = labels
    self.classNames = labels == nil ? nil : classNames
    self.height = height
    self.width = width
    self.channels = channels
    self.provenance = provenance
    knownFingerprint = fingerprint
  }

  /// Puts images and labels together.
  ///
  /// - Parameters:
  ///   - images: pixels, `[count, channels, height, width]`.
  ///   - labels: classes, `[count]`, each below `classes`.
  ///   - height: rows of an image, at least 1.
  ///   - width: columns of an image, at least 1.
  ///   - channels: colour channels, at least 1.
  ///   - classes: number of classes, at least 1.
  /// - Throws: ``DataError`` where the numbers do not fit each other.
  public init(images: [UInt8], labels: [UInt8], height: Int, width: Int, channels: Int, classes: Int)
    throws(DataError)
  {
    try self.init(
      images: PixelBytes(images), labels: labels.map(Int32.init), classes: classes, height: height, width: width,
      channels: channels)
  }

  /// The pixels of one image, `[channels, height, width]`.
  public func pixels(of index: Int) -> [UInt8] { Array(images[index * imageSize..<(index + 1) * imageSize]) }

  /// A checksum of pixels, labels and shape: the SHA-256 of "[count, channels, height, width] classes ", the pixels,
  /// and the labels as bytes, or in four bytes each, little endian, where there are more than 256 classes. Without
  /// classes their number is 0.
  ///
  /// Computed anew each time, by going through all bytes, unless the set was opened from a packed file, which holds it.
  public var fingerprint: String {
    if let knownFingerprint { return knownFingerprint }
    let labels = self.labels ?? []
    let labelBytes: Data
    if classes ?? 0 <= 256 {
      labelBytes = Data(labels.map { UInt8($0) })
    } else {
      labelBytes = labels.map(\.littleEndian).withUnsafeBytes { Data($0) }
    }
    return images.withUnsafeBytes { bytes in
      let pixels =
        bytes.baseAddress.map {
          Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: $0), count: bytes.count, deallocator: .none)
        } ?? Data()
      return sha256(Data("\(shape) \(classes ?? 0) ".utf8), pixels, labelBytes)
    }
  }

  /// The same set with a word on where it came from.
  public func with(_ provenance: Provenance) -> LabelledImages {
    LabelledImages(
      known: images, labels: labels, classes: classes, classNames: classNames, height: height, width: width,
      channels: channels, provenance: provenance, fingerprint: knownFingerprint)
  }
}

extension LabelledImages: Equatable {
  /// Whether they are the same images with the same classes, wherever they came from.
  public static func == (a: LabelledImages, b: LabelledImages) -> Bool {
    a.shape == b.shape && a.classes == b.classes && a.labels == b.labels && a.classNames == b.classNames
      && a.images == b.images
  }
}

/// The part of a data set that is learned from, or the part that is held back.
public enum Split: String, Sendable, CaseIterable {
  /// What is learned from, and what is held back to test by.
  case train, test
}
