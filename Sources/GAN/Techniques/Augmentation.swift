import Torch

/// A random change of examples on their way into D, real and generated ones alike, in D's step and in G's, so that D
/// has more than the data to learn from and G does not learn the change itself (Zhao et al. 2020, *Differentiable
/// Augmentation for Data-Efficient GAN Training*).
public protocol Augmentation {
  /// `x` [..., N, F] or [N, C, H, W] -> the same shape, with a gradient.
  ///
  /// - Parameter random: of this batch in this step. The draws of an example are to depend on the stream and on its
  ///   place in the batch alone, not on how many there are.
  func callAsFunction(_ x: Tensor, _ random: RandomStream) -> Tensor
  /// Whether labelled examples are changed as well, where the game has some: false unless stated otherwise.
  var changesLabelled: Bool { get }
}

extension Augmentation {
  public var changesLabelled: Bool { false }
}
