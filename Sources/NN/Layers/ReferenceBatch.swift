import Torch

/// The reference batch of virtual batch normalisation (Salimans et al. 2016, section 3.5): chosen once, at the start,
/// and never changed.
///
/// Its examples are a fixed parameter: a function of the network's seed alone, saved and loaded with the rest. They
/// travel as the first rows of every batch, so that each layer works on both in one call, and ``VirtualBatchNorm``
/// finds the statistics of the reference in its own input:
///
/// ```swift
/// var (h, context) = reference.joined(to: z, context)
/// for layer in hidden { h = layer(h, context) }
/// return output(context.withoutReference(h))
/// ```
public struct ReferenceBatch: Module {
  /// [R] + the shape of an example.
  public let examples: Parameter

  /// - Parameters:
  ///   - count: R.
  ///   - shape: of an example.
  ///   - distribution: that of the network's inputs.
  public init(_ count: Int, shape: [Int], distribution: Initializer) {
    examples = Parameter([count] + shape, distribution, role: .fixed)
  }

  /// R
  public var count: Int { examples.shape[0] }

  /// The reference's rows with those of `x`, [..., N, F] or [N, C, H, W], behind them; and `context` for what follows.
  ///
  /// In a network of several seeds, an `x` without their dimension is shared by all.
  ///
  /// - Parameter change: done to the reference's rows first, as it was to those of `x`.
  public func joined(
    to x: Tensor, _ context: Context, _ change: (Tensor) -> Tensor = { $0 }
  ) -> (Tensor, Context) {
    let reference = change(examples.value)
    let rows = reference.rank > x.rank ? x.expanded(reference.shape.prefix(1) + x.shape) : x
    return (concatenated([reference, rows], x.rank == 4 ? 0 : -2), context.beside(count))
  }
}

extension Context {
  /// `x` without the rows of the reference batch: [..., R + N, F] or [R + N, C, H, W] -> [..., N, F] or [N, C, H, W].
  public func withoutReference(_ x: Tensor) -> Tensor {
    let dimension = x.rank == 4 ? 0 : -2
    if referenceCount == 0 { return x }
    guard x.isPoisoned || x.size(dimension) >= referenceCount else {
      return .failed("withoutReference of \(x.shape): the reference has \(referenceCount) rows")
    }
    return x.sliced(dimension, referenceCount..<x.size(dimension))
  }
}
