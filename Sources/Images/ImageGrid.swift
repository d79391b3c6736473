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
  ///
  /// Columns and scale below 1 count as 1, a padding below 0 as 0. See ``tiled()`` for images of several sizes.
  public init(_ images: [Image], columns: Int? = nil, padding: Int = 4, scale: Int = 1, background: UInt8 = 255) {
    self.images = images
    self.columns = columns ?? Int(Double(images.count).squareRoot().rounded(.up))
    self.padding = padding
    self.scale = scale
    self.background = background
  }

  /// The one image: in colour if any of the images is. Every one has the place of the largest, at its upper left;
  /// without images it is a single pixel of the background.
  public func tiled() -> Image {
    let (columns, scale, padding) = (max(1, columns), max(1, scale), max(0, padding))
    guard !images.isEmpty else { return Image(width: 1, height: 1, channels: 1, made: [background]) }
    let channels = images.contains { $0.channels == 3 } ? 3 : 1
    let images = images.map { channels == 3 ? $0.colour() : $0 }
    let (width, height) = (images.map(\.width).max()!, images.map(\.height).max()!)
    let rows = (images.count + columns - 1) / columns
    let stepX = width * scale + padding
    let stepY = height * scale + padding
    let total = (width: columns * stepX + padding, height: rows * stepY + padding)
    var samples = [UInt8](repeating: background, count: total.width * total.height * channels)
    for (index, image) in images.enumerated() {
      let left = padding + index % columns * stepX
      let top = padding + index / columns * stepY
      for y in 0..<image.height * scale {
        var target = ((top + y) * total.width + left) * channels
        let row = y / scale * image.width * channels
        for pixel in 0..<image.width {
          for _ in 0..<scale {
            for channel in 0..<channels { samples[target + channel] = image.samples[row + pixel * channels + channel] }
            target += channels
          }
        }
      }
    }
    return Image(width: total.width, height: total.height, channels: channels, made: samples)
  }
}
