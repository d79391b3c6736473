import Torch

extension Translation {
  /// Products and convolutions.
  static let products: [String: Operator] = [
    "aten::matmul": { graph, call in
      call.result(graph.node("MatMul", [try call.tensor(0), try call.tensor(1)]))
    },
    // (x, weight, bias): x W^T + b
    "aten::linear": { graph, call in
      let (x, weight, bias) = (try call.tensor(0), try call.tensor(1), try call.optionalTensor(2))
      if try call.shape(x).count == 2 {
        return call.result(graph.node("Gemm", [x, weight, bias], ("transB", .integer(1))))
      }
      let transposed = Named(
        name: graph.node("Transpose", [weight], ("perm", .integers([1, 0]))), shape: nil, dtype: weight.dtype)
      let product = graph.node("MatMul", [x, transposed])
      guard let bias else { return call.result(product) }
      return call.result(graph.node("Add", [Named(name: product, shape: nil, dtype: x.dtype), bias]))
    },
    // (x, weight, bias, stride, padding, dilation, transposed, output padding, groups, ...)
    "aten::_convolution": { graph, call in
      let (x, weight, bias) = (try call.tensor(0), try call.tensor(1), try call.optionalTensor(2))
      let spatial = try call.shape(x).count - 2
      // libtorch takes one number for all sides.
      func sides(_ index: Int) throws -> [Int] {
        let values = try call.integers(index)
        return values.count == 1 ? Array(repeating: values[0], count: spatial) : values
      }
      let (strides, padding, dilations) = (try sides(3), try sides(4), try sides(5))
      let (pads, group) = (padding + padding, try call.integer(8))
      guard try call.integer(6) == 1 else {
        return call.result(
          graph.node(
            "Conv", [x, weight, bias], ("strides", .integers(strides)), ("pads", .integers(pads)),
            ("dilations", .integers(dilations)), ("group", .integer(group))))
      }
      return call.result(
        graph.node(
          "ConvTranspose", [x, weight, bias], ("strides", .integers(strides)), ("pads", .integers(pads)),
          ("output_padding", .integers(try sides(7))), ("dilations", .integers(dilations)),
          ("group", .integer(group))))
    },
  ]
}
