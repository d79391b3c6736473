import Czlib
import Foundation

extension PictureFacts {
  /// A PNG file: its first chunk, and of the others only which there are, and EXIF data.
  init(png reader: ByteReader) throws(ImageError) {
    let (width, height) = (reader.number(at: 16, width: 4), reader.number(at: 20, width: 4))
    guard reader.count >= 33, reader.has("IHDR", at: 12), reader.number(at: 8, width: 4) == 13 else {
      throw ImageError(
        reason: "is a damaged PNG file (its header is \(reader.count < 33 ? "cut off" : "missing"))",
        offset: reader.count < 33 ? reader.count : 8)
    }
    guard (1...Int(Int32.max)).contains(width), (1...Int(Int32.max)).contains(height) else {
      throw ImageError(reason: "is a damaged PNG file (its header says \(width) x \(height) pixels)", offset: 16)
    }
    let kinds: [Int: (colour: Colour, samples: Int, depths: [Int])] = [
      0: (.grey, 1, [1, 2, 4, 8, 16]), 2: (.rgb, 3, [8, 16]), 3: (.palette, 1, [1, 2, 4, 8]), 4: (.grey, 2, [8, 16]),
      6: (.rgb, 4, [8, 16]),
    ]
    let depth = reader[24]
    guard let kind = kinds[reader[25]], kind.depths.contains(depth) else {
      throw ImageError(
        reason: "is a damaged PNG file (there is no colour type \(reader[25]) with \(depth) bits)", offset: 24)
    }
    var (isTransparent, orientation, isAnimated) = (kind.samples == 2 || kind.samples == 4, 1, false)
    var hasPixels = false
    for chunk in PNGChunks(reader: reader) {
      if reader.has("IDAT", at: chunk.offset + 4) { hasPixels = true }
      if reader.has("tRNS", at: chunk.offset + 4), !hasPixels { isTransparent = true }
      if reader.has("acTL", at: chunk.offset + 4), !hasPixels { isAnimated = true }
      if reader.has("eXIf", at: chunk.offset + 4) { orientation = exifOrientation(reader.slice(chunk.body)) }
    }
    self.init(
      format: .png, width: width, height: height, bitDepth: depth, colour: kind.colour, hasAlpha: isTransparent,
      orientation: orientation, isAnimated: isAnimated, rowBytes: (width * kind.samples * depth + 7) / 8, sizeOffset: 16
    )
  }
}

/// The chunks of a PNG file that are whole: a length, four letters, so many bytes, a checksum.
struct PNGChunks: Sequence, IteratorProtocol {
  let reader: ByteReader
  /// Where the next one begins.
  private(set) var offset = 8

  init(reader: ByteReader) { self.reader = reader }

  struct Chunk {
    let offset: Int
    /// Where its content is.
    let body: Range<Int>
  }

  mutating func next() -> Chunk? {
    let length = reader.number(at: offset, width: 4)
    guard offset + 12 + length <= reader.count else { return nil }
    defer { offset += 12 + length }
    return Chunk(offset: offset, body: offset + 8..<offset + 8 + length)
  }

  /// Where the first chunk begins that is cut off or whose checksum does not hold; that of the pixels where all are
  /// sound, which libpng does not tell.
  static func damaged(in reader: ByteReader) -> Int {
    var chunks = PNGChunks(reader: reader)
    var pixels: Int?
    while let chunk = chunks.next() {
      let sum = reader.bytes[chunk.offset + 4..<chunk.body.upperBound].withUnsafeBytes {
        crc32_z(0, $0.bindMemory(to: UInt8.self).baseAddress, $0.count)
      }
      guard Int(sum) == reader.number(at: chunk.body.upperBound, width: 4) else { return chunk.offset }
      if pixels == nil, reader.has("IDAT", at: chunk.offset + 4) { pixels = chunk.offset }
      if reader.has("IEND", at: chunk.offset + 4) { return pixels ?? chunk.offset }
    }
    return chunks.offset
  }
}
