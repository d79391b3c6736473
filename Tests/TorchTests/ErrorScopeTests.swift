import Testing
import Torch

/// Operations do not throw, scopes do: the first failure is what the user reads, with operation, shapes and reason.
@Suite struct ErrorScopeTests {
  @Test func theFirstFailureIsThrownWithItsShapes() throws {
    let error = #expect(throws: TensorError.self) {
      try checkingTensors {
        let bad = linear(.zeros([6, 4]), weight: .zeros([5, 3]), bias: .zeros([5]))
        #expect(bad.isPoisoned)
        return try (tanh(bad) + Tensor.zeros([2])).reshaped([99]).item()
      }
    }
    let text = try #require(error).description
    #expect(text.hasPrefix("linear of [6, 4], [5, 3], [5]:"))
    #expect(!text.contains("\n"))
  }

  @Test func scopesNestAndRecover() throws {
    try checkingTensors {
      #expect(throws: TensorError.self) { try checkingTensors { _ = matmul(.zeros([2, 3]), .zeros([2, 3])) } }
      let doubled = try (Tensor.ones([3]) * 2).values()
      #expect(doubled == [2, 2, 2])
    }
  }

  @Test func aPoisonedTensorIsHarmless() throws {
    try? checkingTensors {
      let bad = matmul(.zeros([2, 3]), .zeros([2, 3]))
      #expect(bad.shape == [] && bad.size(0) == 1 && bad.size(-2) == 1 && bad.rank == 0)
      #expect(concatenated([bad, .zeros([1])], 0).isPoisoned && bad.split(0, parts: 3).count == 3)
      #expect(gradient(of: bad, by: [.zeros([1])])[0].isPoisoned)
      #expect(linear(.zeros([1, 1]), weight: .zeros([1, 1]), bias: bad).isPoisoned)
    }
  }

  /// A failure outside any scope is a mistake in the program: it stops there, and says why.
  @Test func outsideAnyScopeTheProgramStops() async {
    await #expect(processExitsWith: .failure) { _ = matmul(.zeros([2, 3]), .zeros([2, 3])) }
  }

  @Test func aTensorWithTooFewValuesIsRefused() {
    #expect(throws: TensorError.self) { try checkingTensors { _ = Tensor([1, 2, 3] as [Float], shape: [2, 2]) } }
  }

  @Test func itemWantsExactlyOneElement() {
    #expect(throws: TensorError.self) { try Tensor.zeros([2]).item() }
  }
}
