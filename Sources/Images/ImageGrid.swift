/// Images of one size side by side in one.
public struct ImageGrid: Sendable {
  /// Row by row, from the left.
  public var images: [Image]
  /// Images side by side in a row, at least 1.
  public var columns: Int
  /// Pixels between images and around all of them.
  public var padding: Int
  /// How many pixels, across and down, each pixel of an image becomes; small images are hard to see otherwise.
  public var scale: Int
  /// The grey of the padding and of places without an image.
  public var background: UInt8

  /// - Parameter columns: as many as make the grid about square if nil.
  /// - Precondition: there is an image; all have the same size and number of channels; columns and scale are at least
  ///   1, padding is not negative.
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
