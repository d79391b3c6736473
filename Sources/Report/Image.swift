import Foundation

/// A picture of 8-bit samples: grey, or red, green and blue.
public struct Image: Sendable, Hashable {
  public let width: Int
  public let height: Int
  /// 1 for grey, 3 for red, green and blue.
  public let channels: Int
  /// Rows from the top, pixels from the left, a pixel's channels beside each other: `height * width * channels` bytes.
  public let samples: [UInt8]

  /// - Precondition: width and height are at least 1, channels is 1 or 3, and there are as many samples as that takes.
  public init(width: Int, height: Int, channels: Int = 1, samples: [UInt8]) {
    precondition(width > 0 && height > 0, "an image needs a size above 0, not \(width) x \(height)")
    precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels, not \(channels)")
    precondition(
      samples.count == width * height * channels,
      "an image of \(width) x \(height) x \(channels) has \(width * height * channels) samples, not \(samples.count)")
    self.width = width
    self.height = height
    self.channels = channels
    self.samples = samples
  }

  /// An image as networks give it: plane after plane, `[channels, height, width]`.
  ///
  /// - Parameters:
  ///   - planes: the values of the planes, one after the other.
  ///   - range: the values that become 0 and 255; those beyond are clamped, NaN becomes 0.
  /// - Precondition: as for ``init(width:height:channels:samples:)``, with values for samples.
  public init<Values: Collection<Float>>(
    width: Int, height: Int, channels: Int = 1, planes: Values, range: ClosedRange<Float> = 0...1
  ) {
    let scale = 255 / (range.upperBound - range.lowerBound)
    let bytes = planes.map { value -> UInt8 in
      let level = (value - range.lowerBound) * scale
      return level > 0 ? UInt8(min(255, level.rounded())) : 0
    }
    var samples = bytes
    if channels == 3 && bytes.count == width * height * 3 {
      let plane = width * height
      for pixel in 0..<plane {
        for channel in 0..<3 { samples[pixel * 3 + channel] = bytes[channel * plane + pixel] }
      }
    }
    self.init(width: width, height: height, channels: channels, samples: samples)
  }
}

/// Images of one size side by side in one.
public struct ImageGrid: Sendable {
  /// Row by row, from the left.
  public var images: [Image]
  public var columns: Int
  /// Pixels between images and around all of them.
  public var padding: Int
  /// How many pixels, across and down, each pixel of an image becomes; small images are hard to see otherwise.
  public var scale: Int
  /// The grey of the padding and of places without an image.
  public var background: UInt8

  /// - Parameter columns: as many as make the grid about square if nil.
  /// - Precondition: there is an image; all have the same size and number of channels; columns and scale are at least 1,
  ///   padding is not negative.
  public init(_ images: [Image], columns: Int? = nil, padding: Int = 4, scale: Int = 1, background: UInt8 = 255) {
    self.images = images
    self.columns = columns ?? Int(Double(images.count).squareRoot().rounded(.up))
    self.padding = padding
    self.scale = scale
    self.background = background
  }

  /// The one image.
  ///
  /// - Precondition: as stated for ``init(_:columns:padding:scale:background:)``.
  public func tiled() -> Image {
    precondition(!images.isEmpty, "a grid needs an image")
    precondition(columns > 0 && scale > 0 && padding >= 0, "a grid needs columns and a scale above 0")
    let (width, height, channels) = (images[0].width, images[0].height, images[0].channels)
    let rows = (images.count + columns - 1) / columns
    let stepX = width * scale + padding
    let stepY = height * scale + padding
    let total = (width: columns * stepX + padding, height: rows * stepY + padding)
    var samples = [UInt8](repeating: background, count: total.width * total.height * channels)
    for (index, image) in images.enumerated() {
      precondition(
        image.width == width && image.height == height && image.channels == channels,
        "all images of a grid have the size of the first")
      let left = padding + index % columns * stepX
      let top = padding + index / columns * stepY
      for y in 0..<height * scale {
        var target = ((top + y) * total.width + left) * channels
        let row = y / scale * width * channels
        for pixel in 0..<width {
          for _ in 0..<scale {
            for channel in 0..<channels { samples[target + channel] = image.samples[row + pixel * channels + channel] }
            target += channels
          }
        }
      }
    }
    return Image(width: total.width, height: total.height, channels: channels, samples: samples)
  }
}
