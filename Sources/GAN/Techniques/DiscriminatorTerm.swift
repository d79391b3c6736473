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

    /// - Parameter judge: another pass through D, see ``judge(_:)``.
    public init(
      examples: Tensor, labels: Tensor? = nil, judgement: Judgement, judge: @escaping (Tensor) -> Judgement
    ) {
      self.examples = examples
      self.labels = labels
      self.judgement = judgement
      again = judge
    }

    /// D's judgement, in evaluation and so without noise or dropout, of `x` in the place of ``examples``, one for one:
    /// changed by the same augmentation with the same draws, and told the same classes.
    public func judge(_ x: Tensor) -> Judgement { again(x) }
  }

  /// From 0.
  public let number: Int
  /// The real examples of the step, and what D says of them.
  public let real: Batch
  /// G's examples of the step, and what D says of them.
  public let generated: Batch
  /// The objective's, from D's logits: see ``Objective/score(_:)``.
  public let score: (_ logits: Tensor) -> Tensor

  /// - Parameters:
  ///   - number: of the step, from 0.
  ///   - score: the objective's, from D's logits; the logits themselves where it states none.
  public init(
    number: Int, real: Batch, generated: Batch, score: @escaping (_ logits: Tensor) -> Tensor = { $0 }
  ) {
    self.number = number
    self.real = real
    self.generated = generated
    self.score = score
  }
}
