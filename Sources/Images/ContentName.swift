import Foundation

/// What bytes are, judged by the first of them and with an article: "an HTML page", "a git-lfs pointer", "a GIF
/// picture", "an empty file", "text", "unknown data". For messages about files that are not what they should be.
public func contentName(of bytes: Data) -> String {
  guard !bytes.isEmpty else { return "an empty file" }
  return bytes.prefix(4096).reading { reader in
    if let format = ImageFormat.of(reader) { return "a \(format.name) picture" }
    return signatures.first { reader.has($0.bytes, at: $0.offset) }?.name ?? boxedName(of: reader)
      ?? textName(of: reader) ?? "unknown data"
  }
}

private struct Signature {
  let bytes: StaticString
  var offset = 0
  let name: String
}

// A byte above 127 cannot stand in such a text: signatures with one are told by what follows it.
private let signatures = [
  Signature(bytes: "GIF8", name: "a GIF picture"),
  Signature(bytes: "II*\0", name: "a TIFF picture"),
  Signature(bytes: "MM\0*", name: "a TIFF picture"),
  Signature(bytes: "II+\0", name: "a TIFF picture"),
  Signature(bytes: "MM\0+", name: "a TIFF picture"),
  Signature(bytes: "8BPS", name: "a Photoshop document"),
  Signature(bytes: "\0\0\0\u{0C}jP  ", name: "a JPEG 2000 picture"),
  Signature(bytes: "\0\0\0\u{0C}JXL ", name: "a JPEG XL picture"),
  Signature(bytes: "\0\0\u{01}\0", name: "a Windows icon"),
  Signature(bytes: "PK\u{03}\u{04}", name: "a zip archive"),
  Signature(bytes: "PK\u{05}\u{06}", name: "an empty zip archive"),
  Signature(bytes: "7z", name: "a 7z archive"),
  Signature(bytes: "Rar!", name: "a RAR archive"),
  Signature(bytes: "ustar", offset: 257, name: "a tar archive"),
  Signature(bytes: "BZh", name: "bzip2 data"),
  Signature(bytes: "7zXZ", offset: 1, name: "xz data"),
  Signature(bytes: "%PDF", name: "a PDF document"),
  Signature(bytes: "NUMPY", offset: 1, name: "a NumPy array"),
  Signature(bytes: "HDF", offset: 1, name: "an HDF5 file"),
  Signature(bytes: "MATLAB", name: "a MATLAB file"),
  Signature(bytes: "ELF", offset: 1, name: "a program"),
  Signature(bytes: "version https://git-lfs", name: "a git-lfs pointer, not the file it stands for"),
]

/// Formats whose signatures are numbers, and those of boxes, which the brand of the first tells apart.
private func boxedName(of reader: ByteReader) -> String? {
  if reader.has("BM", at: 0), reader.number(at: 2, width: 4, littleEndian: true) > 14,
    reader.number(at: 6, width: 4) == 0
  {
    return "a BMP picture"
  }
  if reader[0] == 0x1F, reader[1] == 0x8B { return "gzip data" }
  if reader[0] == 0xFF, reader[1] == 0x0A { return "a JPEG XL picture" }
  if reader[0] == 0x89, reader.has("PNG", at: 1) { return "a PNG picture that was changed as if it were text" }
  if reader.has("RIFF", at: 0) { return "a RIFF file of another kind" }
  guard reader.has("ftyp", at: 4) else { return nil }
  if reader.has("avif", at: 8) || reader.has("avis", at: 8) { return "an AVIF picture" }
  let brands: [StaticString] = ["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"]
  return brands.contains { reader.has($0, at: 8) } ? "a HEIC picture" : "a film"
}

private func textName(of reader: ByteReader) -> String? {
  if reader.bytes.allSatisfy({ $0 == 0 }) { return "nothing but zeros" }
  guard !reader.bytes.contains(where: { $0 < 9 || (14..<27).contains($0) }) else { return nil }
  let start = String(decoding: reader.bytes.prefix(1024), as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    .lowercased()
  if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") || start.contains("<head") {
    return "an HTML page"
  }
  if start.contains("<svg") { return "an SVG drawing" }
  if start.hasPrefix("<?xml") { return "an XML document" }
  // The last character may have been cut.
  let whole = (0...3).contains { String(validating: reader.bytes.dropLast($0), as: UTF8.self) != nil }
  return whole ? "text" : nil
}
