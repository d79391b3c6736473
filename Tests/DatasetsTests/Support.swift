import Czlib
import Datasets
import Files
import Foundation
import Testing

/// Runs `body` with a folder of its own, which is removed afterwards.
func withFolder<T>(_ body: (URL) throws -> T) throws -> T {
  let folder = try makeTemporaryFolder()
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// Runs `body` with a folder of its own, which is removed afterwards.
func withFolder<T>(_ body: (URL) async throws -> T) async throws -> T {
  let folder = try makeTemporaryFolder()
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

private func makeTemporaryFolder() throws -> URL {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("datasets-tests-\(UUID().uuidString)")
  try makeFolder(at: folder)
  return folder
}

/// The `FileError` that `body` throws; any other outcome is recorded as a failure.
func fileError(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) throws -> FileError {
  try #require(throws: FileError.self, sourceLocation: sourceLocation) { try body() }
}

/// An IDX file.
///
/// - Parameters:
///   - shape: the dimensions that its header states.
///   - elements: the bytes behind the header.
func idx(_ shape: [UInt32], _ elements: [UInt8], type: UInt8 = 0x08) -> Data {
  var data = Data([0, 0, type, UInt8(shape.count)])
  for dimension in shape { withUnsafeBytes(of: dimension.bigEndian) { data.append(contentsOf: $0) } }
  return data + elements
}

/// `data` compressed to one gzip member.
func gzip(_ data: Data) -> Data {
  var stream = z_stream()
  deflateInit2_(
    &stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
    Int32(MemoryLayout<z_stream>.size))
  defer { deflateEnd(&stream) }
  var input = [UInt8](data)
  var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(input.count))) + 32)
  let written = input.withUnsafeMutableBufferPointer { input in
    output.withUnsafeMutableBufferPointer { output in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(output.count)
      #expect(deflate(&stream, Z_FINISH) == Z_STREAM_END)
      return output.count - Int(stream.avail_out)
    }
  }
  return Data(output.prefix(written))
}

/// The checksum of zip and xz, lowest byte first.
func crc32(_ bytes: some Sequence<UInt8>) -> [UInt8] {
  var sum: UInt32 = ~0
  for byte in bytes {
    sum ^= UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
  }
  return withUnsafeBytes(of: (~sum).littleEndian) { Array($0) }
}

extension LabelledImages {
  /// The pixels.
  var bytes: [UInt8] { [UInt8](images) }
}

/// A small data set that an independent script (Tests/Golden/datasets/generate.py) wrote.
func golden(_ name: String) -> URL {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Golden/datasets/\(name)")
}

/// What that script says is in one of its data sets.
struct GoldenImages: Decodable {
  let shape: [Int]
  let md5: String
  let labels: [Int32]?

  init(_ name: String) throws {
    let all = try JSONDecoder().decode([String: GoldenImages].self, from: Data(contentsOf: golden("expected.json")))
    self = try #require(all[name])
  }

  private enum CodingKeys: String, CodingKey { case shape, md5, labels }

  /// - Parameter labelled: false where labels were not asked for.
  func expect(
    _ images: LabelledImages, classes: Int, labelled: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(images.shape == shape, sourceLocation: sourceLocation)
    #expect(MD5.hex(of: [UInt8](images.images)) == md5, sourceLocation: sourceLocation)
    guard labelled else {
      #expect(images.labels == nil && images.classes == nil, sourceLocation: sourceLocation)
      return
    }
    #expect(images.classNames?.count == classes, sourceLocation: sourceLocation)
    #expect(images.labels == labels, sourceLocation: sourceLocation)
    #expect(images.classes == classes, sourceLocation: sourceLocation)
  }
}

/// Copies files of ``golden(_:)`` into `folder`, under other names where given.
func copy(_ names: [String: String], to folder: URL) throws {
  try makeFolder(at: folder)
  for (name, new) in names {
    try FileManager.default.copyItem(at: golden(name), to: folder.appendingPathComponent(new))
  }
}

/// Unpacks an archive of ``golden(_:)`` with `tar`.
func unpack(_ archive: String, to folder: URL) throws {
  try run("tar", ["-xzf", golden(archive).path, "-C", folder.path])
}

/// Runs a program to its end.
func run(_ program: String, _ arguments: [String]) throws {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  try process.run()
  process.waitUntilExit()
  try #require(process.terminationStatus == 0, "\(program) \(arguments)")
}

extension MD5 {
  /// The checksum of `bytes`: 32 lower-case hexadecimal digits.
  static func hex(of bytes: [UInt8]) -> String {
    var sum = MD5()
    bytes.withUnsafeBytes { sum.update($0) }
    return sum.finish()
  }
}
