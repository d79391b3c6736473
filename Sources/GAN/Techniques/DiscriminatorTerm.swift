import Torch

/// A loss of D beside the objective's, on the examples of its step.
public protocol DiscriminatorTerm {
  /// One element per seed, as an ``Objective``'s losses; nil where there is none in this step.
  func callAsFunction(_ step: DiscriminatorStep) -> Tensor?
}

/// What D has in front of it in a step.
public struct DiscriminatorStep {
  /// Examples of one kind, and what D says of them.
  public struct Batch {
    /// Constants, [..., N, F] or [N, C, H, W], before any ``Augmentation``.
    public let examples: Tensor
    /// [..., N] of int64, in a game of classes.
    public let labels: Tensor?
    /// In training, of the augmented examples.
    public let judgement: Judgement
    private let again: (Tensor) -> Judgement
    private let otherwise: (_ x: Tensor, _ augmented: Bool, _ averaged: Bool) -> Judgement

    /// - Parameters:
    ///   - judge: another pass through D, see ``judge(_:)``.
    ///   - judgeOtherwise: see ``judge(_:augmented:averaged:)``; by default there is neither augmentation nor average.
    public init(
      examples: Tensor, labels: Tensor? = nil, judgement: Judgement, judge: @escaping (Tensor) -> Judgement,
      judgeOtherwise: ((_ x: Tensor, _ augmented: Bool, _ averaged: Bool) -> Judgement)? = nil
    ) {
      self.examples = examples
      self.labels = labels
      self.judgement = judgement
      again = judge
      otherwise = judgeOtherwise ?? { x, _, _ in judge(x) }
    }

    /// D's judgement, in evaluation and so without noise or dropout, of `x` in the place of ``examples``, one for one:
    /// changed by the same augmentation with the same draws, and told the same classes.
    public func judge(_ x: Tensor) -> Judgement { again(x) }

    /// The same of another pass.
    ///
    /// - Parameters:
    ///   - augmented: whether the game's augmentation changes `x`, or D is shown it as it is.
    ///   - averaged: whether D has its averaged weights (``Trainer/discriminatorAverage``); a game without an average
    ///     fails.
    public func judge(_ x: Tensor, augmented: Bool, averaged: Bool) -> Judgement { otherwise(x, augmented, averaged) }
  }

  /// From 0.
  public let number: Int
  /// The real examples of the step, and what D says of them.
  public let real: Batch
  /// G's examples of the step, and what D says of them.
  public let generated: Batch
  /// The objective's, from D's logits: see ``Objective/score(_:)``.
  public let score: (_ logits: Tensor) -> Tensor
  /// For a term's own draws in this step: each takes a stream below it, by the term's name.
  public let random: RandomStream
  /// D's judgement of what G makes of changed noise, in training, with the noise and the augmentation that the
  /// generated examples had: what differs is the change's. It has a gradient by D's parameters. Nil where no generator
  /// made the examples.
  public let generatedNearby: ((_ change: (Tensor) -> Tensor) -> Judgement)?

  /// - Parameters:
  ///   - number: of the step, from 0.
  ///   - score: the objective's, from D's logits; the logits themselves where it states none.
  ///   - random: for a term's own draws.
  ///   - generatedNearby: D's judgement of what G makes of changed noise [..., N, Z].
  public init(
    number: Int, real: Batch, generated: Batch, score: @escaping (_ logits: Tensor) -> Tensor = { $0 },
    random: RandomStream = RandomStream(seed: 0),
    generatedNearby: ((_ change: (Tensor) -> Tensor) -> Judgement)? = nil
  ) {
    self.number = number
    self.real = real
    self.generated = generated
    self.score = score
    self.random = random
    self.generatedNearby = generatedNearby
  }
}

extension Judgement {
  /// log softmax(l) over the classes, [..., N, K]: in logarithms, since what no example has would otherwise be 0 · log
  /// 0.
  ///
  /// Fails where D has one logit.
  ///
  /// - Parameter term: that asks, for the message.
  func logProbabilities(for term: String) -> Tensor {
    guard logits.isPoisoned || logits.size(-1) > 1 else {
      return .failed("\(term) of \(logits.shape): D has one logit, and so no classes to tell")
    }
    return logits.logSoftmax
  }
}

extension Tensor {
  /// x - log sum exp(x) over the last dimension.
  var logSoftmax: Tensor { self - logSumExp(-1, keep: true) }
}
