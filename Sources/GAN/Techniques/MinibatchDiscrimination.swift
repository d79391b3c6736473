import Foundation
import NN
import Settings
import Torch

/// Minibatch discrimination (Salimans et al. 2016, section 3.2): tells D how close each example is to the others of its
/// batch, so that a collapsed generator, whose examples are all alike, gives itself away.
///
/// With f(x_i) in R^A, a tensor T of A x B x C and M_i = f(x_i) T in R^(B x C):
///
///     c_b(x_i, x_j) = exp(-|| M_ib - M_jb ||_1),   o(x_i)_b = sum_j c_b(x_i, x_j)
///
/// Output: [f(x_i), o(x_i)], [..., N, A] -> [..., N, A + B]. Each group of the context (real and generated examples)
/// is compared with its own members only, those that other processes hold included.
public struct MinibatchDiscrimination: Layer {
  /// What the sources make of an example's similarity with itself, and of T.
  public enum Reading: String, Codable, Sendable, CaseIterable {
    /// The sum runs over all j, i included, which adds a constant 1.
    case paper
    /// The authors' released code: i itself is left out; T = theta exp(s) / ||theta||, with one scale s per column; a
    /// bias is added to o, -1 before initialisation. `Context/Mode/initialization` divides the distances by half the
    /// mean distance to the nearest neighbour, kernel by kernel, and sets the bias to minus the mean of o.
    case release
    /// The one-dimensional tutorial: 1 is added to the distance of i from itself, which adds e^-1; M = f T + a bias.
    case tutorial
  }

  /// Which of the published forms it has.
  public let reading: Reading
  /// B, the number of similarities per example.
  public let kernels: Int
  /// C, the dimensions in which one similarity is measured.
  public let dimensions: Int
  /// What o is multiplied by, whatever the reading: 1 in all sources. 1 / N makes a mean of the paper's sum. D can say
  /// the same with either, but a step of its optimiser is N times smaller along the mean.
  public let scale: Double
  /// T, or theta in the release's reading: [A, B C], the C columns of a kernel side by side.
  public let kernel: Parameter
  /// s, [B, C]: the release's reading only.
  public let logScale: Parameter?
  /// The release's is added to o, [B]; the tutorial's to M, [B C]; the paper has none.
  public let bias: Parameter?

  /// - Parameters:
  ///   - features: A.
  ///   - scale: what o is multiplied by.
  ///   - weight: the distribution of T (theta); by default N(0, 0.05) in the release's reading, N(0, 0.02) in the
  ///     tutorial's and in the paper's, which states none.
  public init(
    _ features: Int, kernels: Int, dimensions: Int, reading: Reading = .paper, scale: Double = 1,
    weight: Initializer? = nil
  ) {
    self.scale = scale
    self.reading = reading
    self.kernels = kernels
    self.dimensions = dimensions
    let deviation = reading == .release ? 0.05 : 0.02
    kernel = Parameter([features, kernels * dimensions], weight ?? .normal(standardDeviation: deviation))
    switch reading {
    case .paper:
      (logScale, bias) = (nil, nil)
    case .release:
      logScale = Parameter([kernels, dimensions], .constant(0))
      bias = Parameter([kernels], .constant(-1))
    case .tutorial:
      (logScale, bias) = (nil, Parameter([kernels * dimensions], .constant(0)))
    }
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    if context.mode == .initialization, let logScale, let bias,
      let failed = withoutGradient({ initialize(x, context, logScale.value, bias.value) })
    {
      return failed
    }
    let o = context.ungrouped(similarities(x, context))
    return concatenated([x, scale == 1 ? o : o * scale], -1)
  }

  /// o: [..., N, A] -> [..., groups, N / groups, B].
  private func similarities(_ x: Tensor, _ context: Context) -> Tensor {
    // All rows are compared with all, and this process's kept.
    let whole = context.whole
    let total = whole.own(pairwiseL1Similarity(whole.gathered(points(x, context), -3)), -2)
    switch reading {
    case .paper: return total
    case .release: return total - 1 + (bias.map { $0.value.unsqueezed(-2).unsqueezed(-2) } ?? .zeros([]))
    case .tutorial: return total + (exp(-1.0) - 1)
    }
  }

  /// M: [..., N, A] -> [..., groups, N / groups, B, C].
  private func points(_ x: Tensor, _ context: Context) -> Tensor {
    var m = matmul(x, kernel.value)
    if let logScale {
      let length = sqrt(square(kernel.value).sum(-2))
      let scale = exp(logScale.value).reshaped(length.shape) / length
      m = m * scale.unsqueezed(-2)
    } else if let bias {
      m = m + bias.value.unsqueezed(-2)
    }
    let groups = context.grouped(m)
    return groups.reshaped(groups.shape.dropLast() + [kernels, dimensions])
  }

  /// - Returns: what failed, where something did.
  private func initialize(_ x: Tensor, _ context: Context, _ logScale: Tensor, _ bias: Tensor) -> Tensor? {
    let m = points(x, context).transposed(-3, -2)  // [..., groups, B, N, C]
    let count = m.size(-2)
    guard m.isPoisoned || count > 1 else {
      return .failed("MinibatchDiscrimination of \(x.shape): one example has no neighbour")
    }
    let distances = abs(m.unsqueezed(-2) - m.unsqueezed(-3)).sum(-1)
    let itself = Tensor.range(count, device: x.device).unsqueezed(-1) .== Tensor.range(count, device: x.device)
    let infinite = Tensor.full(.infinity, [], dtype: x.dtype, device: x.device)
    let nearest = select(itself, infinite, distances).min(-1).mean(-3, -1)  // [..., B], over groups and examples
    let scale = logScale.assigned(logScale - log(nearest * 0.5).unsqueezed(-1))
    // With the scale as it is now.
    return [scale, bias.assigned(bias - similarities(x, context).mean(-3, -2))].first(where: \.isPoisoned)
  }
}

extension MinibatchDiscrimination {
  /// What a recipe says of it, under `minibatchDiscrimination`.
  public struct Settings: TechniqueSettings {
    public static let key = "minibatchDiscrimination"
    public static let keys: [SettingsKey] = [
      SettingsKey("enabled", "D compares each example with the others of its batch"),
      SettingsKey("reading", "which source's formula (Docs/Techniques.md)", of: Reading.self),
      SettingsKey("kernels", "B: how many similarities D gets for each example"),
      SettingsKey("dimensions", "C: in how many dimensions a kernel measures distances"),
    ]

    /// Whether D has the layer.
    public var enabled: Bool
    /// Which of the published forms the layer has.
    public var reading: Reading
    /// B
    public var kernels: Int
    /// C
    public var dimensions: Int

    public init() { self.init(enabled: false) }

    /// - Parameters:
    ///   - enabled: whether D has the layer.
    ///   - kernels: B, similarities per example.
    ///   - dimensions: C, in which one similarity is measured.
    public init(enabled: Bool, reading: Reading = .release, kernels: Int = 100, dimensions: Int = 5) {
      self.enabled = enabled
      self.reading = reading
      self.kernels = kernels
      self.dimensions = dimensions
    }

    public var isOn: Bool { enabled }
    public var looksAtBatch: Bool { enabled }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      try check.size("kernels", kernels)
      try check.size("dimensions", dimensions)
      if enabled, game.generatedBatchSize != game.batchSize {
        throw SettingsError(
          key: "generator.batchSize",
          reason:
            "must be 0 or batchSize, \(game.batchSize), with minibatch discrimination, is \(game.generatedBatchSize)")
      }
      if enabled, let labelled = game.labelledBatchSize, labelled != game.batchSize {
        throw SettingsError(
          key: "labels.batchSize",
          reason: "must be batchSize, \(game.batchSize), with minibatch discrimination, is \(labelled)")
      }
    }

    public func minibatchLayer(_ features: Int) -> MinibatchDiscrimination? {
      MinibatchDiscrimination(features, kernels: kernels, dimensions: dimensions, reading: reading)
    }
  }
}
