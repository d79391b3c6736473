import Foundation
import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// Networks as TorchScript: what the recording must not lose, and that losing it is noticed.
@Suite struct NetworkScriptTests {
  private func noise(_ rows: Int) -> Tensor { RandomStream(seed: UInt64(rows)).normal([rows, 6]) }

  /// Convolutions too, which no recipe trains yet.
  @Test(arguments: DenseGenerator.Normalization.allCases, [true, false])
  func imagesOfConvolutions(_ normalization: DenseGenerator.Normalization, _ normalizesWeights: Bool) throws {
    let network = try Network(
      ConvGenerator(
        latent: 6, widths: [8, 4], channels: 3, normalization: normalization, normalizesWeights: normalizesWeights,
        reference: normalization == .virtualBatch ? ReferenceBatch(5, of: .normal(dimensions: 6)) : nil), seed: 3)
    let module = try network.script(named: "G", input: noise) { $0($1, .evaluation) }
    for rows in [1, 4, 9] {
      try checkingTensors {
        try withoutGradient {
          let (own, found) = (network.model(noise(rows), .evaluation), module(noise(rows)))
          #expect(found.shape == [rows, 3, 16, 16])
          let apart = try abs(own - found).max().item() / abs(own).max().item()
          // Three layers of products, and the statistics of 9 images or of the reference.
          #expect(apart <= RoundingBound(.float32, sums: [6, 144, 144, 200, 576, 576, 100], functions: 8).ofTwo)
        }
      }
    }
  }

  /// What is written is read again, with the values of the time of writing.
  @Test func keepsItsOwnParameters() throws {
    let network = try Network(
      DenseGenerator(latent: 6, hidden: [5], outputs: 2, activation: .relu, outputActivation: .tanh), seed: 1)
    let module = try network.script(named: "G", input: noise) { $0($1, .evaluation) }
    let before = try checkingTensors { try network.model(noise(4), .evaluation).values(Float.self) }
    // Training goes on as if nothing had been recorded.
    let slope = try checkingTensors { network.gradient(of: network.model(noise(4), .evaluation).sum()) }
    #expect(try checkingTensors { try abs(slope).sum().item() } > 0)
    try network.flat.assign(network.flat + 1)
    let read = try ScriptModule(module.encoded(extraFiles: ["note.txt": "ü, two\nlines"]))
    let after: [Float] = try checkingTensors { try read(noise(4)).values() }
    let tolerance = Float(RoundingBound(.float32, sums: [7, 6], functions: 1).ofTwo)
    #expect(zip(before, after).allSatisfy { abs($0 - $1) < tolerance })
    #expect(try module.encoded() == module.encoded())
  }

  private struct Counting: Module {
    let layer = Linear(6, 2)
    func callAsFunction(_ x: Tensor) -> Tensor { layer(x) * Double(x.size(0)) }
  }
  private struct Flipping: Module {
    let layer = Linear(6, 2)
    /// As a layer would do that looks at values.
    func callAsFunction(_ x: Tensor) -> Tensor {
      let y = layer(x)
      return ((try? y.sum().item()) ?? 0) > 0 ? y : -y
    }
  }
  private struct Poisoned: Module {
    let layer = Linear(6, 2)
    func callAsFunction(_ x: Tensor) -> Tensor { matmul(layer(x), Tensor.ones([3, 3])) }
  }

  /// A number of rows, or a decision, that the recording took for a constant.
  @Test func refusesWhatTheRecordingLost() throws {
    let counted = #expect(throws: ScriptError.self) {
      try Network(Counting(), seed: 1).script(named: "N", input: noise) { $0($1) }
    }
    #expect(counted?.description.contains("rows") == true)
    #expect(throws: ScriptError.self) {
      // Twice the same rows would hide it: the sign has to change.
      try Network(Flipping(), seed: 1).script(named: "N", input: { noise($0) * ($0 == 5 ? 1 : -1) }) { $0($1) }
    }
    let infinite = try Network(Counting(), seed: 1)
    try infinite.flat.assign(.full(.nan, infinite.flat.shape))
    let error = #expect(throws: ScriptError.self) { try infinite.script(named: "N", input: noise) { $0($1) } }
    #expect(error?.reason.contains("not finite") == true)
  }

  /// A failure in the network is the one that is told, and leaves no recording behind.
  @Test func failsLikeAnyOperation() throws {
    let error = #expect(throws: TensorError.self) {
      try Network(Poisoned(), seed: 1).script(named: "N", input: noise) { $0($1) }
    }
    #expect(error?.description.hasPrefix("matmul of [5, 2], [3, 3]") == true, "\(error?.description ?? "")")
    let network = try Network(Counting(), seed: 1)
    #expect(try checkingTensors { try network.model(noise(2)).values(Float.self) }.count == 4)
    #expect(throws: TensorError.self) {
      try ScriptModule(
        recording: "N", tensors: [("a", .ones([2]), true), ("a", .ones([2]), true)], example: .ones([2])
      ) { x, _ in x }
    }
  }
}
