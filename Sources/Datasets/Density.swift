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

  /// - Precondition: there is a component, weights are positive and add up to 1, standard deviations are positive.
  public init(_ components: [Component]) {
    precondition(!components.isEmpty, "a density has a component")
    precondition(abs(components.reduce(0) { $0 + $1.weight } - 1) < 1e-9, "weights add up to 1")
    precondition(
      components.allSatisfy { $0.weight > 0 && $0.standardDeviation > 0 }, "weights and deviations are positive")
    self.components = components
  }

  /// N(mean, standardDeviation)
  public static func normal(_ mean: Double, _ standardDeviation: Double) -> Density {
    Density([Component(mean: mean, standardDeviation: standardDeviation)])
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

  /// The x below which the share `probability`, in 0 ..< 1 and above 0, of the mass lies; to about 1e-12 of the support.
  public func quantile(_ probability: Double) -> Double {
    precondition(0 < probability && probability < 1, "a quantile is of a probability between 0 and 1")
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
