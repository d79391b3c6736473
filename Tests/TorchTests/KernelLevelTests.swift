import Foundation
import GoldenSupport
import Testing
import Torch

/// One kernel, several sets of instructions: which bits may depend on the processor, and which may not.
@Suite(.serialized) struct KernelLevelTests {
  private static let random = RandomStream(seed: 47)
  private static func draw(_ name: String, _ shape: [Int]) -> Tensor { random.stream(name).normal(shape) }

  /// What every kernel of ours gives, none of it through a product of libtorch's.
  private static func outcomes() throws -> [(name: String, values: [Float])] {
    try checkingTensors {
      let m = draw("m", [70, 9, 5]).asVariable()
      let similarity = pairwiseL1Similarity(m)
      var found: [(String, Tensor)] = [
        ("pairwise similarity", similarity),
        ("its gradient", gradient(of: similarity, by: [m], cotangent: draw("sc", [70, 9]))[0]),
      ]
      let x = draw("x", [3, 333, 4])
      for activation in Activation.allCases {
        let parameters = [
          draw("w1", [3, 21, 4]), draw("b1", [3, 21]), draw("w2", [3, 2, 21]), draw("b2", [3, 2]),
        ]
        let variables = ([x] + parameters).map { $0.asVariable() }
        let (output, features) = denseChain(
          variables[0],
          [
            DenseStage(weight: variables[1], bias: variables[2], activation: activation),
            DenseStage(weight: variables[3], bias: variables[4], activation: .identity),
          ])
        found.append(("chain of \(activation)", output))
        found.append(("its features", features))
        let gradients = gradient(of: output, by: variables, cotangent: draw("cc", [3, 333, 2]))
        found += gradients.enumerated().map { ("its gradient \($0)", $1) }
      }
      let logits = (draw("logits", [201, 1]) * 6).asVariable()
      let loss = logisticLoss(logits, target: 0.9)
      found += [("logistic loss", loss), ("its gradient", gradient(of: loss, by: [logits])[0])]
      for shape in [[40, 77], [20, 7, 5, 9]] {
        let variables = [draw("v", shape), draw("g", [shape[1]]), draw("b", [shape[1]])].map { $0.asVariable() }
        let y = virtualBatchNorm(variables[0], gain: variables[1], bias: variables[2], referenceCount: 9)
        found.append(("virtual batch norm", y))
        found += gradient(of: y, by: variables, cotangent: draw("vc", shape)).map { ("its gradient", $0) }
      }
      for shape in ConvolutionTests.cases {
        // The gradient by the bias is libtorch's sum.
        found += try shape.outcomes(.winograd).dropLast().map { ("convolution of \(shape.testDescription)", $0) }
      }
      let stream = random.stream("stream")
      found += [
        ("uniform", stream.uniform([1001])), ("normal", stream.normal([1001])),
        ("added noise", stream.addingNormal(to: draw("large", [1001]), deviation: 0.3)),
        ("sorted", random.stream("rows").uniform([40, 333]).sortedValues(-1)),
      ]
      for inside in [true, false] {
        let (p, first, second) = (draw("p", [777]), draw("first", [777]), square(draw("second", [777])))
        try adamStep(
          p, gradient: draw("g", [777]), firstMoment: first, secondMoment: second, step: 3, rate: 0.1, beta1: 0.9,
          beta2: 0.99, epsilon: 1e-4, epsilonInsideRoot: inside)
        found += [("Adam", p), ("its first moment", first), ("its second moment", second)]
      }
      let (average, slope) = (draw("a", [777]), draw("s", [777]))
      try historicalAverageStep(average, of: draw("p", [777]), gradient: slope, count: 3, weight: 0.7)
      found += [("average", average), ("its pull", slope)]
      return try found.map { ($0.0, try $0.1.values(Float.self)) }
    }
  }

  private static func outcomes(at level: KernelLevel) throws -> [(name: String, values: [Float])] {
    let before = KernelLevel.current
    try KernelLevel.set(level)
    defer { try? KernelLevel.set(before) }
    #expect(KernelLevel.current == level)
    return try outcomes()
  }

  /// Lanes are counted alike at both levels and both multiply and add in one rounding.
  @Test(.enabled(if: KernelLevel.avx512.isAvailable, "this processor has no AVX-512"))
  func avx2AndAVX512GiveTheSameBits() throws {
    for (one, other) in zip(try Self.outcomes(at: .avx2), try Self.outcomes(at: .avx512)) {
      let isSame = one.values == other.values
      #expect(isSame, "\(one.name)")
    }
  }

  /// The baseline rounds between multiplying and adding. What is moved or compared and not computed has the same bits
  /// there too.
  @Test(.enabled(if: KernelLevel.avx2.isAvailable, "this processor has no AVX2"))
  func theBaselineIsARoundingAway() throws {
    let (low, high) = (try Self.outcomes(at: .baseline), try Self.outcomes(at: .avx2))
    #expect(low.map(\.name) == high.map(\.name))
    // Up to 333 examples of 2 outputs are summed, after two layers and an activation each way.
    let bound = RoundingBound(.float32, sums: [333, 21, 21, 4], functions: 2)
    // Up to 768 products, and the transforms' amplification of them.
    let ofConvolutions = RoundingBound(.float32, sums: [768, 6, 6, 6, 6], amplification: 8.8)
    for (one, other) in zip(low, high) {
      if ["uniform", "sorted"].contains(one.name) {
        let isSame = one.values == other.values
        #expect(isSame, "\(one.name)")
      } else {
        try expectClose(
          Tensor(one.values), Tensor(other.values),
          (one.name.hasPrefix("convolution") ? ofConvolutions : bound).ofTwo, one.name)
      }
    }
    let differs = zip(low, high).contains { $0.values != $1.values }
    #expect(differs, "the level changes nothing")
  }

  @Test func theEnvironmentChoosesTheLevel() throws {
    try KernelLevel.checkEnvironment()
    #expect(KernelLevel.current.isAvailable)
    if let wanted = ProcessInfo.processInfo.environment["SWIFT_GAN_CPU"], !wanted.isEmpty {
      #expect(KernelLevel.current.rawValue == wanted)
    } else {
      #expect(KernelLevel.current == .highest)
    }
  }

  @Test func aLevelThatTheProcessorLacksIsRefused() {
    let before = KernelLevel.current
    for level in KernelLevel.allCases where !level.isAvailable {
      let error = #expect(throws: KernelLevelError.self) { try KernelLevel.set(level) }
      #expect(error?.description.contains("'\(level.rawValue)'") == true)
    }
    #expect(KernelLevel.current == before)
  }
}
