import Foundation

extension PictureFacts {
  /// A JPEG file: its segments up to the first scan.
  init(jpeg reader: ByteReader) throws(ImageError) {
    func damaged(_ reason: String, _ offset: Int) -> ImageError {
      ImageError(reason: "is a damaged JPEG file (\(reason))", offset: offset)
    }
    var offset = 2
    var (frame, adobe, orientation): (Int?, Int?, Int?) = (nil, nil, nil)
    segments: while true {
      // What lies before a marker is passed over, as libjpeg does, and markers may be preceded by any number of 0xFF.
      while offset < reader.count, reader[offset] != 0xFF { offset += 1 }
      while offset < reader.count, reader[offset] == 0xFF { offset += 1 }
      guard offset < reader.count else { throw damaged("it ends before its pixels", reader.count) }
      let marker = reader[offset]
      let (start, length) = (offset + 1, reader.number(at: offset + 1, width: 2))
      switch marker {
      case 0x00, 0x01, 0xD0...0xD7:
        offset += 1
        continue
      case 0xD9: throw damaged("it has no pixels", offset - 1)
      case 0xDA: break segments
      case 0xC0...0xCF where ![0xC4, 0xC8, 0xCC].contains(marker): frame = frame ?? offset
      case 0xE1 where reader.has("Exif\0\0", at: start + 2):
        orientation = orientation ?? exifOrientation(reader.slice(start + 2..<start + max(2, length)))
      case 0xEE where reader.has("Adobe", at: start + 2) && length >= 14: adobe = reader[start + 13]
      default: break
      }
      guard length >= 2, start + length <= reader.count else {
        throw damaged("a segment of it is cut off", min(offset - 1, reader.count))
      }
      offset = start + length
    }
    guard let frame else { throw damaged("its pixels come before its size", offset - 1) }
    let (height, width) = (reader.number(at: frame + 4, width: 2), reader.number(at: frame + 6, width: 2))
    let components = reader[frame + 8]
    guard width > 0, height > 0 else { throw damaged("its header says \(width) x \(height) pixels", frame + 4) }
    guard [1, 3, 4].contains(components), reader.number(at: frame + 1, width: 2) == 8 + 3 * components else {
      throw ImageError(reason: "is a JPEG file of \(components) components, which cannot be decoded", offset: frame + 8)
    }
    self.init(
      format: .jpeg, width: width, height: height, bitDepth: reader[frame + 3],
      colour: components == 1 ? .grey : components == 3 ? .rgb : adobe == 2 ? .ycck : .cmyk,
      orientation: orientation ?? 1, isArithmetic: reader[frame] > 0xC8,
      blocks: Self.blocks(reader, frame, width, height, components), isProgressive: reader[frame] & 3 == 2,
      sizeOffset: frame + 4)
  }

  /// The blocks of 8 x 8 samples that the components have together, as far as they cover pixels.
  private static func blocks(_ reader: ByteReader, _ frame: Int, _ width: Int, _ height: Int, _ components: Int) -> Int
  {
    let sampling = (0..<components).map { component in
      let factors = reader[frame + 10 + 3 * component]
      return (across: max(1, factors >> 4), down: max(1, factors & 15))
    }
    let across = sampling.map(\.across).max() ?? 1
    let down = sampling.map(\.down).max() ?? 1
    return sampling.reduce(0) { sum, factors in
      sum + max(1, width * factors.across / (8 * across)) * max(1, height * factors.down / (8 * down))
    }
  }
}
