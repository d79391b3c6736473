import Foundation
import Torch

/// A one-dimensional density with a closed form, a mixture of Gaussians, to play against.
public struct Density: Sendable {
  /// One Gaussian of the mixture.
  public struct Component: Sendable {
    /// Share of the mixture; those of all components add up to 1.
    public let weight: Double
    /// Its middle, where it is highest.
    public let mean: Double
    /// Above 0.
    public let standardDeviation: Double

    /// - Parameter weight: its share of the mixture; all of it unless stated otherwise.
    public init(weight: Double = 1, mean: Double, standardDeviation: Double) {
      self.weight = weight
      self.mean = mean
      self.standardDeviation = standardDeviation
    }
  }

  /// At least one.
  public let components: [Component]

  /// - Parameter components: one at least, with positive weights that add up to 1 and positive standard deviations.
  /// - Throws: ``DataError`` where they are not so.
  public init(_ components: [Component]) throws(DataError) {
    try DataError.require(!components.isEmpty, "a density has no components")
    for part in components {
      try DataError.require(
        part.weight > 0 && part.standardDeviation > 0 && part.standardDeviation.isFinite && part.mean.isFinite,
        "a component of a density has the weight \(part.weight), the mean \(part.mean) and the standard deviation "
          + "\(part.standardDeviation)")
    }
    let sum = components.reduce(0) { $0 + $1.weight }
    try DataError.require(abs(sum - 1) < 1e-9, "the weights of a density add up to \(sum), not 1")
    self.components = components
  }

  /// - Parameter components: known to be as ``init(_:)`` asks for.
  init(known components: [Component]) { self.components = components }

  /// N(mean, standardDeviation)
  ///
  /// - Throws: ``DataError`` where the standard deviation is not positive.
  public static func normal(_ mean: Double, _ standardDeviation: Double) throws(DataError) -> Density {
    try Density([Component(mean: mean, standardDeviation: standardDeviation)])
  }

  /// Of the whole mixture.
  public var mean: Double { components.reduce(0) { $0 + $1.weight * $1.mean } }

  /// Of the whole mixture, not of one component.
  public var standardDeviation: Double {
    let secondMoment = components.reduce(0) {
      $0 + $1.weight * ($1.mean * $1.mean + $1.standardDeviation * $1.standardDeviation)
    }
    return (secondMoment - mean * mean).squareRoot()
  }

  /// From three standard deviations below the lowest component to three above the highest: where the density is worth
  /// looking at.
  public var support: ClosedRange<Double> {
    let low = components.map { $0.mean - 3 * $0.standardDeviation }.min()!
    return low...components.map { $0.mean + 3 * $0.standardDeviation }.max()!
  }

  /// p(x)
  public func callAsFunction(_ x: Double) -> Double {
    components.reduce(0) { sum, part in
      let u = (x - part.mean) / part.standardDeviation
      return sum + part.weight * exp(-u * u / 2) / (part.standardDeviation * (2 * Double.pi).squareRoot())
    }
  }

  /// p(x), element by element.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let parts = components.map { part in
      let u = (x - part.mean) / part.standardDeviation
      return Torch.exp(square(u) * -0.5) * (part.weight / (part.standardDeviation * (2 * Double.pi).squareRoot()))
    }
    return parts.dropFirst().reduce(parts[0]) { $0 + $1 }
  }

  /// The share of the mass at or below `x`.
  public func cumulative(_ x: Double) -> Double {
    components.reduce(0) { sum, part in
      sum + part.weight * erfc((part.mean - x) / (part.standardDeviation * 2.0.squareRoot())) / 2
    }
  }

  /// The x below which the share `probability` of the mass lies, to about 1e-12 of the support; infinite at 0 and at 1,
  /// NaN outside.
  public func quantile(_ probability: Double) -> Double {
    guard 0 < probability && probability < 1 else {
      return probability == 0 ? -.infinity : probability == 1 ? .infinity : .nan
    }
    let reach = 40 * components.map(\.standardDeviation).max()!
    var (low, high) = (support.lowerBound - reach, support.upperBound + reach)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if cumulative(middle) < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// `count` independent points for each seed of `random`: [..., count, 1].
  public func sample(_ count: Int, _ random: RandomStream, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    let normal = random.stream("normal").normal([count, 1], dtype: dtype, device: device)
    func scaled(_ part: Component) -> Tensor {
      part.mean == 0 && part.standardDeviation == 1 ? normal : normal * part.standardDeviation + part.mean
    }
    guard components.count > 1 else { return scaled(components[0]) }
    let choice = random.stream("component").uniform([count, 1], dtype: dtype, device: device)
    var (points, threshold) = (scaled(components[0]), components[0].weight)
    for part in components.dropFirst() {
      points = select(choice .>= threshold, scaled(part), points)
      threshold += part.weight
    }
    return points
  }

  /// Fresh points in every step: [..., size, 1].
  ///
  /// - Parameter sorted: in ascending order, as one-dimensional tutorials present them.
  public func batches(_ size: Int, sorted: Bool = false, device: Device = .cpu) -> Batches {
    { step, random in
      let points = sample(size, random.at(step), device: device)
      return sorted ? points.sortedValues(-2) : points
    }
  }
}
