import Czlib
import Foundation

/// What the first chunk of a PNG file says, and where a file is damaged, which libpng does not tell.
struct PNGHeader {
  /// In pixels, 1 ... 2^31 - 1.
  let width: Int
  let height: Int
  /// What a row of pixels takes before it is compressed.
  let rowBytes: Int

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Nil where there is no such header.
  init?(_ png: Data) {
    let bytes = [UInt8](png.prefix(26))
    guard bytes.count == 26, bytes.starts(with: Self.signature), bytes[12..<16].elementsEqual("IHDR".utf8) else {
      return nil
    }
    width = Self.number(bytes, at: 16)
    height = Self.number(bytes, at: 20)
    guard (1...Int(Int32.max)).contains(width), (1...Int(Int32.max)).contains(height) else { return nil }
    // By colour type: grey, colour, palette, grey and alpha, colour and alpha. libpng refuses the others.
    let samples = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][bytes[25]] ?? 1
    rowBytes = (width * samples * Int(bytes[24]) + 7) / 8
  }

  /// Where `png` ceases to be what a PNG file begins with.
  static func firstWrongByte(of png: Data) -> Int {
    let wanted: [UInt8] = signature + [0, 0, 0, 13] + Array("IHDR".utf8)
    let right = zip(png, wanted).prefix { $0 == $1 }.count
    return right < wanted.count ? right : min(png.count, 16)
  }

  /// Where the first chunk begins that is cut off or whose checksum does not hold; that of the pixels where all are sound.
  static func damagedChunk(of png: Data) -> Int {
    let bytes = [UInt8](png)
    var (offset, pixels) = (8, 8)
    while offset < bytes.count {
      guard offset + 12 <= bytes.count else { return offset }
      let length = number(bytes, at: offset)
      guard offset + 12 + length <= bytes.count else { return offset }
      let checksum = bytes[(offset + 4)..<(offset + 8 + length)].withUnsafeBufferPointer {
        crc32(0, $0.baseAddress, UInt32($0.count))
      }
      guard Int(checksum) == number(bytes, at: offset + 8 + length) else { return offset }
      if bytes[(offset + 4)..<(offset + 8)].elementsEqual("IDAT".utf8), pixels == 8 { pixels = offset }
      offset += 12 + length
    }
    return pixels
  }

  private static func number(_ bytes: [UInt8], at offset: Int) -> Int {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
  }
}
