/// What becomes of a picture whose shape is another one than that which is wanted.
public enum Fit: String, Sendable, Hashable, CaseIterable {
  /// The largest part of the wanted shape, from the centre; what is beyond it is cut off. Pillow's `ImageOps.fit`.
  case cover
  /// All of it, centred, with the background at its sides. Pillow's `ImageOps.pad`.
  case contain
  /// All of it, its shape changed.
  case stretch
}

extension Image {
  /// The image in another size and shape.
  ///
  /// Covering cuts and resizes in one, from a box of fractions of pixels, so that nothing is shifted by rounding.
  /// Containing rounds the sides of what is resized, halves to even, to 1 at least.
  ///
  /// - Parameter background: of the sides where it is contained; its luma where the image is grey.
  /// - Throws: ``ImageError`` as ``resized(to:filter:)``.
  public func fitted(
    to size: (width: Int, height: Int), fit: Fit, filter: ResizingFilter = .lanczos, background: RGB = .white
  ) throws(ImageError) -> Image {
    try Self.check(size)
    switch fit {
    case .stretch: return try resized(to: size, filter: filter)
    case .cover: return try resized(centralBox(shapedLike: size), to: size, filter: filter)
    case .contain: return try resized(to: inner(of: size), filter: filter).centred(in: size, background: background)
    }
  }

  /// The image as a square.
  public func fitted(
    to side: Int, fit: Fit, filter: ResizingFilter = .lanczos, background: RGB = .white
  ) throws(ImageError) -> Image {
    try fitted(to: (side, side), fit: fit, filter: filter, background: background)
  }

  /// The pixels around the centre; where they cannot lie evenly, half a pixel to the left and above.
  ///
  /// - Throws: ``ImageError`` where the size is not within the image.
  public func cropped(toCentral size: (width: Int, height: Int)) throws(ImageError) -> Image {
    // What overflows is refused like all that is not within the image.
    let (x, y) = ((width &- size.width) / 2, (height &- size.height) / 2)
    return try cropped(x: x, y: y, width: size.width, height: size.height)
  }

  /// The pixels from column `x` and row `y` on.
  ///
  /// - Throws: ``ImageError`` where they are not all within the image, or there are none.
  public func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int) throws(ImageError) -> Image {
    guard x >= 0, y >= 0, newWidth >= 1, newHeight >= 1, newWidth <= width, x <= width - newWidth, newHeight <= height,
      y <= height - newHeight
    else {
      throw ImageError(
        reason: "of \(width) x \(height) pixels has no part of \(newWidth) x \(newHeight) at \(x), \(y)")
    }
    var part: [UInt8] = []
    part.reserveCapacity(newWidth * newHeight * channels)
    for row in y..<y + newHeight {
      let start = (row * width + x) * channels
      part += samples[start..<start + newWidth * channels]
    }
    return Image(width: newWidth, height: newHeight, channels: channels, made: part)
  }

  /// The part that covers a shape, as `ImageOps.fit` finds it: in float64, then rounded to float32.
  private func centralBox(shapedLike size: (width: Int, height: Int)) -> Box {
    let (w, h) = (Double(width), Double(height))
    let (ratio, wanted) = (w / h, Double(size.width) / Double(size.height))
    var (boxWidth, boxHeight) = (w, h)
    if ratio > wanted { boxWidth = wanted * h }
    if ratio < wanted { boxHeight = w / wanted }
    let (left, top) = ((w - boxWidth) * 0.5, (h - boxHeight) * 0.5)
    return Box(
      left: Float(left), top: Float(top), right: Float(min(w, left + boxWidth)), bottom: Float(min(h, top + boxHeight)))
  }

  /// The largest size of this image's shape within another.
  private func inner(of size: (width: Int, height: Int)) -> (width: Int, height: Int) {
    let (ratio, wanted) = (Double(width) / Double(height), Double(size.width) / Double(size.height))
    if ratio > wanted {
      let exact = Double(height) / Double(width) * Double(size.width)
      return (size.width, max(1, Int(exact.rounded(.toNearestOrEven))))
    }
    if ratio < wanted {
      let exact = Double(width) / Double(height) * Double(size.height)
      return (max(1, Int(exact.rounded(.toNearestOrEven))), size.height)
    }
    return size
  }

  /// The image in the middle of a larger one.
  private func centred(in size: (width: Int, height: Int), background: RGB) -> Image {
    guard (width, height) != size else { return self }
    let pixel = background.samples(channels: channels)
    var all = [UInt8](unsafeUninitializedCapacity: size.width * size.height * channels) { target, count in
      for i in 0..<size.width * size.height * channels { target[i] = pixel[i % channels] }
      count = size.width * size.height * channels
    }
    let x = Int((Double(size.width - width) * 0.5).rounded(.toNearestOrEven))
    let y = Int((Double(size.height - height) * 0.5).rounded(.toNearestOrEven))
    for row in 0..<height {
      let start = ((y + row) * size.width + x) * channels
      let source = row * width * channels
      all.replaceSubrange(start..<start + width * channels, with: samples[source..<source + width * channels])
    }
    return Image(width: size.width, height: size.height, channels: channels, made: all)
  }
}
