/// What a DCGAN's two players agree on (Radford et al. 2016).
enum DCGANSizes {
  /// Powers of two from 8 on.
  static func allows(_ size: Int) -> Bool { size >= 8 && size & (size - 1) == 0 }

  static func reason(_ size: Int) -> String { "has the size \(size), which is no power of two from 8 on" }

  /// Channels at 4 x 4, 8 x 8 and so on up to half of `size`: `width` at the last, twice as many at every one before
  /// it, at most 8 `width`.
  static func widths(_ size: Int, _ width: Int) -> [Int] {
    // For a size that is none, the smallest: the module that has it is in no network.
    let stages = (allows(size) ? size : 8).trailingZeroBitCount - 2
    return (0..<stages).map { width << min(stages - 1 - $0, 3) }
  }
}
