import Files
import Foundation
import GoldenSupport
import Testing
import Torch

/// Files come from anywhere: whatever they claim, the answer is values or an error that names the file.
@Suite struct SafetensorsTests {
  private func withFile(_ bytes: Data, _ body: (URL) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    try bytes.write(to: url)
    try body(url)
  }

  @Test func keepsNamesShapesKindsAndBits() throws {
    let tensors: [String: Tensor] = [
      "a": Tensor([1.5, -2, .infinity] as [Float]), "b.weight": Tensor([1, 2, 3, 4] as [Double], shape: [2, 2]),
      "c": Tensor([-7, 9] as [Int64]), "d": Tensor([true, false]), "scalar": Tensor([3] as [Float]).reshaped([]),
      "empty": .zeros([0, 4]), "half": Tensor([1, 2] as [Float]).to(.bfloat16),
    ]
    try withFile(Safetensors(tensors: tensors, metadata: ["by": "test"]).encoded()) { url in
      let read = try Safetensors(contentsOf: url)
      #expect(read.metadata == ["by": "test"])
      #expect(Set(read.tensors.keys) == Set(tensors.keys))
      for (name, tensor) in tensors {
        let found = try #require(read.tensors[name])
        #expect(found.shape == tensor.shape && found.dtype == tensor.dtype)
        #expect(try found.values(Double.self) == tensor.values(Double.self))
      }
    }
  }

  /// A checkpoint of large networks takes hardly any memory beside them: it goes to the disk piece by piece.
  @Test(.enabled(if: PeakMemory.isKnown, "the system does not tell the peak of memory"))
  func aFileIsWrittenPieceByPiece() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    // 64 MB in two tensors, neither a whole number of pieces.
    let tensors = try [
      "a": RandomStream(seed: 1).normal([8 << 20 | 5]).checked(),
      "b": RandomStream(seed: 2).normal([8 << 20]).checked(),
    ]
    let before = try #require(residentMemory())
    PeakMemory.reset()
    try Safetensors(tensors: tensors).write(to: url)
    #expect(try #require(PeakMemory.bytes()) - before < 16 << 20)
    let read = try Safetensors(contentsOf: url)
    for (name, tensor) in tensors { #expect(try read.tensors[name]?.values() == tensor.values()) }
    #expect(try Data(contentsOf: url) == Safetensors(tensors: tensors).encoded())
  }

  /// A file goes into tensors piece by piece, so that a megabyte or two beside them are in memory; a part of a larger
  /// tensor, which does not lie in one piece, gets its elements and nothing beside it.
  @Test(.enabled(if: PeakMemory.isKnown, "the system does not tell the peak of memory"))
  func aFileIsReadPieceByPiece() throws {
    // 64 MB in rows that are longer than a piece, and some that are shorter.
    let wide = try RandomStream(seed: 1).normal([3, 2 << 20 | 7]).checked()
    let tall = try RandomStream(seed: 2).normal([1_000_003, 9]).checked()
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    try Safetensors(tensors: ["wide": wide, "tall": tall, "few": Tensor([5] as [Int64]).to(.uint8)]).write(to: url)
    let inOne = Tensor.zeros([1_000_003, 9])
    let whole = Tensor.zeros([3, 3 << 20], dtype: .float64)
    let before = try #require(residentMemory())
    PeakMemory.reset()
    let file = try SafetensorsFile(url)
    try file.read("tall", into: inOne)
    try file.read("wide", into: whole.sliced(-1, 11..<11 + wide.size(1)))
    #expect(try #require(PeakMemory.bytes()) - before < 16 << 20)
    let isEqual = try inOne.values() == tall.values()
    #expect(isEqual)
    let found = try whole.values(Float.self)
    let expected = try concatenated(
      [.zeros([3, 11]), wide, .zeros([3, (3 << 20) - 11 - wide.size(1)])], -1
    ).values(Float.self)
    let isInPlace = found == expected
    #expect(isInPlace)
    #expect(try file.tensor("few").item() == 5 && file.description(of: "few")?.dtype == .uint8)
    #expect(file.description(of: "none") == nil && Set(file.names) == ["few", "tall", "wide"])
    for name in ["none", "few"] { #expect(throws: FileError.self) { try file.read(name, into: inOne) } }
    // Where it is cut off after it was opened, that is said; nothing ends the process.
    #expect(truncate(url.path, 1 << 20) == 0)
    let error = #expect(throws: FileError.self) { try file.read("tall", into: inOne) }
    #expect(error?.reason == "has become shorter while it was read")
  }

  /// Kinds of elements that tensors here have not are read as those that hold them; what is not read is not called no
  /// safetensors file.
  @Test func readsKindsThatItDoesNotWrite() throws {
    func file(_ kind: String, _ bytes: [UInt8], count: Int) -> Data {
      var header = Data(#"{"x":{"dtype":"\#(kind)","shape":[\#(count)],"data_offsets":[0,\#(bytes.count)]}}"#.utf8)
      while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
      return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + Data(bytes)
    }
    func values(_ kind: String, _ words: [UInt64], width: Int) throws -> (DType, [Double]) {
      let bytes = words.flatMap { word in (0..<width).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
      var found: (DType, [Double])?
      try withFile(file(kind, bytes, count: words.count)) {
        let x = try #require(Safetensors(contentsOf: $0).tensors["x"])
        found = (x.dtype, try x.values(Double.self))
      }
      return try #require(found)
    }
    // 1, -2, the smallest and the largest subnormal, the largest number, both zeros, infinity.
    let half = try values("F16", [0x3C00, 0xC000, 0x0001, 0x03FF, 0x7BFF, 0x0000, 0x8000, 0x7C00], width: 2)
    #expect(half.0 == .float32)
    #expect(half.1 == [1, -2, 0x1p-24, 1023 * 0x1p-24, 65_504, 0, 0, .infinity] && half.1[6].sign == .minus)
    #expect(try values("F16", [0x7E00], width: 2).1[0].isNaN)
    for (kind, width) in [("I8", 1), ("I16", 2), ("I32", 4)] {
      let found = try values(kind, [5, .max], width: width)
      #expect(found.0 == .int64 && found.1 == [5, -1], "\(kind): \(found)")
    }
    #expect(try values("U16", [65_535], width: 2).1 == [65_535])
    #expect(try values("U32", [4_294_967_295], width: 4).1 == [4_294_967_295])
    try withFile(file("F8_E4M3", [1], count: 1)) { url in
      let error = try #require(throws: FileError.self) { try Safetensors(contentsOf: url) }
      #expect(error.reason.contains("'F8_E4M3'") && !error.reason.contains("not a safetensors file"), "\(error)")
    }
  }

  @Test func refusesEveryTruncation() throws {
    let bytes = try Safetensors(tensors: ["x": Tensor([1, 2, 3] as [Float])]).encoded()
    for length in 0..<bytes.count {
      try withFile(bytes.prefix(length)) { url in
        #expect(throws: FileError.self) { try Safetensors(contentsOf: url) }
      }
    }
  }

  /// Any bit that changes after writing, in the header or in the elements, is noticed, or changes nothing that is read
  /// as a tensor.
  @Test func refusesEveryChangedByte() throws {
    let bytes = try Safetensors(tensors: ["x": Tensor([1, 2, 3] as [Float])], metadata: ["by": "test"]).encoded()
    let name = try #require(bytes.range(of: Data("sha256".utf8)))
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1
      try withFile(changed) { url in
        // Spaces after the header may become what JSON reads as nothing, and without the checksum's name there is no
        // checksum to hold; nothing else may pass.
        if let read = try? Safetensors(contentsOf: url) {
          #expect(bytes[index] == UInt8(ascii: " ") || name.contains(index), "byte \(index)")
          let values = try read.tensors["x"]?.values(Float.self)
          #expect(values == [1, 2, 3])
        }
      }
    }
  }

  @Test(arguments: [
    #"{"x":{"dtype":"F32","shape":[1000000000,1000000000],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"F32","shape":[0,4611686018427387904,4611686018427387904],"data_offsets":[0,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
    #"{"x":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"F32","shape":[],"data_offsets":[0]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
    #"{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#,
    #"{"x":[]}"#, "[]", "nonsense", String(repeating: "[", count: 100_000), String(repeating: #"{"x":"#, count: 10_000),
    // One name twice, of which a decoder would keep one; two tensors in one place beside a hole; a hole.
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"I64","shape":[0],"data_offsets":[0,0]}}"#,
    #"{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
    #"{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
  ]) func refusesHeadersThatDoNotFit(_ header: String) throws {
    var bytes = Data(withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) })
    bytes.append(contentsOf: header.utf8)
    bytes.append(contentsOf: [0, 0, 128, 63])
    try withFile(bytes) { url in
      let error = #expect(throws: FileError.self) { try Safetensors(contentsOf: url) }
      #expect(error?.path == url.path && error?.place != nil)
    }
  }

  @Test func errorsNameTheByte() throws {
    let header =
      #"{"first":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
      + #""second":{"dtype":"F99","shape":[0],"data_offsets":[4,4]}}"#
    var bytes = Data(withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) })
    bytes.append(contentsOf: header.utf8 + [1, 2, 3, 4])
    try withFile(bytes) { url in
      let error = try #require(throws: FileError.self) { try Safetensors(contentsOf: url) }
      let offset = try #require(bytes.range(of: Data("\"second\"".utf8))).lowerBound
      #expect(error.place == .byte(offset) && error.description.hasSuffix("(at byte \(offset))"))
    }
  }

  /// A header may say of an empty tensor what it likes, but not in the middle of another.
  @Test func emptyTensorsTakeNoPlace() throws {
    let tensors: [String: Tensor] = ["a": .zeros([0, 4]), "b": Tensor([1] as [Float]), "c": .zeros([0])]
    try withFile(Safetensors(tensors: tensors).encoded()) { url in
      let read = try Safetensors(contentsOf: url)
      #expect(read.tensors.count == 3)
    }
  }

  /// A file of terabytes, of which the disk holds a few bytes: refused for what it is, without room made for it.
  @Test(
    arguments: [
      (1 << 42, ""),
      (200, #"{"x":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}"#),
      (200, #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#),
    ] as [(Int, String)])
  func refusesTerabytes(_ length: Int, _ header: String) throws {
    var bytes = Data(withUnsafeBytes(of: UInt64(length).littleEndian) { Array($0) })
    bytes.append(contentsOf: header.utf8)
    if !header.isEmpty {
      bytes.append(contentsOf: Array(repeating: UInt8(ascii: " "), count: length - header.utf8.count))
    }
    try withFile(bytes) { url in
      let size = off_t(length > 1 << 40 ? 5 << 40 : bytes.count + 4_000_000_000_000)
      try #require(truncate(url.path, size) == 0, "this file system has no sparse files")
      let before = residentMemory()
      let error = #expect(throws: FileError.self) { try Safetensors(contentsOf: url) }
      #expect(error?.reason.contains("there is no memory") == true, "\(error?.reason ?? "")")
      if let before, let after = residentMemory() { #expect(after - before < 64 << 20) }
    }
  }

  /// What is no file is not waited for.
  @Test func refusesFoldersAndPipes() throws {
    let pipe = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    try #require(mkfifo(pipe.path, 0o600) == 0)
    defer { unlink(pipe.path) }
    for (url, reason) in [
      (FileManager.default.temporaryDirectory, "is a folder, not a file"), (pipe, "is not a regular file"),
    ] {
      let error = #expect(throws: FileError.self) { try Safetensors(contentsOf: url) }
      #expect(error?.reason == reason)
    }
  }

  @Test func namesAFileThatIsNotThere() {
    let error = #expect(throws: FileError.self) { try Safetensors(contentsOf: URL(fileURLWithPath: "/nowhere/x")) }
    #expect(error?.description == "/nowhere/x: there is no such file")
  }
}
