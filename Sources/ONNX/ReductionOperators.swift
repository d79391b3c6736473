import Torch

extension Translation {
  /// Over dimensions: (x, dimensions, keepdim).
  static let reductions: [String: Operator] = [
    "aten::sum.dim_IntList": reduction("ReduceSum"), "aten::mean.dim": reduction("ReduceMean"),
    "aten::amax": reduction("ReduceMax"), "aten::amin": reduction("ReduceMin"),
    "aten::logsumexp": reduction("ReduceLogSumExp"),
    // (x, dimensions, unbiased, keepdim)
    "aten::var.dim": { graph, call in
      guard try call.integer(2) == 0 else { throw call.unknown("a divisor below the number of elements") }
      return call.result(try graph.variance(call, keeps: call.integer(3)))
    },
    // (x, dimensions, correction, keepdim)
    "aten::var.correction": { graph, call in
      guard try call.number(2) == 0 else { throw call.unknown("a divisor below the number of elements") }
      return call.result(try graph.variance(call, keeps: call.integer(3)))
    },
  ]

  /// Dimensions as a node takes them: none given are all.
  private mutating func axes(_ call: Call) throws -> Named? {
    if case .none = call.operand(1) { return nil }
    let dimensions = try call.integers(1)
    return dimensions.isEmpty ? nil : integers(dimensions)
  }

  private static func reduction(_ name: String) -> Operator {
    { graph, call in
      let x = graph.cast(try call.tensor(0), to: call.output.dtype), axes = try graph.axes(call)
      return call.result(graph.node(name, [x, axes], ("keepdims", .integer(try call.integer(2)))))
    }
  }

  /// The mean of the squared distances from the mean: nothing cancels.
  private mutating func variance(_ call: Call, keeps: Int) throws -> String {
    let x = try call.tensor(0), axes = try axes(call)
    let mean = Named(name: node("ReduceMean", [x, axes], ("keepdims", .integer(1))), shape: nil, dtype: x.dtype)
    let apart = between("Sub", [x, mean], like: x)
    return node("ReduceMean", [between("Mul", [apart, apart], like: x), axes], ("keepdims", .integer(keeps)))
  }
}
