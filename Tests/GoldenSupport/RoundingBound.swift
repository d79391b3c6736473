import Foundation
import Torch

/// How far rounding may take a computation from its exact result, in units of the result's largest element: derived
/// from what is summed, so that it holds on every processor, in whatever order it adds.
///
/// With u the unit roundoff, 2^-24 in float32 and 2^-53 in float64:
///
/// - A sum of n terms of both signs, the products of a matrix product for one, rounds n partial sums, none much larger
///   than the largest of the results. These n errors of either sign add up to √n of them, and to 6 √n u hardly ever: by
///   Hoeffding's inequality once in 3 · 10^7 sums (Higham and Mary, "A new approach to probabilistic rounding error
///   analysis", 2019).
/// - An elementary function, a division or a root is within 8 u: our own tanh, the worst, within 4 · 10^-7.
/// - Each of these errors passes through what comes after it unenlarged, but where that subtracts what is almost equal
///   or divides by what is small. There `amplification` says by how much: the size of what is subtracted from in units
///   of what is left.
///
/// Docs/Tolerances.md lists what the tests allow.
public struct RoundingBound: Sendable {
  /// Of one computation from the exact result.
  public let relative: Double
  /// Of two computations from each other.
  public var ofTwo: Double { 2 * relative }

  /// - Parameters:
  ///   - sums: the numbers of terms of sums that come one after the other on the way to the result.
  ///   - functions: how many elementary functions, divisions and roots come one after the other.
  public init(_ dtype: DType, sums: [Int] = [], functions: Int = 0, amplification: Double = 1) {
    let roundoff = Self.unit(dtype)
    let ofSums = sums.map { 6 * Double($0).squareRoot() }.reduce(0, +)
    relative = amplification * roundoff * (ofSums + 8 * Double(functions))
  }

  /// The unit roundoff u.
  public static func unit(_ dtype: DType) -> Double {
    switch dtype {
    case .float64: 0x1p-53
    case .bfloat16: 0x1p-8
    default: 0x1p-24
    }
  }
}
