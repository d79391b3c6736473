import Torch

/// From the operations of a recorded pass to nodes of an ONNX graph, one operation after the other.
///
/// A layer that is made of known operations needs nothing here; a new operation is a line in the table of its kind
/// (``operators``).
struct Translation {
  /// What a value of the pass is in the model.
  enum Operand {
    case tensor(Named)
    case integer(Int), number(Double), list([Operand])
    /// The size of a tensor's open dimension: known when the model runs.
    case size(of: Named, dimension: Int)
    case none, other
  }

  /// A tensor of the graph.
  struct Named {
    let name: String
    /// In the recording; nil where it is not known.
    let shape: [Int]?
    let dtype: DType?
    /// Whether it is a weight or a constant, all of whose sizes are known.
    var isConstant = false
  }

  /// What becomes of a call of an operation.
  typealias Operator = @Sendable (inout Translation, Call) throws -> Operand

  /// Every operation that is known, by its name in libtorch's schemas.
  static let operators: [String: Operator] = [
    elementwise, reductions, shapes, products, normalizations,
  ].reduce(into: [:]) { all, table in all.merge(table) { $1 } }

  private(set) var nodes: [ONNXModel.Node] = []
  private(set) var tensors: [(name: String, value: Tensor)] = []
  private var values: [Int: Operand] = [:]
  /// Names of constants that have been written, by what they hold.
  private var constants: [String: Named] = [:]

  /// The value of the pass with this number.
  func value(_ number: Int) -> Operand { values[number] ?? .other }

  mutating func set(_ number: Int, _ operand: Operand) { values[number] = operand }

  // MARK: what operators add to the graph

  /// Adds a node of one output.
  ///
  /// - Returns: the output's name.
  mutating func node(_ operation: String, _ inputs: [Named?], _ attributes: (String, ONNXModel.Attribute)...)
    -> String
  {
    let output = "\(operation).\(nodes.count)"
    // An input that is left out is a name of no characters; at the end it is not there at all.
    var names = inputs.map { $0?.name ?? "" }
    while names.last == "" { names.removeLast() }
    nodes.append(
      ONNXModel.Node(
        operation: operation, inputs: names, output: output,
        attributes: attributes.map { (name: $0.0, value: $0.1) }))
    return output
  }

  /// The same as a tensor of the shape and the kind of elements that `x` has.
  mutating func between(_ operation: String, _ inputs: [Named?], like x: Named) -> Named {
    Named(name: node(operation, inputs), shape: x.shape, dtype: x.dtype)
  }

  /// A weight, or a constant of the recording.
  mutating func tensor(_ value: Tensor, named name: String? = nil) -> Named {
    let name = name ?? "constant.\(tensors.count)"
    if !tensors.contains(where: { $0.name == name }) { tensors.append((name, value)) }
    return Named(name: name, shape: value.shape, dtype: value.dtype, isConstant: true)
  }

  /// A vector of int64: dimensions, sizes.
  mutating func integers(_ values: [Int]) -> Named {
    constant("integers \(values)") { Tensor(values.map { Int64($0) }) }
  }

  /// A tensor without dimensions.
  mutating func scalar(_ value: Double, _ dtype: DType?) -> Named {
    let dtype = dtype ?? .float32
    return constant("\(dtype) \(value)") { .full(value, [], dtype: dtype) }
  }

  private mutating func constant(_ key: String, _ make: () -> Tensor) -> Named {
    if let known = constants[key] { return known }
    let named = tensor(make())
    constants[key] = named
    return named
  }

  /// `x` as elements of another kind; itself where they are of it.
  mutating func cast(_ x: Named, to dtype: DType?) -> Named {
    guard let dtype, x.dtype != dtype else { return x }
    return Named(
      name: node("Cast", [x], ("to", .integer(ONNXModel.code(of: dtype)))), shape: x.shape, dtype: dtype,
      isConstant: x.isConstant)
  }

  /// Sizes as a vector of int64, which is a constant where all of them are known.
  mutating func sizes(_ sizes: [Operand], _ call: Call) throws -> Named {
    let known = try sizes.map { size -> Int? in
      switch size {
      case .integer(let value): value
      case .size: nil
      default: throw call.unknown("a size")
      }
    }
    if known.allSatisfy({ $0 != nil }) { return integers(known.compactMap { $0 }) }
    var parts: [Named] = []
    for size in sizes {
      switch size {
      case .integer(let value): parts.append(integers([value]))
      case .size(let of, let dimension):
        let name = node("Shape", [of], ("start", .integer(dimension)), ("end", .integer(dimension + 1)))
        parts.append(Named(name: name, shape: [1], dtype: .int64))
      default: break
      }
    }
    let name = parts.count == 1 ? parts[0].name : node("Concat", parts, ("axis", .integer(0)))
    return Named(name: name, shape: [sizes.count], dtype: .int64)
  }

  /// One call of an operation.
  struct Call {
    let operation: String
    let operands: [Operand]
    /// What it gave in the recording.
    let output: RecordedGraph.Value

    func unknown(_ what: String) -> ONNXError {
      ONNXError(reason: "libtorch's \(operation), which it uses, has \(what) that no operator here says")
    }

    func operand(_ index: Int) -> Operand { index < operands.count ? operands[index] : .none }

    func tensor(_ index: Int) throws(ONNXError) -> Named {
      guard case .tensor(let tensor) = operand(index) else { throw unknown("an operand \(index)") }
      return tensor
    }

    func optionalTensor(_ index: Int) throws(ONNXError) -> Named? {
      if case .none = operand(index) { return nil }
      return try tensor(index)
    }

    /// A tensor's shape, where the recording knows it.
    func shape(_ x: Named) throws(ONNXError) -> [Int] {
      guard let shape = x.shape else { throw unknown("an operand of unknown shape") }
      return shape
    }

    func integer(_ index: Int) throws(ONNXError) -> Int {
      guard case .integer(let value) = operand(index) else { throw unknown("an argument \(index)") }
      return value
    }

    func number(_ index: Int) throws(ONNXError) -> Double {
      switch operand(index) {
      case .number(let value): return value
      case .integer(let value): return Double(value)
      default: throw unknown("an argument \(index)")
      }
    }

    func list(_ index: Int) throws(ONNXError) -> [Operand] {
      guard case .list(let list) = operand(index) else { throw unknown("an argument \(index)") }
      return list
    }

    func integers(_ index: Int) throws(ONNXError) -> [Int] {
      var values: [Int] = []
      for operand in try list(index) {
        guard case .integer(let value) = operand else { throw unknown("an argument \(index)") }
        values.append(value)
      }
      return values
    }

    /// A dimension, from 0.
    func dimension(_ index: Int, of x: Named) throws -> Int {
      let (value, rank) = (try integer(index), try shape(x).count)
      return value < 0 ? value + rank : value
    }

    /// The result, of the shape and the kind of elements that it had in the recording.
    func result(_ name: String) -> Operand {
      .tensor(Named(name: name, shape: output.shape, dtype: output.dtype))
    }
  }
}

extension ONNXModel {
  /// The pass of a recorded module.
  ///
  /// - Parameters:
  ///   - name: of the graph.
  ///   - arguments: what the module's arguments are called.
  ///   - result: what its result is called.
  ///   - parameters: all of the module's, by name: also those that its pass does not look at are in the file.
  /// - Throws: ``ONNXError`` naming the operation that has no counterpart; `TensorError`.
  public init(
    _ module: ScriptModule, name: String, arguments names: [String], result: String, parameters: [String: Tensor] = [:]
  ) throws {
    let graph = try RecordedGraph(module)
    var translation = Translation()
    var ports: [Port] = []
    for (argument, name) in zip(graph.arguments, names) {
      guard let shape = argument.shape, let dtype = argument.dtype else {
        throw ONNXError(reason: "the recording does not say the shape of its argument '\(name)'")
      }
      ports.append(Port(name: name, shape: shape, dtype: dtype))
      translation.set(argument.number, .tensor(.init(name: name, shape: shape, dtype: dtype)))
    }
    for step in graph.steps { try translation.take(step) }
    for (name, value) in parameters.sorted(by: { $0.key < $1.key }) { _ = translation.tensor(value, named: name) }
    guard case .tensor(let last) = translation.value(graph.result), let shape = last.shape, let dtype = last.dtype
    else {
      throw ONNXError(reason: "the recording does not say what it gives")
    }
    var nodes = translation.nodes
    if let place = nodes.firstIndex(where: { $0.output == last.name }) {
      nodes[place].output = result
      nodes = nodes.map { node in
        Node(
          operation: node.operation, inputs: node.inputs.map { $0 == last.name ? result : $0 }, output: node.output,
          attributes: node.attributes)
      }
    } else {
      // An argument or a constant as it is.
      nodes.append(Node(operation: "Identity", inputs: [last.name], output: result, attributes: []))
    }
    self.init(
      name: name, nodes: nodes, tensors: translation.tensors, arguments: ports,
      result: Port(name: result, shape: shape, dtype: dtype))
  }
}

extension Translation {
  /// Adds what a step of the pass does.
  mutating func take(_ step: RecordedGraph.Step) throws {
    guard let output = step.outputs.first else { return }
    switch step.kind {
    case .parameter(let name, let value): set(output.number, .tensor(tensor(value, named: name)))
    case .tensor(let value): set(output.number, .tensor(tensor(value)))
    case .integer(let value): set(output.number, .integer(value))
    case .number(let value): set(output.number, .number(value))
    case .integers(let values): set(output.number, .list(values.map { .integer($0) }))
    case .none: set(output.number, .none)
    case .other: set(output.number, .other)
    case .operation(let name, let inputs):
      guard let translate = Self.operators[name], step.outputs.count == 1 else {
        throw ONNXError(reason: "libtorch's \(name), which it uses, has no counterpart here")
      }
      set(output.number, try translate(&self, Call(operation: name, operands: inputs.map(value), output: output)))
    }
  }
}
