import Torch

extension Translation {
  /// Element by element.
  static let elementwise: [String: Operator] = [
    "aten::neg": unary("Neg"), "aten::abs": unary("Abs"), "aten::exp": unary("Exp"), "aten::log": unary("Log"),
    "aten::sqrt": unary("Sqrt"), "aten::reciprocal": unary("Reciprocal"), "aten::tanh": unary("Tanh"),
    "aten::sigmoid": unary("Sigmoid"), "aten::relu": unary("Relu"), "aten::sin": unary("Sin"),
    "aten::cos": unary("Cos"),
    "aten::square": { graph, call in
      let x = try call.tensor(0)
      return call.result(graph.node("Mul", [x, x]))
    },
    "aten::rsqrt": { graph, call in
      let x = try call.tensor(0)
      return call.result(graph.node("Reciprocal", [graph.between("Sqrt", [x], like: x)]))
    },
    // (x, slope)
    "aten::leaky_relu": { graph, call in
      call.result(graph.node("LeakyRelu", [try call.tensor(0)], ("alpha", .number(Float(try call.number(1))))))
    },
    // (x, beta, threshold): above the threshold libtorch's is x, which the formula is, too, in its last digit.
    "aten::softplus": { graph, call in
      guard try call.number(1) == 1 else { throw call.unknown("a beta other than 1") }
      return call.result(graph.node("Softplus", [try call.tensor(0)]))
    },
    // (x, low, high)
    "aten::clamp": { graph, call in
      let x = try call.tensor(0)
      let low = graph.scalar(try call.number(1), x.dtype), high = graph.scalar(try call.number(2), x.dtype)
      return call.result(graph.node("Clip", [x, low, high]))
    },
    // The third argument multiplies the second.
    "aten::add.Tensor": binary("Add", hasFactor: true), "aten::add.Scalar": binary("Add", hasFactor: true),
    "aten::sub.Tensor": binary("Sub", hasFactor: true), "aten::sub.Scalar": binary("Sub", hasFactor: true),
    "aten::mul.Tensor": binary("Mul"), "aten::mul.Scalar": binary("Mul"),
    "aten::div.Tensor": binary("Div"), "aten::div.Scalar": binary("Div"),
    "aten::maximum": binary("Max"), "aten::minimum": binary("Min"),
    "aten::pow.Tensor_Scalar": binary("Pow"),
    "aten::eq.Tensor": comparison("Equal"), "aten::eq.Scalar": comparison("Equal"),
    "aten::gt.Tensor": comparison("Greater"), "aten::gt.Scalar": comparison("Greater"),
    "aten::ge.Tensor": comparison("GreaterOrEqual"), "aten::ge.Scalar": comparison("GreaterOrEqual"),
    // (condition, x, y)
    "aten::where.self": { graph, call in
      let kind = call.output.dtype
      let x = graph.cast(try call.tensor(1), to: kind), y = graph.cast(try call.tensor(2), to: kind)
      return call.result(graph.node("Where", [try call.tensor(0), x, y]))
    },
    "aten::to.dtype_layout": conversion, "aten::to.dtype": conversion,
    "aten::contiguous": same, "aten::detach": same, "aten::clone": same, "aten::alias": same,
  ]

  private static func unary(_ name: String) -> Operator {
    { graph, call in call.result(graph.node(name, [try call.tensor(0)])) }
  }

  /// The operand, or the number as a tensor of its kind.
  private mutating func operand(_ index: Int, _ call: Call, _ dtype: DType?) throws -> Named {
    if case .tensor(let tensor) = call.operand(index) { return cast(tensor, to: dtype) }
    return scalar(try call.number(index), dtype)
  }

  /// Both operands become elements of the result's kind first, as libtorch has it.
  private static func binary(_ name: String, hasFactor: Bool = false) -> Operator {
    { graph, call in
      let kind = call.output.dtype
      let x = try graph.operand(0, call, kind)
      var y = try graph.operand(1, call, kind)
      if hasFactor, case let factor = try call.number(2), factor != 1 {
        y = graph.between("Mul", [y, graph.scalar(factor, kind)], like: y)
      }
      return call.result(graph.node(name, [x, y]))
    }
  }

  private static func comparison(_ name: String) -> Operator {
    { graph, call in
      let x = try call.tensor(0)
      if case .tensor(let y) = call.operand(1), y.dtype != x.dtype { throw call.unknown("operands of two kinds") }
      return call.result(graph.node(name, [x, try graph.operand(1, call, x.dtype)]))
    }
  }

  /// To the kind that the result had.
  private static let conversion: Operator = { graph, call in
    .tensor(graph.cast(try call.tensor(0), to: call.output.dtype))
  }

  /// How elements stand in memory, or who may change them, is nothing that a graph knows.
  private static let same: Operator = { _, call in call.operand(0) }
}
