import Foundation

extension PictureFacts {
  /// A WebP file: its first chunk, and of the others only which there are, and EXIF data.
  init(webp reader: ByteReader) throws(ImageError) {
    func damaged(_ reason: String, _ offset: Int) -> ImageError {
      ImageError(reason: "is a damaged WebP file (\(reason))", offset: offset)
    }
    let size = reader.number(at: 4, width: 4, littleEndian: true)
    guard reader.count >= 30 else { throw damaged("its header is cut off", reader.count) }
    guard 8 + size <= reader.count else { throw damaged("it ends too early", reader.count) }
    func number(_ offset: Int, _ width: Int) -> Int { reader.number(at: offset, width: width, littleEndian: true) }
    let (width, height, flags): (Int, Int, Int)
    // Flags as in VP8X: 0x10 for alpha, 0x02 for animation.
    if reader.has("VP8X", at: 12) {
      (width, height, flags) = (1 + number(24, 3), 1 + number(27, 3), reader[20])
    } else if reader.has("VP8L", at: 12), reader[20] == 0x2F {
      let bits = number(21, 4)
      (width, height, flags) = (1 + bits & 0x3FFF, 1 + bits >> 14 & 0x3FFF, bits >> 28 & 1 == 1 ? 0x10 : 0)
    } else if reader.has("VP8 ", at: 12), reader.number(at: 23, width: 3) == 0x9D012A {
      (width, height, flags) = (number(26, 2) & 0x3FFF, number(28, 2) & 0x3FFF, 0)
    } else {
      throw damaged("it does not begin with a picture", 12)
    }
    guard width > 0, height > 0 else { throw damaged("its header says \(width) x \(height) pixels", 26) }
    var orientation = 1
    for chunk in WebPChunks(reader: reader) where reader.has("EXIF", at: chunk.lowerBound - 8) {
      orientation = exifOrientation(reader.slice(chunk))
    }
    self.init(
      format: .webp, width: width, height: height, colour: .rgb, hasAlpha: flags & 0x10 != 0, orientation: orientation,
      isAnimated: flags & 0x02 != 0, sizeOffset: 20)
  }
}

/// Where the contents of a WebP file's chunks are: four letters, a length, so many bytes and one more where they are
/// odd.
struct WebPChunks: Sequence, IteratorProtocol {
  let reader: ByteReader
  private var offset = 12

  init(reader: ByteReader) { self.reader = reader }

  mutating func next() -> Range<Int>? {
    let length = reader.number(at: offset + 4, width: 4, littleEndian: true)
    guard offset + 8 + length <= reader.count else { return nil }
    defer { offset += 8 + length + length & 1 }
    return offset + 8..<offset + 8 + length
  }

  /// Where the first chunk with pixels begins.
  static func pixels(in reader: ByteReader) -> Int {
    let kinds: [StaticString] = ["VP8 ", "VP8L", "ANMF"]
    let body = WebPChunks(reader: reader).first { chunk in
      kinds.contains { reader.has($0, at: chunk.lowerBound - 8) }
    }
    return body.map { $0.lowerBound - 8 } ?? 12
  }
}
