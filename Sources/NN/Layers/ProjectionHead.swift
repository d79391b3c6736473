import Torch

/// What a discriminator that is told the classes adds to its logit (Miyato and Koyama 2018): e_y . f(x), the product of
/// the features with a vector of the example's class. Features [N, A] and the context's labels -> [N, 1].
public struct ProjectionHead: Layer {
  /// e, [classes, A]
  public let embedding: Embedding
  /// For a discriminator under spectral normalisation: of e, as a matrix.
  public let norm: SpectralNorm?

  /// - Parameters:
  ///   - features: A.
  ///   - weight: the distribution of e.
  ///   - isSpectral: whether e is under ``SpectralNorm``.
  public init(_ classes: Int, features: Int, weight: Initializer, isSpectral: Bool = false) {
    embedding = Embedding(classes, features, weight: weight)
    norm = isSpectral ? SpectralNorm(classes) : nil
  }

  public func callAsFunction(_ features: Tensor, _ context: Context) -> Tensor {
    let labels = context.labels(of: features, for: "ProjectionHead")
    let table = norm.map { $0(embedding.weight.value, context) } ?? embedding.weight.value
    return (embedding(labels, from: table) * features).sum(-1, keep: true)
  }
}
