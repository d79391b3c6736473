import Czlib
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
