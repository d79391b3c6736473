import Datasets
import Files
import Foundation
import Testing

@Suite struct IDXFileTests {
  /// Writes `data` under `name` and reads it.
  private func read(_ data: Data, name: String = "file") throws -> IDXFile {
    try withFolder { folder in
      let url = folder.appendingPathComponent(name)
      try data.write(to: url)
      return try IDXFile(contentsOf: url)
    }
  }

  /// The reason for which `data` is refused.
  private func refusal(of data: Data, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    try withFolder { folder in
      let url = folder.appendingPathComponent("bad.idx")
      try data.write(to: url)
      let error = try fileError(sourceLocation: sourceLocation) { _ = try IDXFile(contentsOf: url) }
      #expect(error.path == url.path, sourceLocation: sourceLocation)
      return error.reason
    }
  }

  private let elements = (0..<24).map { UInt8($0 * 10) }
  private var sound: Data { idx([2, 3, 4], elements) }

  // MARK: What is read

  @Test func plainFile() throws {
    let file = try read(sound)
    #expect(file.shape == [2, 3, 4])
    #expect(file.bytes == elements)
  }

  @Test(arguments: ["file.gz", "file", "file.idx3-ubyte"])
  func gzipIsToldByContentNotByName(name: String) throws {
    #expect(try read(gzip(sound), name: name) == read(sound, name: name + ".gz"))
  }

  @Test func gzipOfSeveralMembers() throws {
    #expect(try read(gzip(sound.prefix(9)) + gzip(sound.dropFirst(9))).bytes == elements)
  }

  @Test func zerosBehindGzipData() throws {
    #expect(try read(gzip(sound) + Data(count: 512)).bytes == elements)
    #expect(try read(gzip(sound) + Data(count: 1 << 18)).bytes == elements)
    #expect(try read(gzip(sound.prefix(9)) + Data(count: 3) + gzip(sound.dropFirst(9)) + [0]).bytes == elements)
  }

  @Test func largerThanAnyBuffer() throws {
    let many = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
    let data = idx([1_000_003], many)
    #expect(try read(data).bytes == many)
    #expect(try read(gzip(data)).bytes == many)
    let zeros = [UInt8](repeating: 0, count: 3_000_000)
    #expect(try read(gzip(idx([3_000_000], zeros))).bytes == zeros, "near the best ratio that deflate has")
  }

  @Test func oneAxisAndMany() throws {
    #expect(try read(idx([3], [7, 8, 9])).shape == [3])
    #expect(try read(idx([UInt32](repeating: 1, count: 255), [5])).shape == [Int](repeating: 1, count: 255))
  }

  // MARK: What is refused

  @Test func missing() throws {
    let url = URL(fileURLWithPath: "/nowhere/at-all")
    #expect(try fileError { _ = try IDXFile(contentsOf: url) }.description == "/nowhere/at-all: there is no such file")
  }

  @Test func folderAndPipe() throws {
    try withFolder { folder in
      var error = try fileError { _ = try IDXFile(contentsOf: folder) }
      #expect(error.reason == "is a folder, not a file")
      let pipe = folder.appendingPathComponent("pipe")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      error = try fileError { _ = try IDXFile(contentsOf: pipe) }
      #expect(error.reason == "is not a regular file")
    }
  }

  @Test func empty() throws {
    #expect(try refusal(of: Data()) == "is not an IDX file: it is empty")
    #expect(try refusal(of: gzip(Data())) == "is not an IDX file: it is empty")
  }

  @Test func notIDX() throws {
    #expect(
      try refusal(of: Data([1, 2, 3, 4, 5]))
        == "is not an IDX file: it begins with the bytes 01 02 03 04 instead of 00 00 08")
  }

  private static let others: [(data: Data, kind: String)] = [
    (Data([0x89, 0x50, 0x4e, 0x47, 0x0d]), "a PNG picture"), (Data([0xff, 0xd8, 0xff, 0xe0]), "a JPEG picture"),
    (Data("PK\u{3}\u{4}...".utf8), "a zip archive, as .npz files are"), (gzip(idx([1], [1])), "gzip data"),
    (Data("\n <!DOCTYPE html><title>403</title>".utf8), "a web page"), (Data("{\"error\": 403}".utf8), "text"),
    (Data("größer".utf8), "text"), (Data("<?xml version='1.0'?><Error/>".utf8), "XML text"),
    (Data([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1]), "a NumPy array (.npy)"),
    (Data([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), "xz data"),
    (
      Data("version https://git-lfs.github.com/spec/v1\noid sha256:0".utf8),
      "a pointer of git LFS: `git lfs pull` fetches the file itself"
    ),
  ]

  /// What people find under a data set's name.
  @Test(arguments: others)
  func otherFilesAreCalledWhatTheyAre(data: Data, kind: String) throws {
    if !data.starts(with: [0x1f, 0x8b]) { #expect(try refusal(of: data) == "is not an IDX file: it is \(kind)") }
    #expect(try refusal(of: gzip(data)) == "is not an IDX file: it unpacks to \(kind)")
  }

  @Test(arguments: [
    (0x09, "holds signed bytes (IDX type 0x09)"), (0x0b, "holds 16-bit integers (IDX type 0x0b)"),
    (0x0c, "holds 32-bit integers (IDX type 0x0c)"), (0x0d, "holds 32-bit floats (IDX type 0x0d)"),
    (0x0e, "holds 64-bit floats (IDX type 0x0e)"), (0x42, "holds elements of an unknown type (IDX type 0x42)"),
  ])
  func otherTypes(type: UInt8, start: String) throws {
    #expect(try refusal(of: idx([1], [1], type: type)) == start + "; only unsigned bytes (0x08) are read")
  }

  @Test func unusableShapes() throws {
    #expect(try refusal(of: idx([], [1])) == "is an IDX file without dimensions")
    #expect(try refusal(of: idx([2, 0, 4], [])) == "has no elements: dimension 1 of its shape [2, 0, 4] is 0")
    let reason = try refusal(of: idx([UInt32](repeating: .max, count: 3), [1]))
    #expect(reason == "announces shape [4294967295, 4294967295, 4294967295], more bytes than a file can have")
    // The product of these is 2^63 - 1, which fits; with the header on top of it, it does not.
    #expect(
      try refusal(of: idx([649_657, 92_737 * 337, 127 * 73 * 49], [])).hasSuffix("more bytes than a file can have"))
  }

  @Test func falseHeaderOfPlainFile() throws {
    let reason = "holds 17 of 4 000 000 000 016 bytes that its shape [1000000, 2000, 2000] takes"
    #expect(try refusal(of: idx([1_000_000, 2000, 2000], [1])) == reason)
  }

  @Test func falseHeaderOfGzipFile() throws {
    let implausible = gzip(idx([1_000_000, 2000, 2000], [1]))
    #expect(
      try refusal(of: implausible) == "announces shape [1000000, 2000, 2000], 4 000 000 000 016 bytes: more than its "
        + "\(implausible.count) bytes of gzip data can hold")
    #expect(try refusal(of: gzip(idx([30_000], [1]))) == "holds 9 of 30 008 bytes that its shape [30000] takes")
  }

  @Test func truncatedAndTrailing() throws {
    #expect(try refusal(of: sound.dropLast(5)) == "holds 35 of 40 bytes that its shape [2, 3, 4] takes")
    #expect(try refusal(of: sound + [1, 2]) == "holds 2 bytes more than the 40 bytes that its shape [2, 3, 4] takes")
    let more = gzip(sound + [UInt8](repeating: 0, count: 5_000_000))
    #expect(try refusal(of: more) == "holds bytes more than the 40 bytes that its shape [2, 3, 4] takes")
    #expect(try refusal(of: gzip(sound) + [0, 1]) == "has other bytes behind its gzip data")
  }

  @Test func damagedGzip() throws {
    var checksum = gzip(sound)
    checksum[checksum.count - 8] ^= 1
    #expect(
      try refusal(of: checksum)
        == "has damaged gzip data (incorrect data check): it unpacks to 40 of 40 bytes")
    var length = gzip(sound)
    length[length.count - 1] ^= 1
    #expect(try refusal(of: length).contains("(incorrect length check)"))
    #expect(
      try refusal(of: gzip(sound).dropLast(1)) == "is cut short within its gzip data: it unpacks to 40 of 40 bytes")
    #expect(
      try refusal(of: Data([0x1f, 0x8b])) == "is cut short within its gzip data: it unpacks to 0 bytes")
  }

  @Test func errorsNameTheByte() throws {
    func place(_ data: Data) throws -> FileError.Place? {
      try withFolder { folder in
        let url = folder.appendingPathComponent("bad.idx")
        try data.write(to: url)
        return try fileError { _ = try IDXFile(contentsOf: url) }.place
      }
    }
    #expect(try place(idx([2, 0, 4], [])) == .byte(8))
    #expect(try place(gzip(idx([2, 0, 4], []))) == .unpackedByte(8))
    #expect(try place(sound.dropLast(5)) == .byte(35))
    #expect(try place(sound + [1]) == .byte(40))
    #expect(try place(gzip(sound) + [0, 0, 1]) == .byte(gzip(sound).count + 2))
    #expect(try place(gzip(sound).dropLast(3)) == .byte(gzip(sound).count - 3))
    #expect(try place(Data()) == .byte(0))
    // Behind the first buffer of input.
    let many = (0..<400_000).map { _ in UInt8.random(in: 0...255) }
    var damaged = gzip(idx([400_000], many))
    damaged[damaged.count - 5] ^= 1
    #expect(try place(damaged) == .byte(damaged.count - 4))
  }

  // MARK: Every cut, every flipped bit

  @Test func everyTruncationIsRefused() throws {
    for whole in [sound, gzip(sound), gzip(sound.prefix(20)) + gzip(sound.dropFirst(20))] {
      for length in 0..<whole.count { _ = try refusal(of: whole.prefix(length)) }
    }
  }

  /// A flipped bit of a plain file may be a changed element; any other is refused, and none does harm.
  @Test func everyFlippedBitIsRefusedOrRead() throws {
    for (whole, headerCount) in [(sound, 16), (gzip(sound), .max)] {
      try withFolder { folder in
        let url = folder.appendingPathComponent("flipped")
        for bit in 0..<whole.count * 8 {
          var data = whole
          data[bit / 8] ^= 1 << (bit % 8)
          try data.write(to: url)
          do {
            let file = try IDXFile(contentsOf: url)
            #expect(file.bytes.count == 24)
            if headerCount == .max {
              #expect(file.bytes == elements, "bit \(bit) of gzip data")
            } else {
              #expect(bit / 8 >= headerCount, "bit \(bit) of the header")
            }
          } catch {
            #expect(error is FileError)
          }
        }
      }
    }
  }
}
