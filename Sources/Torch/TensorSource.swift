/// Named tensors to take values from: those of a dictionary, or of a file, of which only what is being read is in
/// memory.
public struct TensorSource {
  /// Shape and kind of elements of each tensor, by its name.
  public let descriptions: [String: (shape: [Int], dtype: DType)]
  private let make: (String) throws -> Tensor
  private let fill: (String, Tensor) throws -> Void

  /// Tensors that are in memory, which stay as they are.
  ///
  /// - Throws: `TensorError` where one of them is poisoned.
  public init(_ tensors: [String: Tensor]) throws {
    descriptions = try tensors.mapValues { ($0.shape, try $0.checked().dtype) }
    func find(_ name: String) throws -> Tensor {
      guard let tensor = tensors[name] else { throw TensorError(description: "there is no tensor '\(name)'") }
      return tensor
    }
    make = { try find($0).copied().checked() }
    fill = { try $1.assign(find($0)) }
  }

  /// The tensors of a file; ``tensor(_:)`` makes them on `device`.
  public init(_ file: SafetensorsFile, device: Device = .cpu) {
    descriptions = Dictionary(
      uniqueKeysWithValues: file.names.compactMap { name in file.description(of: name).map { (name, $0) } })
    make = { try file.tensor($0, device: device) }
    fill = { try file.read($0, into: $1) }
  }

  private init(
    _ descriptions: [String: (shape: [Int], dtype: DType)], _ make: @escaping (String) throws -> Tensor,
    _ fill: @escaping (String, Tensor) throws -> Void
  ) {
    self.descriptions = descriptions
    self.make = make
    self.fill = fill
  }

  /// In alphabetical order.
  public var names: [String] { descriptions.keys.sorted() }

  /// A tensor of that name with elements of its own.
  ///
  /// - Throws: `TensorError` or `FileError` where there is none, or no memory for it, or it cannot be read.
  public func tensor(_ name: String) throws -> Tensor { try make(name) }

  /// Copies the tensor of that name over `target`, which has its shape.
  ///
  /// - Throws: `TensorError` or `FileError`. Where shapes differ nothing has changed; a file that cannot be read any
  ///   more may leave a part.
  public func read(_ name: String, into target: Tensor) throws { try fill(name, target) }

  /// Those whose names begin with `name` and a dot, by the rest of their names.
  public func part(_ name: String) -> TensorSource {
    let prefix = name + "."
    let (make, fill) = (make, fill)
    return TensorSource(
      Dictionary(
        uniqueKeysWithValues: descriptions.compactMap { key, value in
          key.hasPrefix(prefix) ? (String(key.dropFirst(prefix.count)), value) : nil
        }), { try make(prefix + $0) }, { try fill(prefix + $0, $1) })
  }

  /// All but those whose names `isLeftOut` holds for.
  public func without(_ isLeftOut: (String) -> Bool) -> TensorSource {
    TensorSource(descriptions.filter { !isLeftOut($0.key) }, make, fill)
  }
}
