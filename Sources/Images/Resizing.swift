import CImages

/// How a pixel is made of those around its place. Where the picture becomes smaller, all of them reach as much wider.
public enum ResizingFilter: String, Sendable, Hashable, CaseIterable {
  /// The mean of what a pixel covers.
  case box
  /// A triangle, 1 pixel to each side.
  case bilinear
  /// Keys' cubic with a = -1/2, 2 pixels to each side.
  case bicubic
  /// sinc(x) sinc(x / 3), 3 pixels to each side.
  case lanczos
}

/// What the resizing kernel uses of a processor. Each gives the same bytes; SWIFT_GAN_CPU=baseline|avx2|avx512 in the
/// environment chooses one for the whole program.
package enum ResizingLevel: String, Sendable, CaseIterable {
  case baseline, avx2, avx512

  /// Those that this processor has.
  package static var available: [ResizingLevel] {
    allCases.filter { $0.level.rawValue <= ci_highest_level().rawValue }
  }
  /// The one that is used where none is asked for.
  package static var current: ResizingLevel { of(ci_level()) }

  /// The one that SWIFT_GAN_CPU chooses by so naming it: the highest where it is unset, or where the processor has no
  /// such.
  package static func chosen(by name: String?) -> ResizingLevel { of(ci_level_named(name)) }

  private static func of(_ level: CILevel) -> ResizingLevel { allCases.first { $0.level == level } ?? .baseline }

  fileprivate var level: CILevel {
    switch self {
    case .baseline: ci_baseline
    case .avx2: ci_avx2
    case .avx512: ci_avx512
    }
  }
}

extension Image {
  /// A part of an image in pixels, not always whole ones; from `left` to `right` and `top` to `bottom`.
  struct Box {
    var left: Float
    var top: Float
    var right: Float
    var bottom: Float
  }

  /// The image in another size, its shape not kept: to the last bit what the `resize` of Pillow 13 makes of it, with
  /// the filter widened where the image becomes smaller (antialiased). Up to Pillow 12 rows came first always; since
  /// then columns do where an image loses more than twice as much height as width, which changes how samples are
  /// rounded between.
  ///
  /// - Throws: ``ImageError`` where a side is below 1, there are more pixels than ``pixelLimit``, or there is no
  ///   memory.
  public func resized(
    to size: (width: Int, height: Int), filter: ResizingFilter = .lanczos
  ) throws(ImageError) -> Image {
    try resized(to: size, filter: filter, level: .current)
  }

  /// The same at a level of the kernel that the processor has.
  package func resized(
    to size: (width: Int, height: Int), filter: ResizingFilter, level: ResizingLevel
  ) throws(ImageError) -> Image {
    let whole = Box(left: 0, top: 0, right: Float(width), bottom: Float(height))
    return try resized(whole, to: size, filter: filter, level: level)
  }

  /// What lies within `box`, which is within the image and not empty, in another size.
  func resized(
    _ box: Box, to size: (width: Int, height: Int), filter: ResizingFilter, level: ResizingLevel = .current
  ) throws(ImageError) -> Image {
    try Self.check(size)
    guard max(width, height) < 1 << 24 else {
      throw ImageError(reason: "cannot be resized (a side of \(max(width, height)) pixels is too long)")
    }
    let kind =
      switch filter {
      case .box: ci_box
      case .bilinear: ci_bilinear
      case .bicubic: ci_bicubic
      case .lanczos: ci_lanczos
      }
    var done: Int32 = 0
    let bytes = size.width * size.height * channels
    let resized = [UInt8](unsafeUninitializedCapacity: bytes) { target, count in
      done = ci_resize(
        samples, Int32(width), Int32(height), Int32(channels), [box.left, box.top, box.right, box.bottom],
        Int32(size.width), Int32(size.height), kind, level.level, target.baseAddress)
      count = done == 1 ? bytes : 0
    }
    guard done == 1 else { throw ImageError(reason: "cannot be resized (there is no memory)") }
    return Image(width: size.width, height: size.height, channels: channels, made: resized)
  }

  /// Refuses sizes that no image can have.
  static func check(_ size: (width: Int, height: Int)) throws(ImageError) {
    guard size.width >= 1, size.height >= 1, size.width <= pixelLimit, size.height <= pixelLimit,
      size.width * size.height <= pixelLimit
    else {
      throw ImageError(
        reason: "cannot have \(size.width) x \(size.height) pixels (at least 1 x 1, \(pixelLimit) together)")
    }
  }
}
