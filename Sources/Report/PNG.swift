import Cpng
import Files
import Foundation

/// Why bytes are not an image that can be used, or an image could not be encoded.
public struct ImageError: Error, CustomStringConvertible, Sendable {
  /// A clause without a full stop: "is not a PNG file".
  public let reason: String
  /// Of the bytes, the one where the fault was found; nil where an image could not be encoded.
  public let offset: Int?

  init(reason: String, offset: Int? = nil) {
    self.reason = reason
    self.offset = offset
  }

  public var description: String { "the image " + reason + (offset.map { " (at byte \($0))" } ?? "") }
}

extension Image {
  /// The most pixels that an image may have to be decoded: 2^26, about 67 million (200 MB in colour). What a file's header
  /// claims is checked against it before any memory is taken.
  public static let pixelLimit = 1 << 26

  /// Decodes a PNG file's bytes.
  ///
  /// Palettes, fewer or more than 8 bits and interlacing are converted; grey stays grey; what is transparent is laid
  /// over white.
  ///
  /// - Throws: ``ImageError`` with the byte at which the fault was found, if the bytes are not PNG, are damaged or cut off, or
  ///   the image is larger than ``pixelLimit`` or than so many bytes can hold.
  public init(png: Data) throws(ImageError) {
    let png = Data(png)
    guard let header = PNGHeader(png) else {
      throw ImageError(reason: "is not a PNG file", offset: PNGHeader.firstWrongByte(of: png))
    }
    let (width, height) = (header.width, header.height)
    // Each at most 2^31 - 1, so that the product fits.
    guard width * height <= Self.pixelLimit else {
      throw ImageError(
        reason: "is too large (its header says \(width) x \(height) pixels, the limit is \(Self.pixelLimit))",
        offset: 16)
    }
    guard header.rowBytes * height / 1032 <= png.count else {
      throw ImageError(
        reason: "is damaged (its header says \(width) x \(height) pixels, more than \(png.count) bytes can hold)",
        offset: 16)
    }
    var decoder = png_image()
    decoder.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&decoder) }
    let decoded: [UInt8]? = png.withUnsafeBytes { bytes in
      guard png_image_begin_read_from_memory(&decoder, bytes.baseAddress, bytes.count) != 0 else { return nil }
      // 16-bit files that say nothing about it are sRGB, as 8-bit ones are; libpng alone would take them for linear.
      decoder.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
      decoder.format &= UInt32(PNG_FORMAT_FLAG_COLOR)
      let channels = decoder.format == 0 ? 1 : 3
      var samples = [UInt8](repeating: 0, count: Int(decoder.width) * Int(decoder.height) * channels)
      var white = png_color(red: 255, green: 255, blue: 255)
      return png_image_finish_read(&decoder, &white, &samples, 0, nil) == 0 ? nil : samples
    }
    guard let samples = decoded else {
      throw ImageError(reason: "is damaged (\(Self.message(of: decoder)))", offset: PNGHeader.damagedChunk(of: png))
    }
    self.init(width: width, height: height, channels: samples.count / (width * height), samples: samples)
  }

  /// Reads a PNG file.
  ///
  /// - Throws: `FileError` naming the file, with the reasons of ``init(png:)`` or that it cannot be read.
  public init(contentsOf url: URL) throws(FileError) {
    let data = try readFile(at: url)
    do {
      self = try Image(png: data)
    } catch {
      throw FileError(path: url.path, reason: error.reason, at: error.offset.map { .byte($0) })
    }
  }

  /// The bytes of the image as a PNG file.
  ///
  /// - Throws: ``ImageError`` with libpng's reason.
  public func png() throws(ImageError) -> Data {
    var encoder = png_image()
    encoder.version = UInt32(PNG_IMAGE_VERSION)
    encoder.width = UInt32(width)
    encoder.height = UInt32(height)
    encoder.format = channels == 1 ? 0 : UInt32(PNG_FORMAT_FLAG_COLOR)
    defer { png_image_free(&encoder) }
    // Compression seldom enlarges; where it does, libpng says how much room it takes, and the second attempt has it.
    var capacity = samples.count + samples.count / 100 + 4096
    for _ in 1...2 {
      var bytes = [UInt8](repeating: 0, count: capacity)
      var count = capacity
      if png_image_write_to_memory(&encoder, &bytes, &count, 0, samples, 0, nil) != 0 {
        return Data(bytes.prefix(count))
      }
      guard count > capacity else { break }
      capacity = count
    }
    throw ImageError(reason: "cannot be encoded (\(Self.message(of: encoder)))")
  }

  /// Writes the image to `url` as a PNG file, whole or not at all.
  ///
  /// - Throws: `FileError` naming the file and the reason.
  public func write(to url: URL) throws {
    let data: Data
    do {
      data = try png()
    } catch {
      throw FileError(path: url.path, reason: error.reason)
    }
    try replaceFile(at: url, with: data)
  }

  private static func message(of image: png_image) -> String {
    withUnsafeBytes(of: image.message) { bytes in
      let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      return text.isEmpty ? "libpng gives no reason" : text
    }
  }
}
