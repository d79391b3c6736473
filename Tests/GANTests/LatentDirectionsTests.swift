import GAN
import NN
import Testing
import Torch

/// The principal directions of a generator's first layer, and that the layer is found whatever the network is called.
@Suite struct LatentDirectionsTests {
  // MARK: Directions

  /// W^T W = diag(4, 9, 1): the directions are the axes, by their eigenvalues.
  @Test func axesOfAKnownMatrix() throws {
    let weight: [Float] = [0, 3, 0, 0, 0, 1, -2, 0, 0]
    let found = try LatentDirections(of: Tensor(weight, shape: [3, 3]), count: 3)
    #expect(found.vectors.map { $0.map { ($0 * 1e12).rounded() / 1e12 } } == [[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    #expect(zip(found.eigenvalues, [9, 4, 1]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(abs(found.total - 14) < 1e-12)
    #expect(try LatentDirections(of: Tensor(weight, shape: [3, 3]), count: 2).vectors == Array(found.vectors[..<2]))
  }

  /// Orthonormal eigenvectors of A^T A with the largest eigenvalues, of a matrix with nothing special about it.
  @Test func eigenvectorsOfTheLargestEigenvalues() throws {
    let (rows, size) = (40, 12)
    let matrix = RandomStream(seed: 5).normal([rows, size], dtype: .float64)
    let a = try matrix.values(Double.self)
    let all = try LatentDirections(of: matrix, count: 100)
    #expect(all.vectors.count == size)
    // The square of the norm of A bounds what rounding does to a product: some hundred operations in float64.
    let tolerance = 1_000 * Double.ulpOfOne * all.total
    func product(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    func gram(_ x: [Double]) -> [Double] {
      let image = (0..<rows).map { row in product(Array(a[row * size..<(row + 1) * size]), x) }
      return (0..<size).map { column in (0..<rows).reduce(0) { $0 + a[$1 * size + column] * image[$1] } }
    }
    for (i, (vector, eigenvalue)) in zip(all.vectors, all.eigenvalues).enumerated() {
      for (j, other) in all.vectors.enumerated() {
        #expect(abs(product(vector, other) - (i == j ? 1 : 0)) < tolerance / all.total)
      }
      #expect(zip(gram(vector), vector).allSatisfy { abs($0 - eigenvalue * $1) < tolerance }, "direction \(i)")
      #expect(vector.max { abs($0) < abs($1) }! > 0)
    }
    #expect(all.eigenvalues == all.eigenvalues.sorted(by: >))
    // All of them together are the trace, so the first are the largest.
    #expect(abs(all.total - product(a, a)) < tolerance)
    #expect(try LatentDirections(of: matrix, count: 3).vectors == Array(all.vectors[..<3]))
  }

  // MARK: The layer

  /// The layer of `generator` that takes its noise; the first half of the rows is of class 0, the rest of class 1.
  private func layer(_ generator: any Generator, latent: Int, isConditional: Bool = false) throws -> (
    name: String, matrix: Tensor
  )? {
    let network = try Network(AnyGenerator(generator), seed: 3)
    let z = RandomStream(seed: 4).normal([4, latent])
    let before = try network.flat.values()
    let found = try network.inputLayer(of: z) { z in
      withoutGradient {
        network.model(z, isConditional ? .evaluation(labels: Tensor([0, 0, 1, 1] as [Int64])) : .evaluation)
      }
    }
    #expect(try network.flat.values() == before, "the network is as it was")
    return found.map { ($0.name, $0.map.matrix) }
  }

  @Test(arguments: DenseGenerator.Normalization.allCases) func ofDenseNetworks(
    _ normalization: DenseGenerator.Normalization
  ) throws {
    // As wide as the noise: only what becomes of the noise tells the layers apart.
    let found = try layer(
      DenseGenerator(
        latent: 6, hidden: [6, 6], outputs: 6, activation: .softplus, outputActivation: .sigmoid,
        normalization: normalization, normalizesWeights: true,
        reference: normalization == .virtualBatch ? ReferenceBatch(5, of: .normal(dimensions: 6)) : nil), latent: 6)
    #expect(found?.name == "hidden.0" && found?.matrix.shape == [6, 6])
  }

  @Test func ofConvolutions() throws {
    let published = try layer(
      ConvGenerator.published(
        channels: 1, latent: 6, widths: [4, 2], normalization: .virtualBatch,
        reference: ReferenceBatch(5, of: .normal(dimensions: 6))), latent: 6)
    #expect(published?.name == "input" && published?.matrix.shape == [64, 6])
    let dcgan = try layer(
      DCGANGenerator(size: 8, channels: 1, latent: 6, width: 3, classes: 2), latent: 6, isConditional: true)
    #expect(dcgan?.name == "hidden.0" && dcgan?.matrix.shape == [3 * 16, 6])
    let sngan = try layer(
      SNGANGenerator(size: 8, channels: 1, latent: 6, width: 2, classes: 2), latent: 6, isConditional: true)
    #expect(sngan?.name == "input" && sngan?.matrix.shape == [16, 6])
    let r3gan = try layer(
      R3GANGenerator(widths: [16, 16], channels: 1, latent: 6, blocks: 1, classes: 2), latent: 6, isConditional: true)
    #expect(r3gan?.name == "input" && r3gan?.matrix.shape == [16, 6])
  }

  /// Layers that stand in another order than the noise passes them, all of one width, the first under weight norm.
  private struct Backwards: Generator {
    let last = Linear(5, 5)
    let middle = Linear(5, 5)
    let first = WeightNormLinear(5, 5)
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
      last(Torch.tanh(middle(Torch.tanh(first(z * 2 + 1, context)))))
    }
  }

  /// Noise that goes in at two places: neither has all of it.
  private struct TwoDoors: Generator {
    let left = Linear(5, 4)
    let right = Linear(5, 4)
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor { Torch.tanh(left(z)) * Torch.tanh(right(z)) }
  }

  /// The noise is scaled to length 1 before: a layer's weights for one number are not all that depends on it.
  private struct Normalized: Generator {
    let layer = Linear(5, 4)
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
      layer(z / sqrt(square(z).sum(-1)).unsqueezed(-1))
    }
  }

  private struct Deaf: Generator {
    let layer = Linear(5, 4)
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor { layer(z * 0) }
  }

  @Test func ofNetworksThatNobodyNamed() throws {
    let backwards = Backwards()
    let found = try layer(backwards, latent: 5)
    #expect(found?.name == "first")
    #expect(try found?.matrix.values() == backwards.first.weight.values())
    #expect(try layer(TwoDoors(), latent: 5) == nil)
    #expect(try layer(Normalized(), latent: 5) == nil)
    #expect(try layer(Deaf(), latent: 5) == nil)
  }
}
