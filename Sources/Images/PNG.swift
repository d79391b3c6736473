import CImages
import Files
import Foundation

/// How hard a PNG encoder tries.
public enum PNGCompression: Sendable, Hashable {
  /// zlib's level 6, each row filtered by what promises most.
  case standard
  /// zlib's level 1 and differences to the left: several times as fast, and somewhat larger.
  case fast
  /// zlib's level, 0 (stored) ... 9; rows are filtered as for ``standard``.
  case level(Int)
}

extension Image {
  /// Decodes a PNG file's bytes, as ``init(decoding:options:)`` does, and nothing else.
  ///
  /// - Throws: ``ImageError`` with the byte at which the fault was found, if the bytes are not PNG, are damaged or cut
  ///   off, or the image is larger than ``pixelLimit`` or than so many bytes can hold.
  public init(png: Data) throws(ImageError) {
    guard ImageFormat(of: png) == .png else {
      let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      throw ImageError(reason: "is not a PNG file", offset: zip(png, signature).prefix { $0 == $1 }.count)
    }
    try self.init(decoding: png)
  }

  /// The bytes of the image as a PNG file.
  ///
  /// - Throws: ``ImageError`` with libpng's reason, or for a level that there is not.
  public func png(_ compression: PNGCompression = .standard) throws(ImageError) -> Data {
    let (level, isFiltered): (Int, Bool) =
      switch compression {
      case .standard: (6, true)
      case .fast: (1, false)
      case .level(let level): (level, true)
      }
    guard (0...9).contains(level) else {
      throw ImageError(reason: "cannot be encoded (zlib's levels are 0 ... 9, not \(level))")
    }
    return try encoded { file, fault in
      ci_png_encode(
        samples, UInt32(width), UInt32(height), Int32(channels), Int32(level), isFiltered ? 1 : 0, file, fault)
    }
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

  /// What an encoder has written.
  func encoded(
    _ encode: (UnsafeMutablePointer<CIBytes>, UnsafeMutablePointer<CIFault>) -> Int32
  ) throws(ImageError) -> Data {
    var (file, fault) = (CIBytes(), CIFault())
    guard encode(&file, &fault) == 1, let bytes = file.bytes else { throw ImageError("cannot be encoded", fault) }
    return Data(bytesNoCopy: bytes, count: file.count, deallocator: .free)
  }
}
