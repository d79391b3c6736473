import Foundation

/// A number that changes over a run along half a cosine: slowly at first and at the end.
///
/// R3GAN (Huang, Gokaslan, Kuleshov and Tompkin 2024, *The GAN is dead; long live the GAN!*) has one for the learning
/// rate, Adam's beta2, the weight of the gradient penalties and the half-life of the average; Loshchilov and Hutter
/// 2017, *SGDR*, section 3, for the learning rate.
public struct CosineSchedule: Sendable, Hashable {
  /// Before ``steps``.
  public let start: Double
  /// After them.
  public let end: Double
  /// Over which it changes; empty where it does not.
  public let steps: Range<Int>

  /// end + (start - end) (1 + cos(pi s)) / 2 with the share s in 0 ... 1 of `steps` that is over.
  public init(from start: Double, to end: Double, over steps: Range<Int>) {
    self.start = start
    self.end = end
    self.steps = steps
  }

  /// Always `value`.
  public static func constant(_ value: Double) -> CosineSchedule { CosineSchedule(from: value, to: value, over: 0..<0) }

  /// The number of `step`, counted from 0.
  public func callAsFunction(_ step: Int) -> Double {
    guard start != end, step >= steps.lowerBound else { return start }
    guard step < steps.upperBound else { return steps.isEmpty ? start : end }
    let share = Double(step - steps.lowerBound) / Double(steps.count)
    return end + (start - end) * (1 + cos(.pi * share)) / 2
  }
}
