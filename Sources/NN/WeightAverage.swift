import Torch

/// A running average of a network's parameters: a := a + rate (parameters - a), starting from the parameters themselves.
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
  /// Laid out as ``Network/flat``.
  public let values: Tensor
  /// In 0 ... 1: the average remembers about 1 / rate updates.
  public let rate: Double
  private let network: Network<Model>

  public init(of network: Network<Model>, rate: Double) {
    self.network = network
    self.rate = rate
    values = network.flat.copied()
  }

  /// Moves the average towards the parameters as they are now.
  public func update() { averageStep(values, toward: network.flat, rate: rate) }

  /// Begins anew at the parameters as they are now.
  public func reset() { values.assign(network.flat) }
}
