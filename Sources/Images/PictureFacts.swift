import Foundation

/// What the header of a picture file says, and nothing that takes decoding.
public struct PictureFacts: Sendable, Hashable {
  /// What a file stores for a pixel.
  public enum Colour: String, Sendable, Hashable, CaseIterable {
    /// Luma; an index into a table of colours.
    case grey, palette
    /// Red, green and blue, in JPEG and WebP as luma and colour differences.
    case rgb
    /// Cyan, magenta, yellow and black, in JPEG; the same with the first three as luma and colour differences.
    case cmyk, ycck
  }

  /// What the first bytes say.
  public let format: ImageFormat
  /// In pixels, as stored: before the orientation is applied.
  public let width: Int
  /// In pixels, as stored.
  public let height: Int
  /// Bits of a sample; of an index where there is a palette.
  public let bitDepth: Int
  /// What is stored for a pixel.
  public let colour: Colour
  /// Whether pixels can be transparent, by an alpha channel, a transparent colour, or a palette with alpha.
  public let hasAlpha: Bool
  /// EXIF's, 1 ... 8: which edge of what is stored is the top. 1, upright, where nothing is said.
  public let orientation: Int
  /// Whether there are more pictures in the file; the first is the one that is decoded.
  public let isAnimated: Bool
  /// Whether it is a JPEG of another process than Huffman-coded sequential or progressive.
  let isArithmetic: Bool
  /// The fewest bits that an 8 x 8 block of a JPEG takes, and how many blocks there are.
  let blocks: Int
  let isProgressive: Bool
  /// What a row of a PNG takes before it is compressed.
  let rowBytes: Int
  /// Where in the bytes the size stands.
  let sizeOffset: Int

  /// Width and height once the orientation has been applied.
  public var uprightSize: (width: Int, height: Int) { orientation > 4 ? (height, width) : (width, height) }

  /// Channels of the image that is decoded: 1 or 3.
  public var channels: Int { colour == .grey ? 1 : 3 }

  /// Reads the header, wherever in `bytes` its parts are; pixels are passed over.
  ///
  /// - Throws: ``ImageError`` where the bytes are no PNG, JPEG or WebP, or their header is cut off or makes no sense.
  public init(of bytes: Data) throws(ImageError) {
    let result = bytes.reading { reader in
      Result<PictureFacts, ImageError> { () throws(ImageError) in try Self.read(reader) }
    }
    self = try result.get()
  }

  private static func read(_ reader: ByteReader) throws(ImageError) -> PictureFacts {
    switch ImageFormat.of(reader) {
    case .png: return try PictureFacts(png: reader)
    case .jpeg: return try PictureFacts(jpeg: reader)
    case .webp: return try PictureFacts(webp: reader)
    case nil:
      let name = contentName(of: Data(reader.bytes.prefix(4096)))
      throw ImageError(reason: "is \(name), not PNG, JPEG or WebP", offset: 0)
    }
  }

  init(
    format: ImageFormat, width: Int, height: Int, bitDepth: Int = 8, colour: Colour, hasAlpha: Bool = false,
    orientation: Int = 1, isAnimated: Bool = false, isArithmetic: Bool = false, blocks: Int = 0,
    isProgressive: Bool = false, rowBytes: Int = 0, sizeOffset: Int
  ) {
    self.format = format
    self.width = width
    self.height = height
    self.bitDepth = bitDepth
    self.colour = colour
    self.hasAlpha = hasAlpha
    self.orientation = orientation
    self.isAnimated = isAnimated
    self.isArithmetic = isArithmetic
    self.blocks = blocks
    self.isProgressive = isProgressive
    self.rowBytes = rowBytes
    self.sizeOffset = sizeOffset
  }

  /// Refuses what could not be decoded, before any memory is taken for it.
  ///
  /// - Parameter limit: the most pixels.
  func check(count: Int, limit: Int) throws(ImageError) {
    // Each at most 2^31 - 1, so that the product fits.
    guard width * height <= limit else {
      throw ImageError(
        reason: "is too large (its header says \(width) x \(height) pixels, the limit is \(limit))", offset: sizeOffset)
    }
    guard leastBytes <= count else {
      throw ImageError(
        reason: "is damaged (its header says \(width) x \(height) pixels, more than \(count) bytes can hold)",
        offset: sizeOffset)
    }
  }

  /// What so many pixels take at the least. WebP and arithmetic coding have no such bound.
  private var leastBytes: Int {
    switch format {
    // Deflate makes 1032 bytes of one at most.
    case .png: rowBytes * height / 1032
    // A Huffman code has at least a bit, and a block of a sequential file at least two codes.
    case .jpeg: isArithmetic ? 0 : blocks * (isProgressive ? 1 : 2) / 8
    case .webp: 0
    }
  }
}
