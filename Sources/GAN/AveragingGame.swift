import Foundation
import NN
import Torch

/// The two-player game that shows what historical averaging is for (Salimans et al. 2016, section 3.3): the value
/// (f(x) - 1)(y - 1) with f(x) = x for x < 0 and x^2 otherwise, which x minimises and y maximises. Its equilibrium is
/// x = y = 1. At x = 0, where f's slope jumps, it is taken as 0: an x that starts there stays there.
///
/// Both players descend at once. Near the equilibrium the gradient is at a right angle to the way there: plain descent
/// orbits, a little wider each time, by the factor 1 + 2 rate^2 a step. With `weight` above 0 both players have the
/// penalty of ``HistoricalAveraging``; the orbit's average lies near its centre, and the orbit shrinks.
public struct AveragingGame: Sendable, Hashable {
  /// Where both players stand.
  public struct Point: Sendable, Hashable {
    /// Of the player that minimises.
    public let x: Double
    /// Of the player that maximises.
    public let y: Double
    /// - Parameters:
    ///   - x: of the player that minimises.
    ///   - y: of the player that maximises.
    public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }

    /// From the equilibrium.
    public var distance: Double { hypot(x - 1, y - 1) }
  }

  /// Where the players stand before the first step.
  public let start: Point
  /// Of both players' gradient descent.
  public let rate: Double
  /// Of the penalty; 0 leaves it out.
  public let weight: Double
  /// At most; a path that leaves the numbers has fewer.
  public let steps: Int

  /// By default half of the way from the origin to the equilibrium, and no penalty.
  public init(start: Point = Point(0.5, 0.5), rate: Double = 0.005, weight: Double = 0, steps: Int = 10_000) {
    self.start = start
    self.rate = rate
    self.weight = weight
    self.steps = steps
  }

  /// Where the players are before the first step and after each one. The path ends early where it leaves the numbers: a
  /// point that is not finite, or is farther than 10^6 from the equilibrium, is its last.
  ///
  /// - Throws: `TensorError`.
  public func play() throws -> [Point] {
    let players = Tensor([start.x, start.y])
    let penalty = weight > 0 ? HistoricalAveraging(weight: weight) : nil
    let descent = Momentum(0)
    var path = [start]
    while path.count <= steps, let now = path.last, now.distance < 1e6 {
      let (f, slope) = now.x < 0 ? (now.x, 1) : (now.x * now.x, 2 * now.x)
      let gradient = Tensor([slope * (now.y - 1), 1 - f])  // y ascends
      try penalty?.add(to: gradient, at: players)
      try descent.step(players, gradient: gradient, learningRate: rate)
      let values = try players.values(Double.self)
      path.append(Point(values[0], values[1]))
    }
    return path
  }
}
