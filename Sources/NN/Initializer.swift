import Torch

/// How a parameter's first values are drawn.
public enum Initializer: Sendable, Hashable {
  /// Every value the same.
  case constant(Double)
  /// N(mean, standardDeviation^2).
  case normal(mean: Double = 0, standardDeviation: Double)
  /// Uniform on [-bound, bound).
  case uniform(bound: Double)
  /// Uniform on [low, high).
  case interval(_ low: Double, _ high: Double)
  /// Uniform on [-b, b) with b = sqrt(6 / (inputs + outputs)) for a weight [outputs, inputs] or
  /// [outputs, inputs, kH, kW] (Glorot and Bengio 2010).
  case glorotUniform

  func values(_ shape: [Int], _ random: RandomStream, dtype: DType, device: Device) -> Tensor {
    switch self {
    case .constant(let value):
      return random.constant(value, shape, dtype: dtype, device: device)
    case .normal(let mean, let standardDeviation):
      return random.normal(shape, dtype: dtype, device: device) * standardDeviation + mean
    case .uniform(let bound):
      return (random.uniform(shape, dtype: dtype, device: device) * 2 - 1) * bound
    case .interval(let low, let high):
      return random.uniform(shape, dtype: dtype, device: device) * (high - low) + low
    case .glorotUniform:
      let window = shape.dropFirst(2).reduce(1, *)
      let bound = 6 / Double(window * shape.prefix(2).reduce(0, +))
      return Initializer.uniform(bound: bound.squareRoot()).values(shape, random, dtype: dtype, device: device)
    }
  }
}
