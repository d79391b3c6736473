/// Images of one size with a class each, as plain bytes.
public struct LabelledImages: Sendable, Equatable {
  /// The pixels, `[count, channels, height, width]` with the last axis fastest, each 0...255.
  public let images: [UInt8]
  /// The class of each image, `[count]`, each in `0..<classes`.
  public let labels: [UInt8]
  /// Rows of pixels in an image.
  public let height: Int
  /// Columns of pixels in an image.
  public let width: Int
  /// Colour channels of an image: 1 for grey, 3 for red, green and blue.
  public let channels: Int
  /// How many classes there are, 1...256, whether or not all of them occur.
  public let classes: Int

  /// How many images there are.
  public var count: Int { labels.count }

  /// The shape of ``images``: `[count, channels, height, width]`.
  public var shape: [Int] { [count, channels, height, width] }

  /// Puts images and labels together.
  ///
  /// - Parameters:
  ///   - images: pixels, `[count, channels, height, width]`.
  ///   - labels: classes, `[count]`, each below `classes`.
  ///   - height: rows of an image, at least 1.
  ///   - width: columns of an image, at least 1.
  ///   - channels: colour channels, at least 1.
  ///   - classes: number of classes, 1...256.
  /// - Precondition: The numbers fit each other. What comes from outside is checked by who reads it.
  public init(images: [UInt8], labels: [UInt8], height: Int, width: Int, channels: Int, classes: Int) {
    precondition(height > 0 && width > 0 && channels > 0, "images of \(height) x \(width) x \(channels) pixels")
    precondition((1...256).contains(classes), "\(classes) classes")
    precondition(
      images.count == labels.count * channels * height * width,
      "\(images.count) pixels for \(labels.count) images of \(height) x \(width) x \(channels)")
    precondition(labels.allSatisfy { $0 < classes }, "a label outside 0..<\(classes)")
    self.images = images
    self.labels = labels
    self.height = height
    self.width = width
    self.channels = channels
    self.classes = classes
  }
}

/// The part of a data set that is learned from, or the part that is held back.
public enum Split: String, Sendable, CaseIterable {
  case train, test
}
