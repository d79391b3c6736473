import NN
import Torch

/// Tells a generator the classes: z becomes (z + e_y) / sqrt 2 with a vector e_y for each class, first N(0, 1), so that
/// z of variance 1 keeps it. To the first layer, which is linear, it is as good as a class's own bias; concatenated it
/// would be the same.
///
/// One label for all rows leaves the number of rows open, also in a recording (`Network.script`).
public struct ClassConditioning: Module {
  /// e, [classes, latent]
  public let embedding: Embedding

  /// - Parameters:
  ///   - classes: labels are in 0 ..< this.
  ///   - latent: dimensions of z.
  public init(_ classes: Int, latent: Int) { embedding = Embedding(classes, latent) }

  /// `z` [N, latent] with the context's labels.
  public func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    mixed(z, embedding(context.labels(of: z, for: "ClassConditioning")))
  }

  /// A reference batch of noise, [R, latent], whose rows are of the classes 0, 1, ... in turn.
  func reference(_ rows: Tensor) -> Tensor {
    let (count, classes) = (rows.size(0), embedding.classes)
    let tables = Array(repeating: embedding.weight.value, count: (count + classes - 1) / classes)
    return mixed(rows, concatenated(tables, 0).sliced(0, 0..<count))
  }

  private func mixed(_ z: Tensor, _ e: Tensor) -> Tensor { (z + e) * 0.5.squareRoot() }
}

extension ClassConditioning? {
  /// z, told the classes where there are any, with the rows of the reference batch before it where there is one; and
  /// the context for what follows.
  func input(_ z: Tensor, _ reference: ReferenceBatch?, _ context: Context) -> (Tensor, Context) {
    let rows = map { $0(z, context) } ?? z
    return reference?.joined(to: rows, context) { examples in map { $0.reference(examples) } ?? examples }
      ?? (rows, context)
  }
}
