import Foundation
import Images

/// A picture on a page, with its caption.
public struct Figure: Sendable {
  /// The bytes of a PNG file.
  public let png: Data
  /// What the picture shows, for readers who cannot see it.
  public var alternative: String
  /// Under the picture.
  public var caption: String?

  /// - Parameter png: the bytes of a PNG file, such as `Image.png()` gives.
  public init(png: Data, alternative: String, caption: String? = nil) {
    self.png = png
    self.alternative = alternative
    self.caption = caption
  }

  /// - Throws: `ImageError` if the image cannot be encoded.
  public init(_ image: Image, alternative: String, caption: String? = nil) throws {
    self.init(png: try image.png(), alternative: alternative, caption: caption)
  }
}
