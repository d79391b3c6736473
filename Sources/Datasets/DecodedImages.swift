import Files
import Foundation

/// Images of a published data set as a reader has found and checked them.
struct DecodedImages {
  /// [count, channels, height, width], each 0...255.
  var images: [UInt8]
  /// The class of each image; `nil` where the set has none.
  var labels: [UInt8]?
  var height: Int
  var width: Int
  var channels: Int
  /// The name of each class.
  var classNames: [String]

  /// The same as ``LabelledImages``.
  var labelled: LabelledImages {
    LabelledImages(
      known: PixelBytes(images), labels: labels?.map(Int32.init), classNames: labels == nil ? nil : classNames,
      height: height, width: width, channels: channels)
  }

  /// Swaps rows and columns of each of the square or oblong planes in `bytes`, whose columns stand one after the other,
  /// so that rows do.
  ///
  /// - Parameters:
  ///   - bytes: planes of `height * width` bytes, without a remainder.
  static func turnUpright(_ bytes: inout [UInt8], height: Int, width: Int) {
    let size = height * width
    guard size > 0 else { return }
    var plane = [UInt8](repeating: 0, count: size)
    bytes.withUnsafeMutableBufferPointer { bytes in
      for start in stride(from: 0, through: bytes.count - size, by: size) {
        for row in 0..<height {
          for column in 0..<width { plane[row * width + column] = bytes[start + column * height + row] }
        }
        for index in 0..<size { bytes[start + index] = plane[index] }
      }
    }
  }

  /// Pixels whose channels stand side by side, [count, height, width, channels], as planes, [count, channels, height,
  /// width].
  static func planes(_ pixels: consuming [UInt8], imageSize: Int, channels: Int) -> [UInt8] {
    guard channels > 1 else { return pixels }
    turnUpright(&pixels, height: channels, width: imageSize / channels)
    return pixels
  }

  /// The images of two parts of one set.
  ///
  /// - Throws: `FileError` naming `place` where they are not of one size.
  static func together(_ a: LabelledImages, _ b: LabelledImages, at place: URL) throws(FileError) -> LabelledImages {
    guard a.shape.dropFirst() == b.shape.dropFirst() else {
      throw FileError(
        path: place.path,
        reason: "holds parts with images of \(a.width) x \(a.height) and of \(b.width) x \(b.height) pixels")
    }
    var labels: [Int32]?
    if let first = a.labels, let second = b.labels { labels = first + second }
    var images: [UInt8] = []
    images.reserveCapacity(a.images.count + b.images.count)
    images += a.images
    images += b.images
    return LabelledImages(
      known: PixelBytes(images), labels: labels, classes: a.classes, classNames: a.classNames, height: a.height,
      width: a.width, channels: a.channels)
  }
}
