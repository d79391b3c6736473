import Torch

extension Translation {
  /// Shapes and places.
  static let shapes: [String: Operator] = [
    // (x, sizes), of which one may be -1: what is left.
    "aten::reshape": reshape, "aten::view": reshape,
    // (x, sizes, implicit), -1 for a size that stays: 1 is as good, since sizes of 1 take the other's.
    "aten::expand": { graph, call in
      let sizes = try call.list(1).map { size -> Operand in
        if case .integer(-1) = size { .integer(1) } else { size }
      }
      return call.result(graph.node("Expand", [try call.tensor(0), try graph.sizes(sizes, call)]))
    },
    "aten::permute": { graph, call in
      let x = try call.tensor(0), rank = try call.shape(x).count
      let order = try call.integers(1).map { $0 < 0 ? $0 + rank : $0 }
      return call.result(graph.node("Transpose", [x], ("perm", .integers(order))))
    },
    // (x, first, second)
    "aten::transpose.int": { graph, call in
      let x = try call.tensor(0)
      let (first, second) = (try call.dimension(1, of: x), try call.dimension(2, of: x))
      var order = Array(0..<(try call.shape(x).count))
      order.swapAt(first, second)
      return call.result(graph.node("Transpose", [x], ("perm", .integers(order))))
    },
    // Negative dimensions are counted from the end of the result in both.
    "aten::unsqueeze": { graph, call in
      let x = try call.tensor(0)
      return call.result(graph.node("Unsqueeze", [x, graph.integers([try call.integer(1)])]))
    },
    // libtorch leaves a dimension that is not of size 1.
    "aten::squeeze.dim": { graph, call in
      let x = try call.tensor(0), dimension = try call.dimension(1, of: x)
      guard try call.shape(x)[dimension] == 1 else { return .tensor(x) }
      return call.result(graph.node("Squeeze", [x, graph.integers([dimension])]))
    },
    // (x, dimension, start, end, step)
    "aten::slice.Tensor": { graph, call in
      func bound(_ index: Int, _ otherwise: Int) throws -> Int {
        if case .none = call.operand(index) { otherwise } else { try call.integer(index) }
      }
      return try graph.slice(call, from: bound(2, 0), to: bound(3, .max), step: call.integer(4))
    },
    // (x, dimension, start, length)
    "aten::narrow": { graph, call in
      let (start, length) = (try call.integer(2), try call.integer(3))
      return try graph.slice(call, from: start, to: start < 0 && start + length == 0 ? .max : start + length, step: 1)
    },
    // (tensors, dimension)
    "aten::cat": { graph, call in
      let parts = try graph.tensors(call)
      return call.result(graph.node("Concat", parts, ("axis", .integer(try call.integer(1)))))
    },
    "aten::stack": { graph, call in
      let dimension = try call.integer(1)
      var parts: [Named] = []
      for part in try graph.tensors(call) {
        let name = graph.node("Unsqueeze", [part, graph.integers([dimension])])
        parts.append(Named(name: name, shape: nil, dtype: part.dtype))
      }
      return call.result(graph.node("Concat", parts, ("axis", .integer(dimension))))
    },
    // (x, dimension, index)
    "aten::index_select": { graph, call in
      let axis = ("axis", ONNXModel.Attribute.integer(try call.integer(1)))
      return call.result(graph.node("Gather", [try call.tensor(0), try call.tensor(2)], axis))
    },
    "aten::size.int": { _, call in
      let x = try call.tensor(0), dimension = try call.dimension(1, of: x)
      return x.isConstant ? .integer(try call.shape(x)[dimension]) : .size(of: x, dimension: dimension)
    },
    // What a recording puts between a size and who takes it.
    "prim::NumToTensor.Scalar": { _, call in call.operand(0) },
    "aten::Int.Tensor": { _, call in call.operand(0) },
    "prim::ListConstruct": { _, call in .list(call.operands) },
  ]

  private static let reshape: Operator = { graph, call in
    let x = try call.tensor(0)
    var sizes = try call.list(1)
    let result = call.output
    // A size of the operand's own, at its place, is said by 0.
    for (index, size) in sizes.enumerated() {
      if case .size(let of, index) = size, of.name == x.name { sizes[index] = .integer(0) }
    }
    let name = graph.node("Reshape", [x, try graph.sizes(sizes, call)])
    return .tensor(Named(name: name, shape: result.shape, dtype: result.dtype, isConstant: x.isConstant))
  }

  private func tensors(_ call: Call) throws -> [Named] {
    try call.list(0).map { part in
      guard case .tensor(let tensor) = part else { throw call.unknown("a part") }
      return tensor
    }
  }

  private mutating func slice(_ call: Call, from start: Int, to end: Int, step: Int) throws -> Operand {
    let x = try call.tensor(0)
    let (starts, ends) = (integers([start]), integers([end]))
    let (axes, steps) = (integers([try call.integer(1)]), integers([step]))
    return call.result(node("Slice", [x, starts, ends, axes, steps]))
  }
}
