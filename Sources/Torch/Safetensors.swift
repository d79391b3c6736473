import Files
import Foundation

/// Named tensors in one file, in the safetensors format: the length of a JSON header (8 bytes, little endian), the
/// header (for each name its element kind, shape and place), then the elements, row-major and little endian.
///
/// Python's `safetensors` reads what this writes, and the reverse: elements of kinds that tensors here have not are
/// read as those that hold them (half precision as float32, narrower integers as int64). What this writes has its own
/// checksum among the metadata, under `sha256`, over the header without it and the elements; a file that carries one is
/// read only if it holds.
public struct Safetensors {
  /// Sorted by name in the file.
  public var tensors: [String: Tensor]
  /// Free text beside the tensors; without the checksum.
  public var metadata: [String: String]

  /// What a file is to hold. Nothing is checked before it is written.
  public init(tensors: [String: Tensor], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// Writes the file, whole or not at all, and never has more than a few megabytes of it in memory.
  ///
  /// - Throws: `FileError` naming the file; `TensorError` for a poisoned tensor.
  public func write(to url: URL) throws {
    let start = try start()
    try replaceFile(at: url) { write in
      try start.withUnsafeBytes { try write($0) }
      try forEachPiece(write)
    }
  }

  /// The file's bytes.
  public func encoded() throws -> Data {
    var file = try start()
    try forEachPiece { file.append(contentsOf: $0) }
    return file
  }

  /// The length of the header, and the header with the checksum.
  private func start() throws -> Data {
    var (header, size): ([String: SafetensorsEntry], Int) = ([:], 0)
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let bytes = try tensor.checked().count * tensor.dtype.width
      header[name] = .tensor(kind: Self.kinds[tensor.dtype]!, shape: tensor.shape, begin: size, end: size + bytes)
      size += bytes
    }
    var hash = SHA256Hash()
    try Self.json(header.merging([Self.metadataKey: .metadata(metadata)]) { $1 }).withUnsafeBytes { hash.update($0) }
    try forEachPiece { hash.update($0) }
    header[Self.metadataKey] = .metadata(metadata.merging([Self.checksumKey: hash.digits()]) { $1 })
    var json = try Self.json(header)
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json
  }

  /// The elements in the order of the file, piece by piece.
  private func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    for (_, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let elements = tensor.detached().reshaped([-1])
      for first in stride(from: 0, to: tensor.count, by: Self.pieceLength) {
        let piece = elements.sliced(0, first..<min(tensor.count, first + Self.pieceLength))
        try piece.rawBytes().withUnsafeBytes { try body($0) }
      }
    }
  }

  private static let pieceLength = 1 << 18

  static let metadataKey = "__metadata__"
  static let checksumKey = "sha256"

  static func json(_ header: [String: SafetensorsEntry]) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(header)
  }

  /// Reads the file at `url`, piece by piece into its tensors: beside these a few megabytes at most are in memory.
  ///
  /// Everything the header claims is checked against the file's own size before anything is allocated, and the tensors
  /// must fill the file, one after the other: there are no bytes that belong to none, and none that belong to two. (To
  /// read a file's tensors one at a time, see ``SafetensorsFile``.)
  ///
  /// - Throws: `FileError` naming the file, what is wrong with it and at which byte.
  public init(contentsOf url: URL, device: Device = .cpu) throws {
    let file = try SafetensorsFile(url)
    metadata = file.metadata
    tensors = [:]
    for name in file.names { tensors[name] = try file.tensor(name, device: device) }
  }

  private static let kinds: [DType: String] = [
    .float32: "F32", .float64: "F64", .bfloat16: "BF16", .int64: "I64", .uint8: "U8", .bool: "BOOL",
  ]
}
