extension Image {
  /// The luma of a stored colour, ITU-R BT.601's 0.299, 0.587 and 0.114 in 65536ths, rounded. It is the one weighting
  /// of this library, whatever a file says of its gamma or profile, and Pillow's `L`.
  public static func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    UInt8((Int32(red) * 19595 + Int32(green) * 38470 + Int32(blue) * 7471 + 0x8000) >> 16)
  }

  /// The image in one channel: ``luma(_:_:_:)`` of each pixel.
  public func grey() -> Image {
    guard channels == 3 else { return self }
    let count = width * height
    let grey = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      samples.withUnsafeBufferPointer { source in
        for i in 0..<count { target[i] = Self.luma(source[3 * i], source[3 * i + 1], source[3 * i + 2]) }
      }
      initialized = count
    }
    return Image(width: width, height: height, made: grey)
  }

  /// The image in three channels, equal ones where it is grey.
  public func colour() -> Image {
    guard channels == 1 else { return self }
    let count = 3 * samples.count
    let colour = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      for (i, sample) in samples.enumerated() {
        for channel in 0..<3 { target[3 * i + channel] = sample }
      }
      initialized = count
    }
    return Image(width: width, height: height, channels: 3, made: colour)
  }
}
