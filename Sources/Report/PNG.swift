import Cpng
import Files
import Foundation

/// Why bytes are not an image that can be used, or an image could not be encoded.
public struct ImageError: Error, CustomStringConvertible, Sendable {
  /// A clause without a full stop: "is not a PNG file".
  public let reason: String

  public var description: String { "the image " + reason }
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
  /// - Throws: ``ImageError`` if the bytes are not PNG, are damaged or cut off, or the image is larger than
  ///   ``pixelLimit``.
  public init(png: Data) throws(ImageError) {
    guard let size = Self.size(ofPNG: png) else { throw ImageError(reason: "is not a PNG file") }
    // Each at most 2^31 - 1, so that the product fits.
    guard size.width * size.height <= Self.pixelLimit else {
      throw ImageError(
        reason: "is too large (its header says \(size.width) x \(size.height) pixels, the limit is \(Self.pixelLimit))")
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
    guard let samples = decoded else { throw ImageError(reason: "is damaged (\(Self.message(of: decoder)))") }
    self.init(
      width: size.width, height: size.height, channels: samples.count / (size.width * size.height), samples: samples)
  }

  /// Reads a PNG file.
  ///
  /// - Throws: `FileError` naming the file, with the reasons of ``init(png:)`` or that it cannot be read.
  public init(contentsOf url: URL) throws(FileError) {
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      let exists = FileManager.default.fileExists(atPath: url.path)
      throw FileError(
        path: url.path, reason: exists ? "cannot be read (\(error.localizedDescription))" : "does not exist")
    }
    do {
      self = try Image(png: data)
    } catch {
      throw FileError(path: url.path, reason: error.reason)
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

  /// Width and height as the header of a PNG file states them, or nil if there is no such header.
  static func size(ofPNG data: Data) -> (width: Int, height: Int)? {
    let header = [UInt8](data.prefix(24))
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    guard header.count == 24, header.starts(with: signature), header[12..<16].elementsEqual("IHDR".utf8) else {
      return nil
    }
    func number(at offset: Int) -> Int { header[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    let size = (width: number(at: 16), height: number(at: 20))
    return size.width > 0 && size.height > 0 && max(size.width, size.height) <= Int32.max ? size : nil
  }

  private static func message(of image: png_image) -> String {
    withUnsafeBytes(of: image.message) { bytes in
      let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      return text.isEmpty ? "libpng gives no reason" : text
    }
  }
}
