import Datasets
import Files
import Foundation
import Torch

/// The tensors of a file that `torch.save` wrote of a state dictionary (`.pth`), read without Python: a zip archive, as
/// since PyTorch 1.6, or pickles one after the other, as before.
///
/// Such a file is a program for Python, which may do anything when it is loaded. Nothing of it is run here: what is not
/// a dictionary from names to tensors is refused, by the name of what it asks for, before any number of it is looked
/// at.
public struct PyTorchWeights {
  /// SHA-256 of the file.
  public let hash: String
  /// Numbers that are not floating-point ones, such as counters, are left out.
  public let tensors: [String: Tensor]

  /// The most bytes that such a file may have.
  static let fileLimit = 4 << 30

  /// - Throws: `FileError`: it cannot be read, is something else, is cut short, or holds more than tensors.
  public init(contentsOf url: URL) throws {
    let data = try readFile(at: url, limit: Self.fileLimit)
    hash = sha256(data)
    if data.starts(with: Array("PK".utf8)) {
      tensors = try Self.archive(url)
    } else if data.starts(with: [0x80, 0x02]) {
      tensors = try Self.pickles(data, path: url.path)
    } else {
      throw FileError(
        path: url.path,
        reason: "is no file of weights that torch.save wrote: it begins with neither a zip archive nor a pickle",
        at: .byte(0))
    }
  }

  // MARK: The two forms

  private static func archive(_ url: URL) throws -> [String: Tensor] {
    let archive = try PictureArchive(url)
    guard let pickle = archive.files.first(where: { $0.name.hasSuffix("/data.pkl") || $0.name == "data.pkl" }) else {
      throw archive.error("is a zip archive without data.pkl: torch.save has not written it", in: nil)
    }
    let prefix = String(pickle.name.dropLast("data.pkl".count))
    guard !archive.files.contains(where: { $0.name == prefix + "constants.pkl" }) else {
      throw archive.error("is a TorchScript file, a network with its code; weights alone are wanted", in: nil)
    }
    let reader = try archive.reader()
    let text = try reader.read(pickle, limit: pickle.size)
    var machine = WeightsPickle(text, path: url.path, member: pickle.name)
    let entries = try machine.dictionary()
    if let order = archive.files.first(where: { $0.name == prefix + "byteorder" }) {
      guard try reader.read(order, limit: order.size) == Data("little".utf8) else {
        throw archive.error("has numbers in the order of another processor", in: order.name)
      }
    }
    let files = Dictionary(archive.files.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    var storages: [String: Data] = [:]
    return try tensors(entries, path: url.path) { storage in
      if let data = storages[storage.key] { return data }
      let name = "\(prefix)data/\(storage.key)"
      guard let file = files[name] else {
        throw archive.error("has no file '\(name)', which its pickle names", in: nil)
      }
      let data = try reader.read(file, limit: file.size)
      storages[storage.key] = data
      return data
    }
  }

  private static func pickles(_ data: Data, path: String) throws -> [String: Tensor] {
    var machine = WeightsPickle(data, path: path, member: nil)
    // A magic number, the version of the protocol, what the system was.
    guard case .large(let magic) = try machine.value(),
      magic == [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
    else { throw FileError(path: path, reason: "is a pickle, but not of torch.save", at: .byte(0)) }
    guard case .int(1001) = try machine.value() else {
      throw FileError(
        path: path, reason: "is of a version of torch.save that is not known", at: .byte(machine.position))
    }
    _ = try machine.value()
    let entries = try machine.dictionary()
    guard case .list(let keys) = try machine.value() else {
      throw FileError(path: path, reason: "names no storages behind its dictionary", at: .byte(machine.position))
    }
    var sizes: [String: Int] = [:]
    for (_, tensor) in entries { sizes[tensor.storage.key] = tensor.storage.count * tensor.storage.type.width }
    var (position, storages): (Int, [String: Range<Int>]) = (machine.position, [:])
    for key in keys {
      guard case .string(let key) = key, let size = sizes[key] else {
        throw FileError(path: path, reason: "has a storage that no tensor is of", at: .byte(position))
      }
      guard data.count - position >= 8 + size else {
        throw FileError(
          path: path, reason: "is cut short: storage '\(key)' takes \(grouped(size)) bytes", at: .byte(data.count))
      }
      storages[key] = position + 8..<position + 8 + size
      position += 8 + size
    }
    return try tensors(entries, path: path) { storage in
      guard let range = storages[storage.key] else {
        throw FileError(path: path, reason: "lacks the storage '\(storage.key)' that its dictionary names")
      }
      return data[data.startIndex + range.lowerBound..<data.startIndex + range.upperBound]
    }
  }

  // MARK: Tensors

  private static func tensors(
    _ entries: [(String, WeightsPickle.TensorPlan)], path: String, _ bytes: (WeightsPickle.Storage) throws -> Data
  ) throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (name, plan) in entries {
      func refused(_ reason: String) -> FileError { FileError(path: path, reason: "tensor '\(name)' \(reason)") }
      guard tensors[name] == nil else { throw refused("is there twice") }
      let width = plan.storage.type.width
      let data = try bytes(plan.storage)
      guard data.count == plan.storage.count * width else {
        throw refused("is of \(grouped(plan.storage.count)) numbers, for which there are \(grouped(data.count)) bytes")
      }
      guard plan.storage.type.isReal else { continue }
      let count = plan.shape.reduce(1, *)
      if let last = plan.lastElement, last >= plan.storage.count || plan.offset < 0 {
        throw refused("reaches beyond its storage")
      }
      let values = data.withUnsafeBytes { bytes in
        [Float](unsafeUninitializedCapacity: count) { values, filled in
          var index = [Int](repeating: 0, count: plan.shape.count)
          for place in 0..<count {
            let element = zip(index, plan.strides).reduce(plan.offset) { $0 + $1.0 * $1.1 }
            values[place] = plan.storage.type.value(bytes, element)
            for axis in stride(from: plan.shape.count - 1, through: 0, by: -1) {
              index[axis] += 1
              if index[axis] < plan.shape[axis] { break }
              index[axis] = 0
            }
          }
          filled = count
        }
      }
      tensors[name] = try checkingTensors { Tensor(values, shape: plan.shape) }
    }
    return tensors
  }
}
