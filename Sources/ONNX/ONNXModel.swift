import Foundation
import Protobuf
import Torch

/// A network as an ONNX model (onnx.ai, *Open Neural Network Exchange Intermediate Representation Specification*): a
/// function of tensors, written down as a graph of standard operators, with its weights.
///
/// Messages are those of `onnx.proto`.
public struct ONNXModel {
  /// The version of the standard's operators that the graph is written in. 18 is the first in which all reductions take
  /// their dimensions in the same way; onnxruntime has it since 1.14 (2023).
  public static let opset = 18
  /// The version of the file's format that came with ``opset``.
  static let formatVersion = 8
  /// What the open dimension of rows is called.
  static let rows = "N"

  /// A setting of a node.
  enum Attribute {
    case integer(Int), number(Float), integers([Int])
  }

  /// One operator at work.
  struct Node {
    let operation: String
    let inputs: [String]
    var output: String
    let attributes: [(name: String, value: Attribute)]
  }

  /// An argument or a result of the model; its first dimension is open.
  struct Port {
    let name: String
    let shape: [Int]
    let dtype: DType
  }

  /// The name of the graph.
  let name: String
  var nodes: [Node]
  /// Weights and constants, by name.
  var tensors: [(name: String, value: Tensor)]
  let arguments: [Port]
  let result: Port

  /// The bytes of the model's file.
  ///
  /// - Parameters:
  ///   - description: of the model, for people.
  ///   - producer: the name and the version of the program that writes it.
  ///   - metadata: texts that the file holds beside the graph, by name.
  /// - Throws: ``ONNXError`` for weights that are more than a file can hold;
  ///   `TensorError`.
  public func encoded(
    description: String, producer: (name: String, version: String), metadata: [String: String]
  ) throws -> Data {
    let size = tensors.reduce(0) { $0 + $1.value.count * $1.value.dtype.width }
    guard size < Int(Int32.max) - 1 << 24 else {
      throw ONNXError(reason: "its weights are \(size) bytes, and a file of protocol buffers ends at 2 GiB")
    }
    var message = ProtobufMessage()
    message.write(1, integer: Self.formatVersion)
    message.write(2, text: producer.name)
    message.write(3, text: producer.version)
    message.write(6, text: description)
    try message.write(7, bytes: graph(), isOneOf: true)
    message.write(8) { $0.write(2, integer: Self.opset) }
    for (name, text) in metadata.sorted(by: { $0.key < $1.key }) {
      message.write(14) {
        $0.write(1, text: name)
        $0.write(2, text: text)
      }
    }
    return message.bytes
  }

  private func graph() throws -> Data {
    var graph = ProtobufMessage()
    for node in nodes {
      graph.write(1) { message in
        for input in node.inputs { message.write(1, text: input, isOneOf: true) }
        message.write(2, text: node.output)
        message.write(3, text: node.output)
        message.write(4, text: node.operation)
        for attribute in node.attributes { message.write(5) { attribute.value.write(attribute.name, to: &$0) } }
      }
    }
    graph.write(2, text: name)
    for (name, tensor) in tensors {
      var message = ProtobufMessage()
      for size in tensor.shape { message.write(1, integer: size, isOneOf: true) }
      message.write(2, integer: Self.code(of: tensor.dtype))
      message.write(8, text: name)
      // Also of no elements: what is not there would be looked for in other fields.
      message.write(9, bytes: try tensor.rawBytes(), isOneOf: true)
      graph.write(5, bytes: message.bytes)
    }
    for argument in arguments { graph.write(11, bytes: Self.encoded(argument)) }
    graph.write(12, bytes: Self.encoded(result))
    return graph.bytes
  }

  private static func encoded(_ port: Port) -> Data {
    let kind = code(of: port.dtype)
    var message = ProtobufMessage()
    message.write(1, text: port.name)
    message.write(2) { type in
      type.write(1) { tensor in
        tensor.write(1, integer: kind)
        tensor.write(2) { shape in
          for (index, size) in port.shape.enumerated() {
            shape.write(1) { index == 0 ? $0.write(2, text: rows) : $0.write(1, integer: size, isOneOf: true) }
          }
        }
      }
    }
    return message.bytes
  }

  /// The number of a kind of elements in `TensorProto.DataType`.
  static func code(of dtype: DType) -> Int {
    switch dtype {
    case .float32: 1
    case .uint8: 2
    case .int64: 7
    case .bool: 9
    case .float64: 11
    case .bfloat16: 16
    }
  }
}

extension ONNXModel.Attribute {
  fileprivate func write(_ name: String, to message: inout ProtobufMessage) {
    message.write(1, text: name)
    switch self {
    case .number(let value):
      message.write(2, float: value, isOneOf: true)
      message.write(20, integer: 1)
    case .integer(let value):
      message.write(3, integer: value, isOneOf: true)
      message.write(20, integer: 2)
    case .integers(let values):
      message.write(8, packed: values)
      message.write(20, integer: 7)
    }
  }
}

/// A network that ONNX's operators do not say, or that its file cannot hold.
public struct ONNXError: Error, CustomStringConvertible, Sendable {
  /// A clause such as "libtorch's aten::cumsum, which it uses, has no counterpart".
  public let reason: String
  public var description: String { "the network cannot be written as ONNX: \(reason)" }
}
