import Torch

extension Translation {
  /// Normalisation.
  static let normalizations: [String: Operator] = [
    // (x, gain, bias, running mean, running variance, training, momentum, epsilon, ...), by the batch's own moments.
    // ONNX has an operator for it, in the mode for training, which runtimes for inference do not all know.
    "aten::batch_norm": { graph, call in
      let x = try call.tensor(0), shape = try call.shape(x)
      guard try call.integer(5) == 1 else { throw call.unknown("running statistics") }
      let axes = graph.integers((0..<shape.count).filter { $0 != 1 })
      func mean(_ x: Named, _ graph: inout Translation) -> Named {
        Named(name: graph.node("ReduceMean", [x, axes], ("keepdims", .integer(1))), shape: nil, dtype: x.dtype)
      }
      let apart = graph.between("Sub", [x, mean(x, &graph)], like: x)
      let variance = mean(graph.between("Mul", [apart, apart], like: x), &graph)
      let stabilised = graph.between("Add", [variance, graph.scalar(try call.number(7), x.dtype)], like: variance)
      var y = graph.between("Div", [apart, graph.between("Sqrt", [stabilised], like: variance)], like: x)
      // [C] along the second dimension.
      func perChannel(_ parameter: Named, _ graph: inout Translation) -> Named {
        guard shape.count > 2 else { return parameter }
        let name = graph.node("Unsqueeze", [parameter, graph.integers(Array(1..<shape.count - 1))])
        return Named(name: name, shape: nil, dtype: parameter.dtype)
      }
      if let gain = try call.optionalTensor(1) { y = graph.between("Mul", [y, perChannel(gain, &graph)], like: x) }
      if let bias = try call.optionalTensor(2) { y = graph.between("Add", [y, perChannel(bias, &graph)], like: x) }
      return .tensor(Named(name: y.name, shape: call.output.shape, dtype: call.output.dtype))
    }
  ]
}
