import Files
import Foundation

/// A safetensors file that is open: all that its header claims has been checked, its checksum too, and its tensors are
/// read one at a time, piece by piece. So what is restored from a file needs no second copy in memory.
public final class SafetensorsFile {
  /// Free text beside the tensors; without the checksum.
  public let metadata: [String: String]
  /// Of the tensors, in the order of their elements in the file.
  public let names: [String]
  private let file: FileReader
  private let places: [String: Place]

  private struct Place {
    let kind: StoredKind
    let shape: [Int]
    /// Where the elements begin in the file, in bytes.
    let offset: Int
    /// Where the header names it.
    let nameOffset: Int
  }

  /// Opens the file at `url` and checks it.
  ///
  /// Everything the header claims is held against the file's own size, and the tensors must fill the file, one after
  /// the other. A file with a checksum is read once for it.
  ///
  /// - Throws: `FileError` naming the file, what is wrong with it and at which byte; also where the machine could not
  ///   hold what it claims to hold.
  public init(_ url: URL) throws {
    file = try FileReader(url)
    guard UInt64(file.size) <= ProcessInfo.processInfo.physicalMemory else {
      throw FileError(path: file.path, reason: "holds \(grouped(file.size)) bytes, for which there is no memory")
    }
    do {
      let header = try Header(file)
      (metadata, names, places) = (header.metadata, header.names, header.places)
    } catch let defect as Defect {
      throw defect.error(file.path)
    }
  }

  /// The shape of a tensor, and the kind of elements that it has once it is read; nil where there is none of that name.
  public func description(of name: String) -> (shape: [Int], dtype: DType)? {
    places[name].map { ($0.shape, $0.kind.dtype) }
  }

  /// One tensor of the file.
  ///
  /// - Throws: `FileError` where there is no such tensor, or no memory for it, or it cannot be read any more.
  public func tensor(_ name: String, device: Device = .cpu) throws -> Tensor {
    let place = try place(name)
    let tensor = Tensor.zeros(place.shape, dtype: place.kind.dtype, device: device)
    try read(name, into: tensor)
    return tensor
  }

  /// Reads one tensor over the elements of another, whatever its layout, its device and the kind of its elements.
  ///
  /// - Throws: `FileError` where there is no such tensor, or its shape is another one: nothing has changed then; also
  ///   where the file cannot be read any more, in the middle.
  public func read(_ name: String, into target: Tensor) throws {
    let place = try place(name)
    do {
      guard try target.checked().shape == place.shape else {
        throw TensorError(description: "has the shape \(place.shape), not \(target.shape)")
      }
      // Not known to gradients, even where it is a parameter.
      try fill(target.detached(), place.kind, from: place.offset)
    } catch let error as TensorError {
      throw Defect(reason: "'\(name)': \(error)", offset: place.nameOffset).error(file.path)
    }
  }

  private func place(_ name: String) throws(FileError) -> Place {
    guard let place = places[name] else { throw FileError(path: file.path, reason: "has no tensor '\(name)'") }
    return place
  }

  /// In blocks of whole slices of the outermost dimension, or slice by slice where one is too large for a block: views
  /// of `target`, whatever its strides.
  private func fill(_ target: Tensor, _ kind: StoredKind, from offset: Int) throws {
    let (shape, count) = (target.shape, target.count)
    guard count > 0 else { return }
    if count <= Self.pieceLength || shape.isEmpty {
      var bytes = Data(count: count * kind.width)
      try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: offset) }
      return try target.assign(kind.tensor(bytes, shape: shape).to(target.dtype).to(target.device))
    }
    let slice = count / shape[0]
    let slices = max(1, Self.pieceLength / slice)
    for first in stride(from: 0, to: shape[0], by: slices) {
      let range = first..<min(shape[0], first + slices)
      let block = target.sliced(0, range)
      try fill(range.count == 1 ? block.squeezed(0) : block, kind, from: offset + first * slice * kind.width)
    }
  }

  /// Elements that are in memory beside the tensor that they belong to.
  private static let pieceLength = 1 << 18
}

/// Why a file is refused.
private struct Defect: Error {
  let reason: String
  let offset: Int
  /// Whether the file is no safetensors file; otherwise it is one that cannot be used here.
  var isOfFormat = true

  func error(_ path: String) -> FileError {
    FileError(
      path: path, reason: (isOfFormat ? "is not a safetensors file: " : "") + reason, at: .byte(offset))
  }
}

extension SafetensorsFile {
  /// What the header says, once it has been checked.
  private struct Header {
    var metadata: [String: String] = [:]
    var names: [String] = []
    var places: [String: Place] = [:]

    init(_ file: FileReader) throws {
      guard file.size >= 8 else { throw Defect(reason: "it holds \(file.size) bytes", offset: file.size) }
      let length = try file.data(0..<8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      guard length <= UInt64(file.size - 8) else {
        throw Defect(reason: "its header claims \(length) bytes, the file has \(file.size)", offset: 0)
      }
      guard length <= Self.longest else {
        throw Defect(reason: "its header claims \(length) bytes, more than \(Self.longest)", offset: 0)
      }
      let start = 8 + Int(length)
      let text = try file.data(8..<start)
      let header = try Self.entries(text)
      try read(header, text, start: start, end: file.size)
      guard let checksum = metadata.removeValue(forKey: Safetensors.checksumKey) else { return }
      var others = header
      others[Safetensors.metadataKey] = .metadata(metadata)
      // Of what the header says, not of how it is spaced: a file that another program has copied entry by entry still
      // holds it.
      var hash = SHA256Hash()
      try Safetensors.json(others).withUnsafeBytes { hash.update($0) }
      try file.forEachPiece(start..<file.size) { hash.update($0) }
      guard hash.digits() == checksum else {
        throw Defect(
          reason: "it has been changed since it was written (its checksum does not hold)",
          offset: Self.offset(of: Safetensors.metadataKey, in: text))
      }
    }

    /// What the format allows at most.
    private static let longest: UInt64 = 100_000_000

    private static func entries(_ text: Data) throws -> [String: SafetensorsEntry] {
      let header: [String: SafetensorsEntry]
      do {
        header = try JSONDecoder().decode([String: SafetensorsEntry].self, from: text)
      } catch {
        let path = (error as? DecodingError)?.path ?? []
        throw Defect(
          reason: "its header is not the JSON that belongs there"
            + (path.isEmpty ? "" : " (\(path.joined(separator: ".")))"),
          offset: path.first.map { offset(of: $0, in: text) } ?? 8)
      }
      // The decoder keeps one of several entries of a name, and does not say which.
      guard topLevelKeys(text) == header.count else {
        throw Defect(reason: "its header has two entries of one name", offset: 8)
      }
      return header
    }

    /// - Parameters:
    ///   - start: where the elements begin.
    ///   - end: where the file ends.
    private mutating func read(_ header: [String: SafetensorsEntry], _ text: Data, start: Int, end: Int) throws {
      let size = end - start
      var entries: [(name: String, end: Int)] = []
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
          guard 0 <= begin, begin <= end, end <= size, end - begin == bytes else {
            throw defect("'\(name)' of shape \(shape) needs \(bytes) bytes; it claims \(begin) to \(end) of \(size)")
          }
          entries.append((name, end))
          places[name] = Place(
            kind: kind, shape: shape, offset: start + begin, nameOffset: Self.offset(of: name, in: text))
        }
      }
      func begin(_ name: String) -> Int { (places[name]?.offset ?? 0) - start }
      entries.sort { (begin($0.name), $0.end, $0.name) < (begin($1.name), $1.end, $1.name) }
      var used = 0
      for entry in entries {
        guard begin(entry.name) == used else {
          throw Defect(
            reason: "'\(entry.name)' begins at \(begin(entry.name)), where the tensors before it end at \(used)",
            offset: Self.offset(of: entry.name, in: text))
        }
        used = entry.end
      }
      guard used == size else {
        throw Defect(reason: "its tensors take \(used) bytes of the \(size)", offset: start + used)
      }
      names = entries.map(\.name)
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
