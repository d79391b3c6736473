import NN
import Torch

/// G: noise to examples, [..., N, Z] -> [..., N, F] or [N, C, H, W].
public protocol Generator: Module {
  /// Examples of the noise `z`, [..., N, Z] -> [..., N, F] or [N, C, H, W].
  func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor
}

/// D: examples to what it thinks of them, [..., N, F] or [N, C, H, W] -> ``Judgement``.
public protocol Discriminator: Module {
  /// What D thinks of the examples `x`, [..., N, F] or [N, C, H, W].
  func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement
}

/// What a discriminator says of a batch, computed once a step and shared by all that need it.
public struct Judgement {
  /// [..., N, K]: one logit per example, or one per class. Not probabilities.
  public let logits: Tensor
  /// f(x), [..., N, A]: the activations that feature matching compares, by default those of the last hidden layer,
  /// before its noise or dropout.
  public var features: Tensor { rows.map { allFeatures.sliced(-2, $0) } ?? allFeatures }

  /// The batch of which the examples are this process's part: what terms ask that look at more than one example.
  public let whole: WholeBatch
  private let allFeatures: Tensor
  /// Which of the features' rows are this batch's; nil for all. Cut out when asked for: few games look at them.
  private let rows: Range<Int>?

  /// - Parameters:
  ///   - logits: [..., N, K].
  ///   - features: f(x), [..., N, A].
  ///   - whole: the batch of which the examples are this process's part.
  public init(logits: Tensor, features: Tensor, whole: WholeBatch = .alone) {
    self.init(logits, features, nil, whole)
  }

  private init(_ logits: Tensor, _ features: Tensor, _ rows: Range<Int>?, _ whole: WholeBatch) {
    self.logits = logits
    allFeatures = features
    self.rows = rows
    self.whole = whole
  }

  /// The judgements of the batches, of the given sizes, that were passed through D together, each this process's part
  /// of one of `wholes`.
  func split(_ sizes: [Int], _ wholes: [WholeBatch]) -> [Judgement] {
    if sizes.count == 1 { return [with(whole: wholes[0])] }
    var first = 0
    return zip(logits.split(-2, sizes: sizes), zip(sizes, wholes)).map { logits, part in
      defer { first += part.0 }
      return Judgement(logits, allFeatures, first..<first + part.0, part.1)
    }
  }

  /// The same of a part of `whole`.
  func with(whole: WholeBatch) -> Judgement { Judgement(logits, allFeatures, rows, whole) }

  /// The same features for other logits.
  func with(logits: Tensor) -> Judgement { Judgement(logits, allFeatures, rows, whole) }

  /// The same as constants: no gradient flows through.
  var detached: Judgement { Judgement(logits.detached(), allFeatures.detached(), rows, whole) }
}

extension Network where Model: Generator {
  /// Lets layers with data-dependent initialisation set their parameters from the batch that `z`, noise, becomes on its
  /// way.
  ///
  /// - Throws: `TensorError` naming the first operation that failed.
  public func initialize(from z: Tensor) throws {
    try checkingTensors {
      withoutGradient { _ = model(z, Context(.initialization, random: random.stream("initialization"))) }
    }
  }
}

extension Network where Model: Discriminator {
  /// Lets layers with data-dependent initialisation set their parameters from `x`, a batch of real examples.
  ///
  /// - Throws: `TensorError` naming the first operation that failed.
  public func initialize(on x: Tensor) throws {
    try checkingTensors {
      withoutGradient { _ = model(x, Context(.initialization, random: random.stream("initialization"))) }
    }
  }
}
