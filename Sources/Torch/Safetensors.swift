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
    var (header, size): ([String: HeaderEntry], Int) = ([:], 0)
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

  /// What the format allows at most.
  private static let longestHeader: UInt64 = 100_000_000
  private static let metadataKey = "__metadata__"
  private static let checksumKey = "sha256"

  private static func json(_ header: [String: HeaderEntry]) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(header)
  }

  /// Of what the header says, not of how it is spaced: a file that another program has copied entry by entry still
  /// holds it.
  private static func checksum(_ header: [String: HeaderEntry], _ metadata: [String: String], _ body: Data) throws
    -> String
  {
    sha256(try json(header.merging([metadataKey: .metadata(metadata)]) { $1 }), body)
  }

  /// Reads the file at `url`.
  ///
  /// Everything the header claims is checked against the file's own size before anything is allocated, and the tensors
  /// must fill the file, one after the other: there are no bytes that belong to none, and none that belong to two.
  ///
  /// - Throws: `FileError` naming the file, what is wrong with it and at which byte.
  public init(contentsOf url: URL, device: Device = .cpu) throws {
    let data = try readFile(at: url)
    do {
      try self.init(data, device: device)
    } catch let defect as Defect {
      throw FileError(
        path: url.path, reason: (defect.isOfFormat ? "is not a safetensors file: " : "") + defect.reason,
        at: .byte(defect.offset))
    }
  }

  private struct Defect: Error {
    let reason: String
    let offset: Int
    /// Whether the file is none; otherwise it is one that cannot be used here.
    var isOfFormat = true
  }

  private init(_ file: Data, device: Device) throws {
    guard file.count >= 8 else { throw Defect(reason: "it holds \(file.count) bytes", offset: file.count) }
    let length = file.prefix(8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(file.count - 8) else {
      throw Defect(reason: "its header claims \(length) bytes, the file has \(file.count)", offset: 0)
    }
    guard length <= Self.longestHeader else {
      throw Defect(reason: "its header claims \(length) bytes, more than \(Self.longestHeader)", offset: 0)
    }
    let text = file.dropFirst(8).prefix(Int(length))
    let header: [String: HeaderEntry]
    do {
      header = try JSONDecoder().decode([String: HeaderEntry].self, from: text)
    } catch {
      let path = (error as? DecodingError)?.path ?? []
      throw Defect(
        reason: "its header is not the JSON that belongs there"
          + (path.isEmpty ? "" : " (\(path.joined(separator: ".")))"),
        offset: path.first.map { Self.offset(of: $0, in: text) } ?? 8)
    }
    // The decoder keeps one of several entries of a name, and does not say which.
    guard Self.topLevelKeys(text) == header.count else {
      throw Defect(reason: "its header has two entries of one name", offset: 8)
    }
    let body = file.dropFirst(8 + Int(length))
    tensors = [:]
    metadata = [:]
    var entries: [(name: String, kind: StoredKind, shape: [Int], begin: Int, end: Int)] = []
    for (name, entry) in header {
      switch entry {
      case .metadata(let text):
        metadata = text
      case .tensor(let kind, let shape, let begin, let end):
        func defect(_ reason: String) -> Defect { Defect(reason: reason, offset: Self.offset(of: name, in: text)) }
        guard let kind = StoredKind(rawValue: kind) else {
          var unknown = defect("'\(name)' has elements of kind '\(kind)', which are not read here")
          unknown.isOfFormat = false
          throw unknown
        }
        var bytes = kind.width
        for size in shape {
          let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
          guard size >= 0, !overflow else { throw defect("'\(name)' has the shape \(shape)") }
          bytes = product
        }
        guard 0 <= begin, begin <= end, end <= body.count, end - begin == bytes else {
          throw defect(
            "'\(name)' of shape \(shape) needs \(bytes) bytes; it claims \(begin) to \(end) of \(body.count)")
        }
        entries.append((name, kind, shape, begin, end))
      }
    }
    entries.sort { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
    var used = 0
    for entry in entries {
      guard entry.begin == used else {
        throw Defect(
          reason: "'\(entry.name)' begins at \(entry.begin), where the tensors before it end at \(used)",
          offset: Self.offset(of: entry.name, in: text))
      }
      used = entry.end
    }
    guard used == body.count else {
      throw Defect(
        reason: "its tensors take \(used) bytes of the \(body.count)", offset: 8 + Int(length) + used)
    }
    if let checksum = metadata.removeValue(forKey: Self.checksumKey) {
      var others = header
      others[Self.metadataKey] = nil
      guard try Self.checksum(others, metadata, body) == checksum else {
        throw Defect(
          reason: "it has been changed since it was written (its checksum does not hold)",
          offset: Self.offset(of: Self.metadataKey, in: text))
      }
    }
    for entry in entries {
      let start = body.startIndex + entry.begin
      do {
        tensors[entry.name] = try checkingTensors {
          entry.kind.tensor(body[start..<body.startIndex + entry.end], shape: entry.shape).to(device)
        }
      } catch {
        throw Defect(reason: "'\(entry.name)': \(error)", offset: Self.offset(of: entry.name, in: text))
      }
    }
  }

  /// Where in the file the header names an entry; where the header begins, if the name is written with escapes.
  private static func offset(of name: String, in header: Data) -> Int {
    header.range(of: Data("\"\(name)\"".utf8)).map { 8 + $0.lowerBound - header.startIndex } ?? 8
  }

  /// How many keys the outermost object of valid JSON has.
  private static func topLevelKeys(_ json: Data) -> Int {
    var (depth, count, isInString, isEscaped) = (0, 0, false, false)
    for byte in json {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ":") where depth == 1: count += 1
      default: break
      }
    }
    return count
  }

  private static let kinds: [DType: String] = [
    .float32: "F32", .float64: "F64", .bfloat16: "BF16", .int64: "I64", .uint8: "U8", .bool: "BOOL",
  ]
}

/// The kinds of elements in files.
private enum StoredKind: String {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint32 = "U32"
  case uint16 = "U16"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Bytes per element.
  var width: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// - Parameter bytes: as many as the shape takes.
  func tensor(_ bytes: Data, shape: [Int]) -> Tensor {
    return switch self {
    case .float64: Tensor(rawBytes: bytes, shape: shape, dtype: .float64)
    case .float32: Tensor(rawBytes: bytes, shape: shape, dtype: .float32)
    case .bfloat16: Tensor(rawBytes: bytes, shape: shape, dtype: .bfloat16)
    case .int64: Tensor(rawBytes: bytes, shape: shape, dtype: .int64)
    case .uint8: Tensor(rawBytes: bytes, shape: shape, dtype: .uint8)
    case .bool: Tensor(rawBytes: bytes, shape: shape, dtype: .bool)
    case .float16: Tensor(Self.elements(bytes, UInt16.self).map { Self.float(half: $0) }, shape: shape)
    case .int32: Self.integers(Int32.self, bytes, shape)
    case .int16: Self.integers(Int16.self, bytes, shape)
    case .int8: Self.integers(Int8.self, bytes, shape)
    case .uint32: Self.integers(UInt32.self, bytes, shape)
    case .uint16: Self.integers(UInt16.self, bytes, shape)
    }
  }

  private static func integers<Stored: FixedWidthInteger>(_: Stored.Type, _ bytes: Data, _ shape: [Int]) -> Tensor {
    Tensor(elements(bytes, Stored.self).map { Int64($0) }, shape: shape)
  }

  private static func elements<Stored: FixedWidthInteger>(_ bytes: Data, _: Stored.Type) -> [Stored] {
    let width = MemoryLayout<Stored>.size
    var elements: [Stored] = []
    elements.reserveCapacity(bytes.count / width)
    for first in stride(from: bytes.startIndex, to: bytes.endIndex, by: width) {
      // The most significant byte comes last.
      elements.append(
        bytes[first..<first + width].reversed().reduce(0) { Stored(truncatingIfNeeded: Int($0) << 8 | Int($1)) })
    }
    return elements
  }

  /// The value of a half-precision number (IEEE 754 binary16). Swift's own type of that name is not on every platform.
  private static func float(half: UInt16) -> Float {
    let (sign, exponent, fraction) = (UInt32(half >> 15) << 31, UInt32(half >> 10) & 31, UInt32(half) & 1023)
    switch exponent {
    case 0: return Float(bitPattern: sign | Float(fraction).bitPattern) * 0x1p-24
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}

private enum HeaderEntry: Codable {
  case tensor(kind: String, shape: [Int], begin: Int, end: Int)
  case metadata([String: String])

  private enum Key: String, CodingKey {
    case kind = "dtype"
    case shape
    case offsets = "data_offsets"
  }

  init(from decoder: Decoder) throws {
    guard decoder.codingPath.last?.stringValue != "__metadata__" else {
      self = .metadata(try [String: String](from: decoder))
      return
    }
    let container = try decoder.container(keyedBy: Key.self)
    let offsets = try container.decode([Int].self, forKey: .offsets)
    guard offsets.count == 2 else {
      throw DecodingError.dataCorruptedError(forKey: .offsets, in: container, debugDescription: "not a pair")
    }
    self = .tensor(
      kind: try container.decode(String.self, forKey: .kind), shape: try container.decode([Int].self, forKey: .shape),
      begin: offsets[0], end: offsets[1])
  }

  func encode(to encoder: Encoder) throws {
    switch self {
    case .metadata(let text):
      try text.encode(to: encoder)
    case .tensor(let kind, let shape, let begin, let end):
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(kind, forKey: .kind)
      try container.encode(shape, forKey: .shape)
      try container.encode([begin, end], forKey: .offsets)
    }
  }
}

extension DecodingError {
  /// The keys that lead to what could not be decoded.
  fileprivate var path: [String] {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
      .dataCorrupted(let context):
      context.codingPath.map(\.stringValue)
    @unknown default: []
    }
  }
}
