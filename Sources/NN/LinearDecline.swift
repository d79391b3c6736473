/// A factor that falls in a line over part of a run.
public struct LinearDecline: Sendable, Hashable {
  /// The steps over which it falls; empty where it does not.
  public let steps: Range<Int>
  /// What it falls to, and stays at.
  public let end: Double

  /// 1 before `steps`, from there in a line to `end`, which it has after them.
  public init(over steps: Range<Int>, to end: Double) {
    self.steps = steps
    self.end = end
  }

  /// Always 1.
  public static let none = LinearDecline(over: 0..<0, to: 1)

  /// The factor of `step`, counted from 0.
  public func callAsFunction(_ step: Int) -> Double {
    guard !steps.isEmpty, step >= steps.lowerBound else { return 1 }
    let share = min(1, Double(step - steps.lowerBound) / Double(steps.count))
    return 1 + (end - 1) * share
  }
}
