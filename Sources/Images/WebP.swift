import CImages
import Foundation

/// How a WebP encoder codes pixels.
public enum WebPCoding: Sendable, Hashable {
  /// libwebp's quality, 0 ... 100.
  case quality(Double)
  /// Every sample comes back as it was.
  case lossless

  /// What libwebp takes: a quality, or for lossless coding how much effort, of 0 ... 100.
  fileprivate func checked() throws(ImageError) -> (quality: Float, isLossless: Int32) {
    switch self {
    case .lossless: return (75, 1)
    case .quality(let quality):
      guard (0...100).contains(quality) else {
        throw ImageError(reason: "cannot be encoded (a WebP's quality is 0 ... 100, not \(quality))")
      }
      return (Float(quality), 0)
    }
  }
}

extension Image {
  /// The most pixels along a side of a WebP file.
  public static let webpSideLimit = 16383

  /// The bytes of the image as a WebP file; grey is stored as colour, since there is no other.
  ///
  /// - Throws: ``ImageError`` for a quality outside 0 ... 100, a side beyond ``webpSideLimit``, or with libwebp's
  ///   reason.
  public func webp(_ coding: WebPCoding = .quality(90)) throws(ImageError) -> Data {
    let (quality, isLossless) = try coding.checked()
    try checkSidesForWebP()
    return try encoded { file, fault in
      ci_webp_encode(samples, UInt32(width), UInt32(height), Int32(channels), quality, isLossless, file, fault)
    }
  }

  /// The bytes of an animated WebP file of the images, one after the other.
  ///
  /// - Parameters:
  ///   - frames: one size and number of channels.
  ///   - milliseconds: how long each is shown.
  ///   - loops: how often all are; 0 is for ever.
  /// - Throws: ``ImageError`` where there is no frame or one unlike the first, for numbers that a file cannot hold, and
  ///   as ``webp(_:)``.
  public static func animatedWebP(
    _ frames: [Image], milliseconds: Int, loops: Int = 0, coding: WebPCoding = .lossless
  ) throws(ImageError) -> Data {
    let (quality, isLossless) = try coding.checked()
    guard let first = frames.first else { throw ImageError(reason: "cannot be encoded (an animation needs a frame)") }
    try first.checkSidesForWebP()
    for (index, frame) in frames.enumerated()
    where frame.width != first.width || frame.height != first.height || frame.channels != first.channels {
      let sizes = [frame, first].map { "\($0.width) x \($0.height) x \($0.channels)" }
      throw ImageError(reason: "cannot be encoded (frame \(index) is \(sizes[0]), the first \(sizes[1]))")
    }
    // Times are counted in 32 bits, a frame's in 24, repetitions in 16.
    guard (1..<1 << 24).contains(milliseconds), frames.count <= Int(Int32.max) / milliseconds else {
      throw ImageError(reason: "cannot be encoded (\(frames.count) frames of \(milliseconds) ms)")
    }
    guard (0..<1 << 16).contains(loops) else { throw ImageError(reason: "cannot be encoded (\(loops) loops)") }
    return try first.encoded { file, fault in
      ci_webp_animate(
        frames.flatMap(\.samples), Int32(frames.count), UInt32(first.width), UInt32(first.height),
        Int32(first.channels), Int32(milliseconds), Int32(loops), quality, isLossless, file, fault)
    }
  }

  /// Frame `index` of an animated WebP file, and when it ends, in milliseconds from the beginning.
  package static func webpFrame(
    _ index: Int, of bytes: Data, background: RGB = .white
  ) throws(ImageError) -> (image: Image, end: Int) {
    let facts = try PictureFacts(of: bytes)
    try facts.check(count: bytes.count, limit: pixelLimit)
    var samples = [UInt8](repeating: 0, count: 3 * facts.width * facts.height)
    var (end, fault): (Int32, CIFault) = (0, CIFault())
    let done = bytes.withUnsafeBytes { raw in
      ci_webp_frame(
        raw.assumingMemoryBound(to: UInt8.self).baseAddress, raw.count, UInt32(facts.width), UInt32(facts.height),
        background.samples(channels: 3), Int32(index), &samples, &end, &fault)
    }
    guard done == 1 else { throw ImageError("is a damaged WebP file", fault) }
    return (Image(width: facts.width, height: facts.height, channels: 3, made: samples), Int(end))
  }

  private func checkSidesForWebP() throws(ImageError) {
    guard max(width, height) <= Self.webpSideLimit else {
      throw ImageError(
        reason: "cannot be encoded (it has \(width) x \(height) pixels, a WebP's side at most \(Self.webpSideLimit))")
    }
  }
}
