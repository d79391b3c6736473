/// The orientation in EXIF data: a TIFF header and a directory, whose entry 274 it is.
///
/// - Parameter exif: from the TIFF header on; "Exif" and two zeros before it, as in a JPEG, are passed over.
/// - Returns: 1 ... 8; 1 where nothing sensible is said.
func exifOrientation(_ exif: ByteReader) -> Int {
  let tiff = exif.has("Exif\0\0", at: 0) ? exif.slice(6..<exif.count) : exif
  let littleEndian = tiff.has("II*\0", at: 0)
  guard littleEndian || tiff.has("MM\0*", at: 0) else { return 1 }
  func number(_ offset: Int, _ width: Int) -> Int { tiff.number(at: offset, width: width, littleEndian: littleEndian) }
  let directory = number(4, 4)
  for entry in 0..<number(directory, 2) {
    let offset = directory + 2 + 12 * entry
    guard offset + 12 <= tiff.count else { return 1 }
    guard number(offset, 2) == 274 else { continue }
    // A short number stands at the beginning of the field's four bytes, a long one fills them.
    let value = number(offset + 2, 2) == 4 ? number(offset + 8, 4) : number(offset + 8, 2)
    return (1...8).contains(value) ? value : 1
  }
  return 1
}

extension Image {
  /// The image upright, given how EXIF says that it is stored.
  ///
  /// - Parameter orientation: 1 ... 8: as it is; mirrored; upside down; both; mirrored at the falling diagonal; to be
  ///   turned right; mirrored at the rising diagonal; to be turned left. Any other is as it is.
  func upright(from orientation: Int) -> Image {
    guard (2...8).contains(orientation) else { return self }
    let isTurned = orientation > 4
    let (newWidth, newHeight) = isTurned ? (height, width) : (width, height)
    // Whether the stored columns and rows are counted from their end.
    let fromRight = [2, 3, 7, 8].contains(orientation)
    let fromBelow = [3, 4, 6, 7].contains(orientation)
    let column = (fromRight ? -1 : 1) * channels
    let row = (fromBelow ? -1 : 1) * width * channels
    let first = ((fromBelow ? height - 1 : 0) * width + (fromRight ? width - 1 : 0)) * channels
    let (alongX, alongY) = isTurned ? (row, column) : (column, row)
    let turned = [UInt8](unsafeUninitializedCapacity: samples.count) { target, count in
      samples.withUnsafeBufferPointer { source in
        var out = 0
        for y in 0..<newHeight {
          var at = first + y * alongY
          for _ in 0..<newWidth {
            for channel in 0..<channels { target[out + channel] = source[at + channel] }
            out += channels
            at += alongX
          }
        }
      }
      count = samples.count
    }
    return Image(width: newWidth, height: newHeight, channels: channels, made: turned)
  }
}
