import Foundation

/// The learning rate of each step.
public struct LearningRate: Sendable, Hashable {
  public let base: Double
  public let factor: Double
  /// In steps.
  public let interval: Int

  /// base * factor^(step / interval), the quotient rounded down.
  public init(_ base: Double, factor: Double = 1, every interval: Int = .max) {
    self.base = base
    self.factor = factor
    self.interval = max(1, interval)
  }

  /// The rate of `step`, counted from 0.
  public func callAsFunction(_ step: Int) -> Double { base * pow(factor, Double(step / interval)) }
}
