import Torch

/// A layer whose output is a linear function of its input, but for a bias.
public protocol LinearMap: Layer {
  /// A, [outputs, inputs]: what each input adds to the outputs. Of a convolution, what one pixel's channels add to the
  /// pixels that it reaches, [outputs of the window, inputs].
  ///
  /// Poisoned where one matrix does not say it.
  var matrix: Tensor { get }
}

extension Linear: LinearMap {
  public var matrix: Tensor { weight.value }
}

extension WeightNormLinear: LinearMap {
  public var matrix: Tensor { weight }
}

extension SpectralNormLinear: LinearMap {
  public var matrix: Tensor { norm(weight.value, .evaluation) }
}

extension Conv2d: LinearMap {
  public var matrix: Tensor {
    guard groups == 1, weight.shape[2] == 1, weight.shape[3] == 1 else {
      return .failed("a convolution's window has no single matrix where it has several pixels or groups")
    }
    return weight.value.reshaped([weight.shape[0], -1])
  }
}

extension ConvTranspose2d: LinearMap {
  public var matrix: Tensor { windowMatrix(weight.value, padding: padding, groups: groups) }
}

extension WeightNormConvTranspose2d: LinearMap {
  public var matrix: Tensor { windowMatrix(weight, padding: padding, groups: 1) }
}

/// Of transposed weights [in, out, kernel, kernel]: [out kernel kernel, in].
private func windowMatrix(_ weight: Tensor, padding: Int, groups: Int) -> Tensor {
  guard padding == 0, groups == 1 else {
    return .failed("a transposed convolution's window has no single matrix where it is cut off or has several groups")
  }
  return weight.reshaped([weight.size(0), -1]).transposed(0, 1)
}

extension Module {
  /// The layers in it that are linear maps, in the order of their declaration, each under the path of properties that
  /// leads to it.
  public var namedLinearMaps: [(name: String, map: any LinearMap)] { NN.namedLinearMaps(of: self, path: []) }
}

private func namedLinearMaps(of value: Any, path: [String]) -> [(name: String, map: any LinearMap)] {
  if let map = value as? any LinearMap { return [(path.joined(separator: "."), map)] }
  if let wrapper = value as? any ModuleWrapper { return namedLinearMaps(of: wrapper.wrapped, path: path) }
  let mirror = Mirror(reflecting: value)
  switch mirror.displayStyle {
  case .struct where value is any Module, .class where value is any Module:
    return mirror.children.flatMap { namedLinearMaps(of: $0.value, path: path + [$0.label ?? ""]) }
  case .optional:
    return mirror.children.flatMap { namedLinearMaps(of: $0.value, path: path) }
  case .collection:
    return mirror.children.enumerated().flatMap { namedLinearMaps(of: $1.value, path: path + ["\($0)"]) }
  default:
    return []
  }
}
