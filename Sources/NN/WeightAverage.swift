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

/// By how much of the way an average moves to the parameters in an update.
public enum AverageRate: Sendable, Hashable {
  /// In 0 ... 1: the average remembers about 1 / rate updates.
  case constant(Double)
  /// 1 - 0.5^(batchSize / half-life): parameters count half as much for every half-life of pictures that was seen since
  /// (Karras et al. 2020, *Analyzing and Improving the Image Quality of StyleGAN*, count it so). The half-life is that
  /// of the updates before; with one of 0 the average is the parameters.
  case halfLife(CosineSchedule, batchSize: Int)

  /// The rate of the update before which there were `updates`.
  public func callAsFunction(_ updates: Int) -> Double {
    switch self {
    case .constant(let rate): return rate
    case .halfLife(let schedule, let batchSize):
      let halfLife = schedule(updates)
      return halfLife > 0 ? -expm1(-log(2) * Double(batchSize) / halfLife) : 1
    }
  }
}

/// A running average of a network's parameters: a := a + rate (parameters - a) after every step.
///
/// Networks in a game circle around where they are going; their average lies nearer to it. Use it in the parameters'
/// place with ``Network/with(_:_:)``:
///
/// ```swift
/// let average = try WeightAverage(of: generator, rate: 0.001)
/// while try trainer.next() != nil { try average.update() }
/// let x = generator.with(average.values) { generator.model(z, .evaluation) }
/// ```
public final class WeightAverage<Model: Module> {
  /// By how much of the way each update moves.
  public let rate: AverageRate
  /// Where the average began.
  public let start: AverageStart
  /// The updates so far.
  public private(set) var updates = 0
  /// What is updated: ``values`` before any correction. Laid out as ``Network/flat``.
  public let accumulated: Tensor
  private let network: Network<Model>

  /// An average that moves by the same share of the way in every update.
  ///
  /// - Parameter rate: in 0 ... 1.
  /// - Throws: `TensorError` where there is no memory for it.
  public init(of network: Network<Model>, rate: Double, start: AverageStart = .parameters) throws {
    self.network = network
    self.rate = .constant(rate)
    self.start = start
    let first: Tensor = start == .parameters ? network.flat.copied() : .zeros(like: network.flat)
    accumulated = try first.checked()
  }

  /// An average that begins at the parameters.
  ///
  /// - Parameters:
  ///   - halfLife: in pictures, by the update; R3GAN's grows from 0 over the run.
  ///   - batchSize: the pictures of an update.
  /// - Throws: `TensorError` where there is no memory for it.
  public init(of network: Network<Model>, halfLife: CosineSchedule, batchSize: Int) throws {
    self.network = network
    rate = .halfLife(halfLife, batchSize: batchSize)
    start = .parameters
    accumulated = try network.flat.copied().checked()
  }

  /// The average, laid out as ``Network/flat``. Before the first update of one that starts at 0: the parameters.
  public var values: Tensor {
    switch start {
    case .parameters: accumulated
    case _ where updates == 0: network.flat
    case .zeroCorrected: accumulated / (1 - pow(1 - rate(0), Double(updates)))
    case .zero: accumulated
    }
  }

  /// Moves the average towards the parameters as they are now.
  ///
  /// - Throws: `TensorError`; the update is not counted then.
  public func update() throws {
    try averageStep(accumulated, toward: network.flat, rate: rate(updates))
    updates += 1
  }

  /// Begins anew at the parameters as they are now.
  ///
  /// - Throws: `TensorError`.
  public func reset() throws {
    try restore(start == .parameters ? network.flat : .zeros(like: network.flat), updates: 0)
  }

  /// Takes up an earlier average.
  ///
  /// - Parameter accumulated: laid out as ``Network/flat``.
  /// - Throws: `TensorError` where it is not.
  public func restore(_ accumulated: Tensor, updates: Int) throws {
    try self.accumulated.assign(accumulated)
    self.updates = updates
  }

  /// The same of a tensor that may be in a file, without a copy of it in memory.
  package func restore(from source: TensorSource, _ name: String, updates: Int) throws {
    try source.read(name, into: accumulated)
    self.updates = updates
  }
}
