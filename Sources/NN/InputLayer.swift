import Torch

extension Network {
  /// The layer through which all of the input goes: the ``LinearMap`` behind which nothing of one of the input's
  /// numbers is left once the layer's weights for that number are zero. It is found by setting them so, in copies;
  /// nobody has to name it, and no declaration is taken for granted.
  ///
  /// The input may be shifted or scaled before it comes there, as class conditioning does, and other rows may be beside
  /// it. A network that takes its input in at several places, or by another kind of layer, has no such layer.
  ///
  /// - Parameters:
  ///   - x: some rows of input, [N, W] with N of 2 at least, since layers that look at the batch see nothing in one
  ///     row.
  ///   - pass: the network's output for rows like `x`, the same whenever it is asked.
  /// - Returns: the path to the layer, and the layer; nil where there is none.
  /// - Throws: `TensorError`.
  public func inputLayer(of x: Tensor, _ pass: (Tensor) throws -> Tensor) throws -> (
    name: String, map: any LinearMap
  )? {
    let width = x.size(-1)
    let candidates = model.namedLinearMaps.filter { !$0.map.matrix.isPoisoned && $0.map.matrix.size(-1) == width }
    guard !candidates.isEmpty else { return nil }
    // Another number in the first column, in every row.
    let first = x.sliced(-1, 0..<1)
    let other = width == 1 ? first + 1 : concatenated([first + 1, x.sliced(-1, 1..<width)], -1)
    func isBlind() throws -> Bool {
      let difference = try pass(x) - pass(other)
      return try difference.values(Float.self).allSatisfy { $0 == 0 }
    }
    // Where the output does not depend on it anyway, nothing can be told.
    guard try !isBlind() else { return nil }
    return try withCopies { parameters in
      for candidate in candidates {
        for parameter in parameters where parameter.name.hasPrefix(candidate.name + ".") || candidate.name.isEmpty {
          for axis in parameter.value.shape.indices where parameter.value.size(axis) == width {
            let weights = parameter.value.sliced(axis, 0..<1)
            let kept = weights.copied()
            try weights.assign(weights * 0)
            defer { _ = weights.assigned(kept) }
            if try isBlind() { return candidate }
          }
        }
      }
      return nil
    }
  }
}
