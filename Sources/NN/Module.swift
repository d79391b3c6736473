import Torch

/// Part of a model: a struct whose stored properties are layers, arrays of layers and parameters, and whose
/// `callAsFunction` is its formula.
///
/// A ``Network`` finds the parameters by looking at these properties, and into modules, optionals and arrays in them;
/// their names are the paths to them, such as `hidden.2.weight`. It refuses a model that has parameters elsewhere, in a
/// tuple, a dictionary, an enumeration or a superclass, or one parameter in two places.
public protocol Module {}

/// A module from one tensor to another, for chaining.
public protocol Layer: Module {
  /// Its output for the input `x`. How the shape changes is the layer's own matter; where `x` does not fit, the result
  /// is a failed operation.
  func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor
}

/// A module that stands for another and adds no parameters of its own: a network sees through it to the other's
/// properties.
public protocol ModuleWrapper: Module {
  /// The module whose properties hold the parameters.
  var wrapped: any Module { get }
}

/// Layers one after the other.
public struct Sequential: Layer {
  /// In the order that the input passes them.
  public let layers: [any Layer]
  /// - Parameter layers: in the order that the input passes them; without any, the output is the input.
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

extension Module {
  /// Throws where a network of this module would miss a parameter, or have one twice.
  ///
  /// - Throws: ``NetworkError`` naming the parameter and the place.
  func checkParameters() throws {
    var names: [ObjectIdentifier: String] = [:]
    for (name, parameter) in namedParameters {
      if let misfit = parameter.misfit {
        let place = name.split(separator: ".").dropLast().joined(separator: ".")
        throw NetworkError(module: place, reason: misfit)
      }
      if let other = names.updateValue(name, forKey: ObjectIdentifier(parameter)) {
        throw NetworkError(parameter: name, reason: "is '\(other)' as well: a parameter has one place in a network")
      }
    }
    var search = HiddenParameters(known: Set(names.keys))
    search.look(in: self, path: [], place: nil)
    if let (name, place) = search.found {
      throw NetworkError(
        parameter: name,
        reason: "is in \(place), where a network does not look: modules, optionals and arrays are what it looks into")
    }
  }
}

/// Looks for a parameter where ``Module/namedParameters`` does not.
private struct HiddenParameters {
  let known: Set<ObjectIdentifier>
  private(set) var found: (name: String, place: String)?
  private var seen: Set<ObjectIdentifier> = []

  init(known: Set<ObjectIdentifier>) { self.known = known }

  /// - Parameter place: what `value` is in, where a network does not look into that.
  mutating func look(in value: Any, path: [String], place: String?) {
    guard found == nil, !(value is Tensor) else { return }
    if let parameter = value as? Parameter {
      if !known.contains(ObjectIdentifier(parameter)) {
        found = (path.joined(separator: "."), place ?? "\(type(of: value))")
      }
      return
    }
    if let wrapper = value as? any ModuleWrapper { return look(in: wrapper.wrapped, path: path, place: place) }
    let mirror = Mirror(reflecting: value)
    // Objects may refer to each other in a circle.
    if mirror.displayStyle == .class, !seen.insert(ObjectIdentifier(value as AnyObject)).inserted { return }
    let here: String? =
      switch mirror.displayStyle {
      case .tuple: "a tuple"
      case .dictionary: "a dictionary"
      case .set: "a set"
      case .enum: "the enumeration \(type(of: value))"
      case .struct, .class: value is any Module ? nil : "\(type(of: value)), which is no module"
      default: nil
      }
    for (index, child) in mirror.children.enumerated() {
      let isLabelled = mirror.displayStyle != .optional
      look(in: child.value, path: isLabelled ? path + [child.label ?? "\(index)"] : path, place: place ?? here)
    }
    var base = mirror.superclassMirror
    while let mirror = base, found == nil {
      for child in mirror.children {
        look(
          in: child.value, path: path + [child.label ?? ""],
          place: place ?? "the superclass \(mirror.subjectType)")
      }
      base = mirror.superclassMirror
    }
  }
}
