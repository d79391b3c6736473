import NN
import Testing
import Torch

/// Settings that make no layer are an error of the network that gets it, by the layer's place; nothing ends the
/// process.
@Suite struct MisfitTests {
  private struct Pair: Module {
    let first = Conv2d(3, 6, kernel: 3)
    let second: [Conv2d]

    func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { x }
  }

  @Test func groupsThatDoNotDivideAreNamedByTheirPlace() throws {
    let error = #expect(throws: NetworkError.self) {
      try Network(Pair(second: [Conv2d(6, 6, kernel: 3), Conv2d(6, 8, kernel: 3, groups: 4)]), seed: 1)
    }
    #expect(error?.description == "'second.1' has 6 and 8 channels, which 4 groups do not divide")
    for groups in [0, -2, 5] {
      #expect(throws: NetworkError.self) { try Network(Conv2d(6, 6, kernel: 3, groups: groups), seed: 1) }
      #expect(throws: NetworkError.self) { try Network(ConvTranspose2d(6, 6, kernel: 3, groups: groups), seed: 1) }
    }
    let whole = #expect(throws: NetworkError.self) { try Network(Conv2d(5, 6, kernel: 3, groups: 2), seed: 1) }
    #expect(whole?.description.hasPrefix("the model has 5 and 6 channels") == true)
  }

  /// A layer that fits has no parameter more than before: what was saved stays readable.
  @Test func whatFitsIsAsItWas() throws {
    let network = try Network(Conv2d(6, 6, kernel: 3, groups: 2), seed: 1)
    #expect(network.names == ["weight", "bias"] && network.fixed.count == 0)
  }

  @Test func aChainWithoutBiasIsPoisoned() throws {
    let network = try Network(Linear(3, 2, bias: false), seed: 1)
    let y = denseChainOutput(.zeros([1, 3]), [network.model], [.tanh])
    #expect(throws: TensorError.self) { try y.values() }
  }
}
