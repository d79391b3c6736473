import Torch

/// Part of a model: a struct whose stored properties are layers, arrays of layers and parameters, and whose
/// `callAsFunction` is its formula.
///
/// A ``Network`` finds the parameters by looking at these properties; their names are the paths to them, such as
/// `hidden.2.weight`.
public protocol Module {}

/// A module from one tensor to another, for chaining.
public protocol Layer: Module {
  func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor
}

/// A module that stands for another and adds no parameters of its own: a network sees through it to the other's properties.
public protocol ModuleWrapper: Module {
  var wrapped: any Module { get }
}

/// Layers one after the other.
public struct Sequential: Layer {
  public let layers: [any Layer]
  public init(_ layers: any Layer...) { self.layers = layers }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    layers.reduce(x) { $1($0, context) }
  }
}

extension Module {
  /// The parameters in the order of their declaration, each under the path of properties that leads to it.
  public var namedParameters: [(name: String, parameter: Parameter)] {
    NN.namedParameters(of: self, path: [])
  }
}

private func namedParameters(of value: Any, path: [String]) -> [(name: String, parameter: Parameter)] {
  if let parameter = value as? Parameter { return [(path.joined(separator: "."), parameter)] }
  if let wrapper = value as? any ModuleWrapper { return namedParameters(of: wrapper.wrapped, path: path) }
  let mirror = Mirror(reflecting: value)
  switch mirror.displayStyle {
  case .struct where value is any Module, .class where value is any Module:
    return mirror.children.flatMap { namedParameters(of: $0.value, path: path + [$0.label ?? ""]) }
  case .optional:
    return mirror.children.flatMap { namedParameters(of: $0.value, path: path) }
  case .collection:
    return mirror.children.enumerated().flatMap { namedParameters(of: $1.value, path: path + ["\($0)"]) }
  default:
    return []
  }
}
