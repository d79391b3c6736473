import CTorch

/// The steps of a recorded pass (``ScriptModule``), operation by operation in libtorch's terms: what another format is
/// made of.
///
/// What depends on constants alone has been computed already.
public struct RecordedGraph {
  /// A value that a step gives.
  public struct Value: Sendable {
    /// Which one it is, in this graph.
    public let number: Int
    /// Of a tensor, in the recording; the number of rows is that of the recording's example.
    public let shape: [Int]?
    /// Of a tensor's elements.
    public let dtype: DType?
  }

  /// What a step does.
  public enum Kind {
    /// An operation on the values with these numbers, as libtorch's schemas name it: `aten::sum.dim_IntList`.
    case operation(String, inputs: [Int])
    /// A parameter or buffer of the module, under its name.
    case parameter(name: String, Tensor)
    /// A tensor that belongs to the recording.
    case tensor(Tensor)
    /// An argument of an operation that is no tensor; truth is 1 or 0.
    case integer(Int), number(Double), integers([Int])
    /// An argument that is left out.
    case none
    /// An argument of another kind, such as a device.
    case other
  }

  /// One step.
  public struct Step {
    /// What it does.
    public let kind: Kind
    /// What it gives; one value, but for operations such as a split.
    public let outputs: [Value]
  }

  /// The module's arguments.
  public private(set) var arguments: [Value] = []
  /// In an order in which each has what it needs.
  public private(set) var steps: [Step] = []
  /// The number of the value that the module gives.
  public private(set) var result = -1

  /// The steps of a module that was recorded in this program: one from a file does not know its shapes.
  ///
  /// - Throws: `TensorError`.
  public init(_ module: ScriptModule) throws {
    var graph = RecordedGraph()
    try withUnsafeMutablePointer(to: &graph) { graph in
      try check(
        ct_script_graph(
          module.handle,
          { context, node in context.assumingMemoryBound(to: RecordedGraph.self).pointee.append(node.pointee) },
          graph))
    }
    self = graph
  }

  private init() {}

  private mutating func append(_ node: CTGraphNode) {
    func integers(_ start: UnsafePointer<Int64>?, _ count: Int32) -> [Int] {
      UnsafeBufferPointer(start: start, count: Int(count)).map { Int($0) }
    }
    let inputs = integers(node.inputs, node.input_count)
    let outputs = UnsafeBufferPointer(start: node.outputs, count: Int(node.output_count)).map { value in
      Value(
        number: Int(value.number), shape: value.is_tensor ? integers(value.sizes, value.rank) : nil,
        dtype: value.is_tensor ? DType(value.dtype) : nil)
    }
    let operation = String(cString: node.operation)
    switch operation {
    case "prim::Param": arguments = outputs
    case "prim::Return": result = inputs.first ?? -1
    case "prim::GetAttr":
      steps.append(
        Step(kind: .parameter(name: node.name.map { String(cString: $0) } ?? "", Tensor(node.tensor)), outputs: outputs)
      )
    case "prim::Constant": steps.append(Step(kind: Self.constant(node, integers), outputs: outputs))
    default: steps.append(Step(kind: .operation(operation, inputs: inputs), outputs: outputs))
    }
  }

  private static func constant(_ node: CTGraphNode, _ integers: (UnsafePointer<Int64>?, Int32) -> [Int]) -> Kind {
    switch node.constant {
    case .none: .none
    case .integer: .integer(Int(node.integer))
    case .number: .number(node.number)
    case .integers: .integers(integers(node.integers, node.integer_count))
    case .tensor: .tensor(Tensor(node.tensor))
    case .other: .other
    }
  }
}
