import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Named tensors in one file, in the safetensors format: the length of a JSON header (8 bytes, little endian), the
/// header (for each name its element kind, shape and place), then the elements, row-major and little endian.
///
/// Python's `safetensors` reads what this writes, and the reverse. What this writes has its own checksum among the metadata,
/// under `sha256`, over the header without it and the elements; a file that carries one is read only if it holds.
public struct Safetensors {
  /// Sorted by name in the file.
  public var tensors: [String: Tensor]
  /// Free text beside the tensors; without the checksum.
  public var metadata: [String: String]

  public init(tensors: [String: Tensor], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// Writes the file, whole or not at all.
  ///
  /// - Throws: `FileError` naming the file; `TensorError` for a poisoned tensor.
  public func write(to url: URL) throws { try replaceFile(at: url, with: encoded()) }

  /// The file's bytes.
  public func encoded() throws -> Data {
    var header: [String: HeaderEntry] = [:]
    var body = Data()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let bytes = try tensor.rawBytes()
      header[name] = .tensor(
        kind: Self.kinds[tensor.dtype]!, shape: tensor.shape, begin: body.count, end: body.count + bytes.count)
      body.append(bytes)
    }
    let checksum = try Self.checksum(header, metadata, body)
    header[Self.metadataKey] = .metadata(metadata.merging([Self.checksumKey: checksum]) { $1 })
    var json = try Self.json(header)
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    var file = Data()
    withUnsafeBytes(of: UInt64(json.count).littleEndian) { file.append(contentsOf: $0) }
    file.append(json)
    file.append(body)
    return file
  }

  private static let metadataKey = "__metadata__"
  private static let checksumKey = "sha256"

  private static func json(_ header: [String: HeaderEntry]) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(header)
  }

  /// Of what the header says, not of how it is spaced: a file that another program has copied entry by entry still holds it.
  private static func checksum(_ header: [String: HeaderEntry], _ metadata: [String: String], _ body: Data) throws
    -> String
  {
    sha256(try json(header.merging([metadataKey: .metadata(metadata)]) { $1 }), body)
  }

  /// Reads the file at `url`.
  ///
  /// Everything that the file claims is checked against its own size, and its size against the machine's memory, before anything is
  /// allocated for it.
  ///
  /// - Throws: `FileError` naming the file and what is wrong with it.
  public init(contentsOf url: URL, device: Device = .cpu) throws {
    var status = stat()
    guard stat(url.path, &status) == 0 else {
      throw FileError(
        path: url.path, reason: errno == ENOENT ? "there is no such file" : systemReason("cannot be read"))
    }
    // A pipe would be waited for.
    guard status.st_mode & S_IFMT == S_IFREG, let file = try? FileHandle(forReadingFrom: url) else {
      throw FileError(path: url.path, reason: "cannot be read")
    }
    defer { try? file.close() }
    do {
      try self.init(
        size: Int(status.st_size),
        read: { count in
          guard let data = try? file.read(upToCount: count) ?? Data(), data.count == count else {
            throw Defect(reason: "it ends before its end, or cannot be read")
          }
          return data
        }, device: device)
    } catch let defect as Defect {
      throw FileError(path: url.path, reason: "is not a safetensors file: \(defect.reason)")
    }
  }

  private struct Defect: Error { let reason: String }

  /// What the format allows at most.
  private static let longestHeader = 100_000_000

  /// - Parameter read: hands out the file's next so many bytes.
  private init(size: Int, read: (Int) throws -> Data, device: Device) throws {
    guard size >= 8 else { throw Defect(reason: "it holds \(size) bytes") }
    let length = try read(8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(size - 8) else {
      throw Defect(reason: "its header claims \(length) bytes, the file has \(size)")
    }
    guard length <= UInt64(Self.longestHeader) else {
      throw Defect(reason: "its header claims \(length) bytes, more than \(Self.longestHeader)")
    }
    let header: [String: HeaderEntry]
    do {
      header = try JSONDecoder().decode([String: HeaderEntry].self, from: read(Int(length)))
    } catch is DecodingError {
      throw Defect(reason: "its header is not the JSON that belongs there")
    }
    let bodySize = size - 8 - Int(length)
    var places: [(name: String, dtype: DType, shape: [Int], range: Range<Int>)] = []
    metadata = [:]
    for (name, entry) in header {
      switch entry {
      case .metadata(let text):
        metadata = text
      case .tensor(let kind, let shape, let begin, let end):
        guard let dtype = Self.kinds.first(where: { $0.value == kind })?.key else {
          throw Defect(reason: "'\(name)' has elements of kind '\(kind)'")
        }
        var bytes = dtype.width
        for size in shape {
          let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
          guard size >= 0, !overflow else { throw Defect(reason: "'\(name)' has the shape \(shape)") }
          bytes = product
        }
        guard 0 <= begin, begin <= end, end <= bodySize, end - begin == bytes else {
          throw Defect(
            reason: "'\(name)' of shape \(shape) needs \(bytes) bytes; it claims \(begin) to \(end) of \(bodySize)")
        }
        places.append((name, dtype, shape, begin..<end))
      }
    }
    // One after the other without a gap, so that nothing is claimed twice and no byte is without an owner.
    let used = places.map(\.range).sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
      .reduce(0) { $1.lowerBound == $0 ? $1.upperBound : -1 }
    guard used == bodySize else {
      throw Defect(reason: "its tensors do not take its \(bodySize) bytes one after the other")
    }
    guard UInt64(bodySize) <= ProcessInfo.processInfo.physicalMemory else {
      throw Defect(reason: "its tensors take \(bodySize) bytes, more memory than this machine has")
    }
    let body = try read(bodySize)
    tensors = [:]
    for place in places {
      let bytes = body.dropFirst(place.range.lowerBound).prefix(place.range.count)
      do {
        tensors[place.name] = try checkingTensors {
          Tensor(rawBytes: bytes, shape: place.shape, dtype: place.dtype).to(device)
        }
      } catch {
        throw Defect(reason: "'\(place.name)': \(error)")
      }
    }
    if let checksum = metadata.removeValue(forKey: Self.checksumKey) {
      var others = header
      others[Self.metadataKey] = nil
      guard try Self.checksum(others, metadata, body) == checksum else {
        throw Defect(reason: "it has been changed since it was written (its checksum does not hold)")
      }
    }
  }

  private static let kinds: [DType: String] = [
    .float32: "F32", .float64: "F64", .bfloat16: "BF16", .int64: "I64", .uint8: "U8", .bool: "BOOL",
  ]
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
