import Testing
import Torch

/// Operations do not throw, reading does, and so do scopes: the first failure is what the user reads, with operation,
/// shapes and reason. Nothing ends the process.
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

  /// No scope is needed: whoever reads throws the first failure on the way to what is read, and not another's.
  @Test func readingThrowsWhatFailed() throws {
    let product = matmul(.zeros([2, 3]), .zeros([2, 3]))
    let other = Tensor([1, 2] as [Float]) + Tensor([1, 2, 3] as [Float])
    let chain = exp(product * 2).sum() + Tensor.ones([7])
    let reads: [() throws -> Any] = [
      { try chain.values() }, { try chain.values(Int64.self) }, { try chain.item() }, { try chain.rawBytes() },
      { try chain.checked() }, { try chain.isAllFinite() },
      { try Safetensors(tensors: ["x": chain]).encoded() },
    ]
    for read in reads {
      let error = #expect(throws: TensorError.self) { try read() }
      #expect(error?.description.hasPrefix("matmul of [2, 3], [2, 3]:") == true)
      #expect(error == chain.failure)
    }
    let error = #expect(throws: TensorError.self) { try (chain + other).item() }
    #expect(error == product.failure)
    #expect(other.failure?.description.hasPrefix("add of [2], [3]:") == true && Tensor.ones([1]).failure == nil)
    #expect("\(other)".hasPrefix("Tensor(poisoned: add of"))
  }

  /// A failure goes where its tensor goes: a thread that had none of it reports it, and its own scope has none.
  @Test func aFailureTravelsWithItsTensor() async throws {
    struct Carried: @unchecked Sendable { let tensor: Tensor }
    let bad = Carried(tensor: matmul(.zeros([2, 3]), .zeros([2, 3])))
    let text = await Task.detached { () -> String in
      do { return try checkingTensors { try (bad.tensor + 1).item().description } } catch { return "\(error)" }
    }.value
    #expect(text == bad.tensor.failure?.description)
  }

  /// What changes numbers throws as well, and leaves them as they were.
  @Test func changingThrowsWhatFailed() throws {
    let (x, bad) = (Tensor.ones([3]), Tensor.failed("a loss: of no use"))
    func refused(_ reason: String = "a loss: of no use", _ change: () throws -> Void) {
      let error = #expect(throws: TensorError.self, performing: change)
      #expect(error?.description.contains(reason) == true)
    }
    refused { try x.assign(bad) }
    refused { try x.assigned(bad).checked() }
    refused { try momentumStep(x, gradient: bad, velocity: .zeros([3]), rate: 1, momentum: 0) }
    refused {
      try adamStep(
        x, gradient: bad, firstMoment: .zeros([3]), secondMoment: .zeros([3]), step: 1, rate: 1, beta1: 0.9, beta2: 0.9,
        epsilon: 1, epsilonInsideRoot: true)
    }
    refused { try averageStep(x, toward: bad, rate: 1) }
    refused { try historicalAverageStep(x, of: bad, gradient: x, count: 1, weight: 1) }
    refused("the count is 0") { try historicalAverageStep(x, of: x, gradient: x, count: 0, weight: 1) }
    refused("the shapes differ") { try x.assign(.ones([4])) }
    #expect(try x.values() == [1, 1, 1])
  }

  /// Wrong shapes, sizes, places and kinds that a caller can come up with: failures, none of them the end of the
  /// process.
  @Test func nothingThatACallerSaysEndsTheProcess() throws {
    let x = Tensor.ones([2, 3])
    let failed: [Tensor] = [
      Tensor([1] as [Float], shape: [-1, -1]), Tensor([1] as [Float], shape: [.max, .max]), .zeros([-1]),
      .zeros([1 << 31, 1 << 31, 1 << 31]), .range(-1), .linspace(0, 1, count: -1), concatenated([], 0),
      stacked([], 0), flattened([]), logisticLoss([]), denseChainOutput(x, []), x.reshaped([4]),
      x.reshaped([-1, -1]), x.expanded([7, 7, 7]), x.permuted([0, 0]), x.transposed(5, 9), x.unsqueezed(9),
      x.squeezed(9), x.sliced(0, -3 ..< -1), x.sliced(0, 0..<9), x.sliced(7, 0..<1), x.split(0, sizes: [1])[0],
      x.flipped(4), x.selecting(0, Tensor([9 as Int64])), x.selecting(0, x), x.gathered(0, Tensor([9 as Int64])),
      x.sortedValues(3), x.sorted(4).indices, x.argmax(9), x.sum(9), x.variance(9), conv2d(x, weight: x),
      conv2d(.ones([1, 1, 4, 4]), weight: .ones([1, 1, 2, 2]), stride: 0),
      conv2d(.ones([1, 4, 4, 4]), weight: .ones([4, 2, 2, 2]), groups: 0),
      convTranspose2d(.ones([1, 1, 4, 4]), weight: .ones([1, 1, 2, 2]), stride: -1),
      batchNorm2d(x, bias: .ones([9])), pairwiseL1Similarity(.ones([])), euclideanDistances(x, .ones([2])),
      gradient(of: x, by: [x], cotangent: .ones([9]))[0], RandomStream(seed: 1).uniform([-1]),
      RandomStream(seed: 1).dropout(x, rate: 2),
      weightNormLinear(x, direction: x, gain: x, bias: x, epsilon: 0), select(x, x, .ones([9])),
      Tensor.ones([2]).to(Device.allCases.first { !$0.isAvailable } ?? .cpu).reshaped([9]),
    ]
    for (index, tensor) in failed.enumerated() {
      #expect(throws: TensorError.self, "\(index)") { try tensor.values() }
    }
    #expect(x.split(0, parts: 0).isEmpty && x.split(0, parts: -1).isEmpty && x.split(0, parts: 5).count == 5)
    let count = Libtorch.threads
    Libtorch.threads = -3
    #expect(Libtorch.threads == 1)
    Libtorch.threads = count
  }

  @Test func aTensorWithTooFewValuesIsRefused() {
    #expect(throws: TensorError.self) { try checkingTensors { _ = Tensor([1, 2, 3] as [Float], shape: [2, 2]) } }
  }

  @Test func itemWantsExactlyOneElement() {
    #expect(throws: TensorError.self) { try Tensor.zeros([2]).item() }
  }
}
