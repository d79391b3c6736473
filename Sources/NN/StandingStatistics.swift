import Torch

/// Means and variances of batch norm that no batch changes any more: of many rows together, layer by layer in the order
/// in which a pass comes to them.
///
/// Passes that are given them (``Context/evaluation(labels:standing:)``) are gathered from, up to ``finish()``, and are
/// normalised by them afterwards ("standing statistics" of Brock et al. 2019).
public final class StandingStatistics {
  private typealias Moments = (mean: Tensor, variance: Tensor)
  /// Of each layer, pass by pass.
  private var gathered: [[Moments]] = []
  private var finished: [Moments]?
  /// What a layer is told from others by, and the epsilon that it adds to the variance.
  private var layersOf: [(bias: Parameter, epsilon: Double)] = []
  private var next = 0

  /// Nothing gathered yet. Passes with ``Context/evaluation(labels:standing:)`` gather until ``finish()``.
  public init() {}

  /// Layers that asked for them; 0 where a model has no batch norm.
  public var layers: Int { gathered.count }

  /// Ends the gathering: of batches of one size, the mean of all rows and their variance about it (divided by their
  /// number), which is the mean of the batches' variances and the variance of their means.
  public func finish() {
    finished = gathered.map { passes in
      func mean(_ values: [Tensor]) -> Tensor { values.dropFirst().reduce(values[0], +) / Double(values.count) }
      let center = mean(passes.map(\.mean))
      return (center, mean(passes.map { $0.variance + ($0.mean - center) * ($0.mean - center) }))
    }
  }

  /// What was gathered for one layer of batch norm.
  public struct Layer {
    /// [F]
    public let mean: Tensor
    /// [F], divided by the number of rows.
    public let variance: Tensor
    /// What the layer adds to the variance.
    public let epsilon: Double
  }

  /// The layers' biases with what was gathered; none before ``finish()``.
  var byLayer: [(bias: Parameter, Layer)] {
    zip(layersOf, finished ?? []).map { ($0.bias, Layer(mean: $1.mean, variance: $1.variance, epsilon: $0.epsilon)) }
  }

  /// A pass begins.
  func begin() { next = 0 }

  /// Mean and variance [F] for the layer that comes next, whose batch has these; its own ones while they are gathered.
  ///
  /// - Parameters:
  ///   - bias: the layer's.
  ///   - epsilon: what it adds to the variance.
  func take(_ bias: Parameter, _ epsilon: Double, _ ofBatch: () -> (mean: Tensor, variance: Tensor)) -> (
    mean: Tensor, variance: Tensor
  ) {
    defer { next += 1 }
    if let finished { return finished[next] }
    let moments = ofBatch()
    if next == gathered.count {
      gathered.append([])
      layersOf.append((bias, epsilon))
    }
    gathered[next].append(moments)
    return moments
  }
}

extension Network {
  /// Finished standing statistics by the names of the network's layers of batch norm: `norms.0` for the one with the
  /// parameter `norms.0.bias`.
  ///
  /// Of a layer that comes several times in a pass, they are the last ones.
  public func named(_ standing: StandingStatistics) -> [String: StandingStatistics.Layer] {
    var named: [String: StandingStatistics.Layer] = [:]
    for (bias, layer) in standing.byLayer {
      guard let name = name(of: bias) else { continue }
      named[name.split(separator: ".").dropLast().joined(separator: ".")] = layer
    }
    return named
  }
}
