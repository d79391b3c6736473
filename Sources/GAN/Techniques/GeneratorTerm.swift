import Torch

/// A loss of G beside or in the place of the objective's, on D's judgement of real and of generated examples.
public protocol GeneratorTerm {
  /// Whether the objective's own loss of G is left out.
  var replacesObjective: Bool { get }
  /// One element per seed, as an ``Objective``'s losses.
  func callAsFunction(real: Judgement, generated: Judgement) -> Tensor
}
