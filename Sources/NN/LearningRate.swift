import Foundation

/// The learning rate of each step.
public struct LearningRate: Sendable, Hashable {
  /// The rate of the first step.
  public let base: Double
  /// What the rate is multiplied by after each ``interval``.
  public let factor: Double
  /// In steps.
  public let interval: Int
  /// The steps over which the rate falls in a line to 0; empty where it does not.
  public let decline: Range<Int>
  /// In place of all of the above, where there is one.
  public let cosine: CosineSchedule?

  /// base * factor^(step / interval), the quotient rounded down, and in `decline` multiplied by the share of it that is
  /// still to come.
  public init(_ base: Double, factor: Double = 1, every interval: Int = .max, decline: Range<Int> = 0..<0) {
    self.base = base
    self.factor = factor
    self.interval = max(1, interval)
    self.decline = decline
    cosine = nil
  }

  /// The numbers of `cosine`.
  public init(_ cosine: CosineSchedule) {
    base = cosine.start
    factor = 1
    interval = .max
    decline = 0..<0
    self.cosine = cosine
  }

  /// The rate of `step`, counted from 0.
  public func callAsFunction(_ step: Int) -> Double {
    if let cosine { return cosine(step) }
    let rate = base * pow(factor, Double(step / interval))
    guard !decline.isEmpty, step >= decline.lowerBound else { return rate }
    return rate * Double(max(0, decline.upperBound - step)) / Double(decline.count)
  }
}
