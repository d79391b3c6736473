import Torch

/// Dropout (Srivastava et al. 2014), inverted: while training each element is 0 with probability `rate`, else
/// multiplied by 1 / (1 - rate), so that its mean stays; y = x in evaluation. Drawn anew in every pass from the
/// context's next stream.
///
/// ``Context/noiseScale``, which multiplies standard deviations, leaves the rate as it is.
public struct Dropout: Layer {
  /// In 0 ..< 1.
  public let rate: Double
  /// - Parameter rate: the probability that an element becomes 0, in 0 ..< 1.
  public init(_ rate: Double) { self.rate = rate }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    guard context.mode != .evaluation, rate > 0 else { return x }
    return context.nextStream().dropout(x, rate: rate)
  }
}
