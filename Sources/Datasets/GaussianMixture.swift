import Foundation
import Torch

/// Equally likely Gaussians of one width around given modes, in any number of dimensions: where a generator that has
/// lost part of the data shows it at once.
public struct GaussianMixture: Sendable {
  /// The modes, each with as many coordinates as there are dimensions.
  public let modes: [[Double]]
  /// Of every mode, in every direction.
  public let standardDeviation: Double

  /// - Parameters:
  ///   - modes: one at least, all of the same number of coordinates.
  ///   - standardDeviation: positive.
  /// - Throws: ``DataError`` where they are not so.
  public init(modes: [[Double]], standardDeviation: Double) throws(DataError) {
    try DataError.require(modes.first.map { !$0.isEmpty } ?? false, "a mixture has no modes")
    let dimensions = modes[0].count
    try DataError.require(
      modes.allSatisfy { $0.count == dimensions && $0.allSatisfy(\.isFinite) },
      "the modes of a mixture are no points of one number of coordinates")
    try DataError.require(
      standardDeviation > 0 && standardDeviation.isFinite, "a mixture has the standard deviation \(standardDeviation)")
    self.modes = modes
    self.standardDeviation = standardDeviation
  }

  /// `count` modes evenly on a circle: the ring of 8 with radius 2 and standard deviation 0.02 of Metz et al. 2017.
  public static func ring(_ count: Int = 8, radius: Double = 2, standardDeviation: Double = 0.02) throws(DataError)
    -> GaussianMixture
  {
    try GaussianMixture(
      modes: (0..<max(0, count)).map { index in
        let angle = 2 * Double.pi * Double(index) / Double(count)
        return [radius * cos(angle), radius * sin(angle)]
      }, standardDeviation: standardDeviation)
  }

  /// `side` x `side` modes on a square grid around 0: the 5 x 5 grid with spacing 2 and standard deviation 0.05 of
  /// Srivastava et al. 2017.
  public static func grid(_ side: Int = 5, spacing: Double = 2, standardDeviation: Double = 0.05) throws(DataError)
    -> GaussianMixture
  {
    let places = (0..<max(0, side)).map { (Double($0) - Double(side - 1) / 2) * spacing }
    return try GaussianMixture(
      modes: places.flatMap { x in places.map { [x, $0] } }, standardDeviation: standardDeviation)
  }

  /// Numbers in a point.
  public var dimensions: Int { modes[0].count }

  /// `count` independent points for each seed of `random`: [..., count, dimensions].
  public func sample(_ count: Int, _ random: RandomStream, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    let choice = random.stream("mode").uniform([count, 1], dtype: dtype, device: device)
    let normal = random.stream("normal").normal([count, dimensions], dtype: dtype, device: device)
    let index = (choice * Double(modes.count)).to(.int64)
    let places = Tensor(modes.flatMap { $0 }, shape: [modes.count, dimensions], device: device).to(dtype)
    let centres = places.selecting(0, index.reshaped([-1])).reshaped(normal.shape)
    return centres + normal * standardDeviation
  }

  /// Fresh points in every step: [..., size, dimensions].
  public func batches(_ size: Int, device: Device = .cpu) -> Batches {
    { step, random in sample(size, random.at(step), device: device) }
  }
}
