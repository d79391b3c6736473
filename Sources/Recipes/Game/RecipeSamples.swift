import Foundation
import GAN
import NN
import Torch

// Samples that are chosen one by one: by a seed of their own, between two others, of a class.

extension RecipeGame {
  /// z of the sample of `seed`: [1, Z].
  ///
  /// - Throws: `TensorError`.
  public func latent(seed: UInt64) throws -> Tensor {
    let random = RandomStream(seed: seed).stream("sample")
    return try checkingTensors { recipe.makeNoise()(1, random, device: generator.flat.device) }
  }

  /// `count` points from `first` to `last`, both included, [count, Z]: see ``interpolated(from:to:shares:)``.
  ///
  /// - Parameter count: at least 2.
  /// - Throws: `TensorError`.
  public func interpolated(from first: Tensor, to last: Tensor, count: Int) throws -> Tensor {
    try interpolated(from: first, to: last, shares: (0..<count).map { Double($0) / Double(count - 1) })
  }

  /// Points on the way from `first` to `last`, one for each share of it in 0 ... 1, [shares, Z]: on the arc between
  /// them for normal noise (White 2016, *Sampling Generative Networks*, section 2.1), where those on the line would be
  /// shorter than what G has learned from; on the line for other noise.
  ///
  /// - Throws: `TensorError`.
  public func interpolated(from first: Tensor, to last: Tensor, shares: [Double]) throws -> Tensor {
    try checkingTensors {
      let (a, b) = (try first.values(Double.self), try last.values(Double.self))
      func length(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      let product = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / max(1e-12, length(a) * length(b))
      let angle = acos(min(1, max(-1, product)))
      // Of almost equal or opposite directions the arc is not determined.
      let isArc = recipe.noise.kind == .normal && sin(angle) > 1e-4
      return concatenated(
        shares.map { share in
          let (own, other) =
            isArc ? (sin((1 - share) * angle) / sin(angle), sin(share * angle) / sin(angle)) : (1 - share, share)
          return first * own + last * other
        }, 0)
    }
  }

  /// What G makes of each row of `z` [M, Z], to the last bit whatever rows are beside it: where G looks at the whole
  /// batch (batch norm), each row is joined by the same others, drawn once for all; elsewhere all passes are of as many
  /// rows.
  ///
  /// - Parameters:
  ///   - classes: the class of each row, where the game has classes; one of each in turn where they are missing.
  ///   - averaged: whether by the averaged weights, where there are any.
  ///   - standing: what batch norm goes by, in the place of a batch; then no row is joined by others.
  /// - Throws: `TensorError`, also where there is not a class for each row, or one that the game does not have.
  public func samples(
    of z: Tensor, classes: [Int]? = nil, averaged: Bool = true, standing: StandingStatistics? = nil
  ) throws -> Tensor {
    if let classes {
      let known = self.classes ?? 0
      guard classes.count == z.size(0), classes.allSatisfy({ $0 >= 0 && $0 < known }) else {
        return try Tensor.failed("samples of the classes \(classes): \(z.size(0)) of 0 ..< \(known) are wanted")
          .checked()
      }
    }
    func generate() throws -> Tensor {
      try withoutRecording {
        let count = z.size(0)
        let classes = classes ?? (0..<count).map { $0 % max(1, self.classes ?? 1) }
        let looksAtBatch = recipe.generator.network.settings.looksAtBatch && standing == nil
        let parts = stride(from: 0, to: count, by: looksAtBatch ? 1 : rowsOfAPass).map { first in
          let rows = first..<min(count, looksAtBatch ? first + 1 : first + rowsOfAPass)
          let own = (z: z.sliced(0, rows), classes: Array(classes[rows]))
          let whole = looksAtBatch ? joined(own.z, own.classes) : filledUp(own.z, own.classes)
          return generator.model(whole.z, labelled(whole.classes, standing)).sliced(0, 0..<rows.count)
        }
        return parts.count == 1 ? parts[0] : concatenated(parts, 0)
      }
    }
    guard averaged, let average else { return try generate() }
    return try generator.with(average.values, generate)
  }

  /// A row and those that join it where batch norm looks at the whole batch.
  private func joined(_ row: Tensor, _ classes: [Int]) -> (z: Tensor, classes: [Int]) {
    let others = recipe.generatedBatchSize - 1
    let companions = recipe.makeNoise()(
      others, RandomStream(seed: recipe.seed).stream("companions"), device: row.device)
    return (
      concatenated([row, companions], 0), classes + (0..<others).map { ($0 + 1) % max(1, self.classes ?? 1) }
    )
  }

  /// Rows of each pass where no row looks at another: so many that a larger pass would hardly be faster for each, so
  /// few that a single row does not wait for long, and no more than training has memory for.
  private var rowsOfAPass: Int { min(32, recipe.generatedBatchSize) }

  /// The rows, and the last of them as often as a pass has rows left: by how many rows there are libraries choose the
  /// order in which they add up, on some processors, and so the last digits.
  private func filledUp(_ rows: Tensor, _ classes: [Int]) -> (z: Tensor, classes: [Int]) {
    let missing = rowsOfAPass - classes.count
    guard missing > 0 else { return (rows, classes) }
    let last = rows.sliced(0, classes.count - 1..<classes.count).expanded([missing, rows.size(1)])
    return (concatenated([rows, last], 0), classes + [Int](repeating: classes[classes.count - 1], count: missing))
  }

  /// The context of examples of these classes.
  func labelled(_ classes: [Int], _ standing: StandingStatistics? = nil) -> Context {
    let labels = recipe.isConditional ? Tensor(classes.map(Int64.init), device: generator.flat.device) : nil
    return standing.map { .evaluation(labels: labels, standing: $0) } ?? .evaluation(labels: labels)
  }
}
