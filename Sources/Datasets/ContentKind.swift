/// What the beginning of a file shows it to be, for errors about a file that is not what its name says: "a web page".
/// `nil` where it shows nothing.
///
/// - Parameter start: the first bytes, some hundred where there are so many.
func contentKind(of start: [UInt8]) -> String? {
  func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: bytes) }
  func begins(_ text: String, at offset: Int = 0) -> Bool { begins(Array(text.utf8), at: offset) }
  let signatures: [(bytes: [UInt8], kind: String)] = [
    ([0x1f, 0x8b], "gzip data"), (Array("PK\u{3}\u{4}".utf8), "a zip archive, as .npz files are"),
    (Array("PK\u{5}\u{6}".utf8), "an empty zip archive"), ([0x89, 0x50, 0x4e, 0x47], "a PNG picture"),
    ([0xff, 0xd8, 0xff], "a JPEG picture"), (Array("GIF8".utf8), "a GIF picture"),
    ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz data"), (Array("BZh".utf8), "bzip2 data"),
    ([0x28, 0xb5, 0x2f, 0xfd], "zstd data"), ([0x37, 0x7a, 0xbc, 0xaf], "a 7z archive"),
    ([0x93] + Array("NUMPY".utf8), "a NumPy array (.npy)"), ([0x89] + Array("HDF".utf8), "an HDF5 file"),
    (Array("MATLAB ".utf8), "a MATLAB file"), (Array("%PDF".utf8), "a PDF document"),
    ([0x7f] + Array("ELF".utf8), "a program"), ([0x80, 0x02], "a Python pickle"), ([0x80, 0x03], "a Python pickle"),
    ([0x80, 0x04, 0x95], "a Python pickle"), ([0x80, 0x05, 0x95], "a Python pickle"),
  ]
  if let found = signatures.first(where: { begins($0.bytes) }) { return found.kind }
  if begins("RIFF") && begins("WEBP", at: 8) { return "a WebP picture" }
  if begins("ustar", at: 257) { return "a tar archive" }
  if begins("version https://git-lfs") { return "a pointer of git LFS: `git lfs pull` fetches the file itself" }
  guard !start.isEmpty, start.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || (9...13).contains($0) }),
    // A character may be cut at the end of what is there.
    (0...min(3, start.count - 1)).contains(where: { String(validating: start.dropLast($0), as: UTF8.self) != nil })
  else { return nil }
  let text = String(decoding: start, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
  if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") || text.hasPrefix("<head") { return "a web page" }
  return text.hasPrefix("<?xml") ? "XML text" : "text"
}
