import Torch

/// A loss of D beside the objective's, on real examples whose classes it need not know.
public protocol DiscriminatorTerm {
  /// One element per seed, as an ``Objective``'s losses.
  ///
  /// - Parameters:
  ///   - real: the real examples of D's step, [..., N, F] or [N, C, H, W].
  ///   - judgement: D's of them, in training.
  ///   - judge: another pass of examples through D, in evaluation.
  func callAsFunction(real: Tensor, judgement: Judgement, judge: (Tensor) -> Judgement) -> Tensor
}
