import Foundation
import Torch

/// Where a ``WeightAverage`` begins, and whether it makes good for that.
public enum AverageStart: String, Codable, Sendable, CaseIterable {
  /// At the parameters themselves, which it then remembers for about 1 / rate updates.
  case parameters
  /// At 0, divided by 1 - (1 - rate)^updates: the weighted mean of the parameters after each update, and nothing else.
  case zeroCorrected = "zero-corrected"
  /// At 0, not corrected: the code released with *Improved Techniques for Training GANs*. For the first few times
  /// 1 / rate updates every value is too small.
  case zero
}

/// A running average of a network's parameters: a := a + rate (parameters - a) after every step.
///
/// Networks in a game circle around where they are going; their average lies nearer to it. Use it in the parameters' place
/// with ``Network/with(_:_:)``:
///
/// ```swift
/// let average = WeightAverage(of: generator, rate: 0.001)
/// while try trainer.next() != nil { average.update() }
/// let x = generator.with(average.values) { generator.model(z, .evaluation) }
/// ```
public final class WeightAverage<Model: Module> {
  /// In 0 ... 1: the average remembers about 1 / rate updates.
  public let rate: Double
  public let start: AverageStart
  /// The updates so far.
  public private(set) var updates = 0
  /// What is updated: ``values`` before any correction. Laid out as ``Network/flat``.
  public let accumulated: Tensor
  private let network: Network<Model>

  public init(of network: Network<Model>, rate: Double, start: AverageStart = .parameters) {
    self.network = network
    self.rate = rate
    self.start = start
    accumulated = start == .parameters ? network.flat.copied() : .zeros(like: network.flat)
  }

  /// The average, laid out as ``Network/flat``. Before the first update of one that starts at 0: the parameters.
  public var values: Tensor {
    switch start {
    case .parameters: accumulated
    case _ where updates == 0: network.flat
    case .zeroCorrected: accumulated / (1 - pow(1 - rate, Double(updates)))
    case .zero: accumulated
    }
  }

  /// Moves the average towards the parameters as they are now.
  public func update() {
    updates += 1
    averageStep(accumulated, toward: network.flat, rate: rate)
  }

  /// Begins anew at the parameters as they are now.
  public func reset() { restore(start == .parameters ? network.flat : .zeros(like: network.flat), updates: 0) }

  /// Takes up an earlier average.
  ///
  /// - Parameter accumulated: laid out as ``Network/flat``.
  public func restore(_ accumulated: Tensor, updates: Int) {
    self.accumulated.assign(accumulated)
    self.updates = updates
  }
}
