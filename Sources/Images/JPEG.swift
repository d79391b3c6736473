import CImages
import Foundation

extension Image {
  /// The bytes of the image as a JPEG file: baseline, colour at half the resolution, as libjpeg and Pillow write them.
  ///
  /// - Parameter quality: libjpeg's, 1 ... 100.
  /// - Throws: ``ImageError`` for another quality, or with libjpeg's reason: sides end at 65 500 pixels.
  public func jpeg(quality: Int = 90) throws(ImageError) -> Data {
    guard (1...100).contains(quality) else {
      throw ImageError(reason: "cannot be encoded (a JPEG's quality is 1 ... 100, not \(quality))")
    }
    return try encoded { file, fault in
      ci_jpeg_encode(samples, UInt32(width), UInt32(height), Int32(channels), Int32(quality), file, fault)
    }
  }
}
