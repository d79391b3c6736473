/// A picture of 8-bit samples: grey, or red, green and blue.
public struct Image: Sendable, Hashable {
  /// Columns of pixels, at least 1.
  public let width: Int
  /// Rows of pixels, at least 1.
  public let height: Int
  /// 1 for grey, 3 for red, green and blue.
  public let channels: Int
  /// Rows from the top, pixels from the left, a pixel's channels beside each other: `height * width * channels` bytes.
  public let samples: [UInt8]

  /// - Throws: ``ImageError`` unless width and height are at least 1, channels is 1 or 3, and there are as many samples
  ///   as that takes.
  public init(width: Int, height: Int, channels: Int = 1, samples: [UInt8]) throws(ImageError) {
    try Self.check(width, height, channels, count: samples.count)
    self.init(width: width, height: height, channels: channels, made: samples)
  }

  private static func check(_ width: Int, _ height: Int, _ channels: Int, count: Int) throws(ImageError) {
    guard width > 0, height > 0 else {
      throw ImageError(reason: "needs a size above 0, not \(width) x \(height)")
    }
    guard channels == 1 || channels == 3 else { throw ImageError(reason: "has 1 or 3 channels, not \(channels)") }
    let (pixels, overflows) = width.multipliedReportingOverflow(by: height)
    guard !overflows, count % channels == 0, count / channels == pixels else {
      throw ImageError(reason: "of \(width) x \(height) x \(channels) is not made of \(count) samples")
    }
  }

  /// Of samples that have just been made for that size: nothing is checked.
  package init(width: Int, height: Int, channels: Int = 1, made samples: [UInt8]) {
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
  /// - Throws: ``ImageError`` as ``init(width:height:channels:samples:)``, with values for samples.
  public init<Values: Collection<Float>>(
    width: Int, height: Int, channels: Int = 1, planes: Values, range: ClosedRange<Float> = 0...1
  ) throws(ImageError) {
    try Self.check(width, height, channels, count: planes.count)
    let scale = 255 / (range.upperBound - range.lowerBound)
    let bytes = planes.map { value -> UInt8 in
      let level = (value - range.lowerBound) * scale
      return level > 0 ? UInt8(min(255, level.rounded())) : 0
    }
    var samples = bytes
    if channels == 3 {
      let plane = width * height
      for pixel in 0..<plane {
        for channel in 0..<3 { samples[pixel * 3 + channel] = bytes[channel * plane + pixel] }
      }
    }
    self.init(width: width, height: height, channels: channels, made: samples)
  }

  /// The samples plane after plane, `[channels, height, width]`, as networks take them.
  ///
  /// - Parameter range: what 0 and 255 become. ``init(width:height:channels:planes:range:)`` with the same range gives
  ///   the same bytes back, all 256 of them.
  public func planes(in range: ClosedRange<Float> = 0...1) -> [Float] {
    let levels = (0...255).map { range.lowerBound + Float($0) / 255 * (range.upperBound - range.lowerBound) }
    let plane = width * height
    return [Float](unsafeUninitializedCapacity: samples.count) { values, count in
      for channel in 0..<channels {
        for pixel in 0..<plane { values[channel * plane + pixel] = levels[Int(samples[pixel * channels + channel])] }
      }
      count = samples.count
    }
  }
}
