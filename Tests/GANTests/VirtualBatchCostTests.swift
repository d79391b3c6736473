import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// What a generator costs, forward and backward, with virtual batch norm and a reference as large as the batch, in
/// units of the same generator with batch norm.
@Suite(.serialized) struct VirtualBatchCostTests {
  private static let noise = Noise.uniform(0, 1, dimensions: 100)

  private func pass<G: Generator>(_ generator: G, batchSize: Int) throws -> () throws -> Void {
    let network = try Network(generator, seed: 1)
    let z = Self.noise(batchSize, RandomStream(seed: 2))
    return {
      try checkingTensors {
        let x = network.model(z, Context(.training, random: RandomStream(seed: 0)))
        _ = try network.gradient(of: square(x).sum()).sliced(0, 0..<1).values()
      }
    }
  }

  /// The least processor time of interleaved rounds, on one thread: what else the machine does can only add to a round,
  /// and two threads would wait for each other where it is busy.
  private func check(_ name: String, rounds: Int, _ batch: () throws -> Void, _ virtual: () throws -> Void) throws {
    let threads = Libtorch.threads
    Libtorch.threads = 1
    defer { Libtorch.threads = threads }
    var ratios: [Double] = []
    for _ in 0..<3 where (ratios.last ?? .infinity) > 2.2 {
      var (ofBatch, ofVirtual): ([Double], [Double]) = ([], [])
      for _ in 0..<rounds {
        ofBatch.append(try processorSeconds(batch))
        ofVirtual.append(try processorSeconds(virtual))
      }
      ratios.append(ofVirtual.min()! / ofBatch.min()!)
      print("\(name): \(ofVirtual.min()! * 1e3) ms, batch norm \(ofBatch.min()! * 1e3) ms, ratio \(ratios.last!)")
    }
    #expect(ratios.last! <= 2.2)
  }

  @Test func dense() throws {
    func generator(_ normalization: DenseGenerator.Normalization) -> DenseGenerator {
      DenseGenerator(
        latent: 100, hidden: [500, 500], outputs: 784, activation: .softplus, outputActivation: .sigmoid,
        normalization: normalization, normalizesWeights: true,
        reference: normalization == .virtualBatch ? ReferenceBatch(100, of: Self.noise) : nil)
    }
    try check(
      "dense generator with virtual batch norm", rounds: 40, pass(generator(.batch), batchSize: 100),
      pass(generator(.virtualBatch), batchSize: 100))
  }

  @Test func images() throws {
    func generator(_ normalization: ConvGenerator.Normalization) -> ConvGenerator {
      ConvGenerator(
        latent: 100, widths: [64, 32, 16], channels: 3, normalization: normalization,
        reference: normalization == .virtualBatch ? ReferenceBatch(32, of: Self.noise) : nil)
    }
    try check(
      "image generator with virtual batch norm", rounds: 12, pass(generator(.batch), batchSize: 32),
      pass(generator(.virtualBatch), batchSize: 32))
  }
}
