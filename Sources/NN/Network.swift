import Torch

/// A model brought to life: its parameters laid out in one flat buffer and filled.
///
/// Because the parameters share one buffer, an optimiser's step, an average, a gradient norm or a checkpoint is one
/// operation on one tensor. Each parameter's first values come from the random stream of the seed and of the
/// parameter's own path; they do not depend on what else the model holds.
///
/// A network of several seeds holds that many independent models side by side: every parameter, and the flat buffer,
/// has a leading dimension over the seeds, and each slice is what that seed alone would have been.
public final class Network<Model: Module> {
  /// The modules, whose parameters are views of ``flat`` and ``fixed``.
  public let model: Model
  /// The trained parameters one after the other: [P], or [S, P] for several seeds.
  public let flat: Tensor
  /// The fixed parameters (see ``Parameter/Role``), in the same way.
  public let fixed: Tensor
  /// Of all parameters, trained and fixed, in the order of their declaration: the paths of properties that lead to
  /// them.
  public let names: [String]
  /// What the first values were drawn from. Its leading shape is that over seeds.
  public let random: RandomStream
  private let parameters: [Parameter]
  private let trained: [Parameter]
  /// Whether something stands in for ``flat`` now.
  private var isReplaced = false
  /// Views of ``flat`` for each trained parameter, as constants.
  private var constants: [Tensor] = []

  /// One model.
  ///
  /// - Throws: ``NetworkError`` where `model` cannot be a network's; `TensorError` where its parameters cannot be made.
  public convenience init(_ model: Model, seed: UInt64, dtype: DType = .float32, device: Device = .cpu) throws {
    try self.init(model, random: RandomStream(seed: seed), dtype: dtype, device: device)
  }

  /// A model for each of `seeds`, side by side.
  ///
  /// Its layers must take a leading dimension over seeds: those for vectors do, convolutions do not, and fail.
  ///
  /// - Throws: ``NetworkError`` where `model` cannot be a network's; `TensorError` where its parameters cannot be made.
  public convenience init(_ model: Model, seeds: [UInt64], dtype: DType = .float32, device: Device = .cpu) throws {
    try self.init(model, random: RandomStream(seeds: seeds), dtype: dtype, device: device)
  }

  /// A model for each seed of `random`.
  ///
  /// - Throws: ``NetworkError`` where `model` cannot be a network's; `TensorError` where its parameters cannot be made.
  public init(_ model: Model, random: RandomStream, dtype: DType = .float32, device: Device = .cpu) throws {
    try model.checkParameters()
    let named = model.namedParameters
    if let taken = named.first(where: { $0.parameter.isBound }) {
      throw NetworkError(parameter: taken.name, reason: "is in another network already")
    }
    self.model = model
    self.random = random
    names = named.map(\.name)
    parameters = named.map(\.parameter)
    trained = parameters.filter { $0.role == .trained }
    let streams = random.stream("parameters")
    func buffer(_ role: Parameter.Role) throws -> Tensor {
      let parts = try named.filter { $0.parameter.role == role }.map { name, parameter -> Tensor in
        guard let count = parameter.count else {
          throw NetworkError(parameter: name, reason: "cannot have the shape \(parameter.shape)")
        }
        do {
          return try parameter.initializer.values(
            parameter.shape, streams.stream(name), dtype: dtype, device: device
          ).reshaped(random.leadingShape + [count]).checked()
        } catch {
          throw NetworkError(parameter: name, reason: "of shape \(parameter.shape) cannot be made: \(error)")
        }
      }
      guard !parts.isEmpty else {
        return try Tensor.zeros(random.leadingShape + [0], dtype: dtype, device: device).checked()
      }
      return try concatenated(parts, -1).checked()
    }
    flat = try withoutGradient { try buffer(.trained) }
    fixed = try withoutGradient { try buffer(.fixed) }
    bind(.trained, to: flat)
    bind(.fixed, to: fixed)
    constants = trained.map { $0.value.detached() }
  }

  private func bind(_ role: Parameter.Role, to buffer: Tensor) {
    var offset = 0
    for parameter in parameters where parameter.role == role {
      let count = parameter.shape.reduce(1, *)
      let view = buffer.sliced(-1, offset..<offset + count).reshaped(random.leadingShape + parameter.shape)
      parameter.bind(role == .trained ? view.asVariable() : view)
      offset += count
    }
  }

  /// The number of trained parameters of one model.
  public var parameterCount: Int { flat.size(-1) }

  /// d `loss` / d ``flat``, of the same shape; `loss` is a scalar, or has one element per seed.
  ///
  /// The loss's graph is used up unless `keepsGraph`: for two networks' gradients of one loss see
  /// ``gradients(of:with:)``.
  ///
  /// - Parameter cotangent: of `loss`'s shape; weighs its elements, which are summed. All ones where it is missing.
  public func gradient(of loss: Tensor, cotangent: Tensor? = nil, keepsGraph: Bool = false) -> Tensor {
    flattened(Torch.gradient(of: loss, by: trained.map(\.value), cotangent: cotangent, keepsGraph: keepsGraph))
  }

  /// The gradients of one loss by the parameters of this network and of `other`, in one backward pass.
  public func gradients<Other>(of loss: Tensor, with other: Network<Other>) -> (own: Tensor, other: Tensor) {
    let gradients = Torch.gradient(of: loss, by: (trained + other.trained).map(\.value))
    return (
      flattened(Array(gradients.prefix(trained.count))), other.flattened(Array(gradients.dropFirst(trained.count)))
    )
  }

  private func flattened(_ gradients: [Tensor]) -> Tensor {
    Torch.flattened(gradients, leading: random.leadingShape.first)
  }

  /// Runs `body` with the parameters as constants: nothing that happens in it has a gradient by them.
  public func asConstants<Result>(_ body: () throws -> Result) rethrows -> Result {
    let bound = trained.map(\.value)
    let constants = isReplaced ? bound.map { $0.detached() } : constants
    for (parameter, constant) in zip(trained, constants) { parameter.bind(constant) }
    defer { for (parameter, value) in zip(trained, bound) { parameter.bind(value) } }
    return try body()
  }

  /// Runs `body` with other values, laid out as ``flat``, in place of the parameters: an average, for example.
  public func with<Result>(_ values: Tensor, _ body: () throws -> Result) rethrows -> Result {
    // The variables themselves come back, not others of the same values: graphs that lead to them stay good.
    let (wasReplaced, variables) = (isReplaced, trained.map(\.value))
    isReplaced = true
    bind(.trained, to: values)
    defer {
      isReplaced = wasReplaced
      for (parameter, variable) in zip(trained, variables) { parameter.bind(variable) }
    }
    return try body()
  }

  /// Runs `body` with a copy in place of every parameter, trained or fixed, each with elements of its own; `body` gets
  /// them by name.
  func withCopies<Result>(
    _ body: ([(name: String, value: Tensor, isTrained: Bool)]) throws -> Result
  ) rethrows -> Result {
    let bound = parameters.map(\.value)
    let copies = bound.map { $0.detached().copied() }
    for (parameter, copy) in zip(parameters, copies) { parameter.bind(copy) }
    defer { for (parameter, value) in zip(parameters, bound) { parameter.bind(value) } }
    return try body(zip(zip(names, copies), parameters).map { ($0.0, $0.1, $1.role == .trained) })
  }

  /// Runs `body` with every parameter, trained or fixed, as numbers of another kind: in float64 a float32 network shows
  /// what rounding has done to it. No gradient reaches the parameters.
  public func withParameters<Result>(as dtype: DType, _ body: () throws -> Result) rethrows -> Result {
    let bound = parameters.map(\.value)
    for (parameter, value) in zip(parameters, bound) { parameter.bind(value.detached().to(dtype)) }
    defer { for (parameter, value) in zip(parameters, bound) { parameter.bind(value) } }
    return try body()
  }

  /// The name of the first parameter for which `values`, laid out as ``flat``, hold a NaN or an infinity; nil where all
  /// are finite.
  ///
  /// - Throws: `TensorError`.
  public func nameOfFirstNonFinite(in values: Tensor) throws -> String? {
    var offset = 0
    for (name, parameter) in zip(names, parameters) where parameter.role == .trained {
      let count = parameter.shape.reduce(1, *)
      let part = values.sliced(-1, offset..<offset + count)
      let finite = try part.isFinite.to(.float32).sum().item()
      // Counted as float32, which is exact up to 2^24.
      if part.count < 1 << 24 ? Int(finite) < part.count : try !part.sum().item().isFinite {
        return name
      }
      offset += count
    }
    return nil
  }

  /// A copy of every parameter, fixed ones too, under its name.
  public var state: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: zip(names, parameters.map { $0.value.detached().copied() }))
  }

  /// The name of a parameter; nil for one of another network.
  func name(of parameter: Parameter) -> String? {
    parameters.firstIndex { $0 === parameter }.map { names[$0] }
  }

  /// The same without copies: what a step changes, these change with.
  package var currentValues: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: zip(names, parameters.map { $0.value.detached() }))
  }

  /// Takes over the values of `state`, in place.
  ///
  /// - Throws: ``StateError`` where a name is missing, unknown or of another shape or kind of elements, `TensorError`
  ///   where one is poisoned; nothing has changed then.
  public func load(_ state: [String: Tensor]) throws { try load(TensorSource(state)) }

  /// The same of tensors that may be in a file, without a copy of them in memory.
  ///
  /// - Throws: ``StateError`` as above; `FileError` where the file cannot be read any more, which may leave some
  ///   parameters changed.
  public func load(_ source: TensorSource) throws {
    try check(source)
    for (name, parameter) in zip(names, parameters) { try source.read(name, into: parameter.value) }
  }

  /// - Throws: ``StateError`` where ``load(_:)`` would refuse `source`.
  package func check(_ source: TensorSource) throws(StateError) {
    for (name, parameter) in zip(names, parameters) {
      guard let (shape, dtype) = source.descriptions[name] else { throw StateError(name: name, reason: "is missing") }
      guard shape == parameter.value.shape else {
        throw StateError(name: name, reason: "has the shape \(shape), the model needs \(parameter.value.shape)")
      }
      guard dtype == parameter.value.dtype else {
        throw StateError(name: name, reason: "has elements of kind \(dtype), the model \(parameter.value.dtype)")
      }
    }
    if let stranger = source.names.first(where: { !names.contains($0) }) {
      throw StateError(name: stranger, reason: "does not belong to the model")
    }
  }

  /// One line per parameter: name, shape, number of elements, and whether it is fixed.
  public var summary: [(name: String, shape: [Int], count: Int, isFixed: Bool)] {
    zip(names, parameters).map { ($0, $1.shape, $1.shape.reduce(1, *), $1.role == .fixed) }
  }
}

/// A model that cannot be brought to life.
public struct NetworkError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The path to the parameter, such as `hidden.2.weight`, or to the module whose settings do not fit each other; empty
  /// for the whole model.
  public let parameter: String
  /// What is wrong with it.
  public let reason: String
  private let isModule: Bool

  init(parameter: String, reason: String) { (self.parameter, self.reason, isModule) = (parameter, reason, false) }

  init(module: String, reason: String) { (parameter, self.reason, isModule) = (module, reason, true) }

  public var description: String {
    isModule
      ? (parameter.isEmpty ? "the model" : "'\(parameter)'") + " \(reason)" : "parameter '\(parameter)' \(reason)"
  }
}

/// A stored parameter that does not fit its model.
public struct StateError: Error, CustomStringConvertible, Sendable {
  /// The path of properties that leads to the parameter, or the name of what an optimiser keeps.
  public let name: String
  /// A clause such as "is missing".
  public let reason: String
  public var description: String { "parameter '\(name)' \(reason)" }

  /// - Parameters:
  ///   - name: what is at fault.
  ///   - reason: a clause such as "is missing".
  public init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }

  /// Of what keeps all of `names` once it has been at work, and nothing before.
  ///
  /// - Parameters:
  ///   - found: the names that are there.
  ///   - owner: what keeps them, such as "the optimiser".
  ///   - prefix: in front of the name in the error.
  /// - Throws: ``StateError`` where `found` is neither all of them nor none.
  package static func require(_ names: Set<String>, in found: Set<String>, of owner: String, prefix: String = "")
    throws(StateError)
  {
    if let stranger = found.subtracting(names).min() {
      throw StateError(name: prefix + stranger, reason: "does not belong to \(owner)")
    }
    if !found.isEmpty, let missing = names.subtracting(found).min() {
      throw StateError(name: prefix + missing, reason: "is missing")
    }
  }
}
