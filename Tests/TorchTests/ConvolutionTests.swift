import GoldenSupport
import Testing
import Torch

/// Convolutions by our own algorithms, against the same in float64, which libtorch makes.
@Suite(.serialized) struct ConvolutionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let x: [Int], outputs: Int, kernel: Int, stride: Int, padding: Int
    /// nil for a convolution that is not transposed.
    var outputPadding: Int?

    var testDescription: String {
      "\(x), \(outputs) outputs, kernel \(kernel), stride \(stride), padding \(padding)"
        + (outputPadding.map { ", transposed, output padding \($0)" } ?? "")
    }
    var weight: [Int] { (outputPadding == nil ? [outputs, x[1]] : [x[1], outputs]) + [kernel, kernel] }

    func apply(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
      if let outputPadding {
        return convTranspose2d(
          x, weight: weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding)
      }
      return conv2d(x, weight: weight, bias: bias, stride: stride, padding: padding)
    }

    /// The output and the gradients of its product with numbers like 1, by each of the three.
    func outcomes(_ algorithm: ConvolutionAlgorithm, _ dtype: DType = .float32) throws -> [Tensor] {
      let random = RandomStream(seed: 5)
      return try checkingTensors {
        try withConvolutions(algorithm) {
          let given = [
            random.stream("x").normal(x), random.stream("w").normal(weight), random.stream("b").normal([outputs]),
          ].map { $0.to(dtype).asVariable() }
          let y = apply(given[0], given[1], given[2])
          let cotangent = random.stream("c").normal(y.shape).to(dtype)
          return try ([y] + gradient(of: y, by: given, cotangent: cotangent)).map { try $0.checked() }
        }
      }
    }

    /// What rounding allows: sums over channels and, of gradients by the kernel, over places, between transforms by at
    /// most six numbers in four directions. The transforms' sums are of numbers larger than what they leave: 8.8 times,
    /// by their matrices, for three places of the kernel, 4.8 times for two (Docs/Convolutions.md).
    var bound: RoundingBound {
      let terms = max(x[0] * x[2] * x[3], max(x[1], outputs) * kernel * kernel)
      return RoundingBound(.float32, sums: [terms, 6, 6, 6, 6], amplification: 8.8)
    }
  }

  /// Sides that tiles of four do not fill, and that differ.
  static let cases: [Case] = [
    Case(x: [3, 16, 9, 11], outputs: 32, kernel: 3, stride: 1, padding: 1),
    Case(x: [2, 48, 8, 6], outputs: 16, kernel: 3, stride: 1, padding: 0),
    Case(x: [2, 16, 5, 7], outputs: 16, kernel: 3, stride: 1, padding: 2),
    Case(x: [2, 16, 7, 8], outputs: 16, kernel: 2, stride: 1, padding: 0),
    Case(x: [2, 32, 12, 14], outputs: 48, kernel: 4, stride: 2, padding: 1),
    Case(x: [3, 16, 10, 9], outputs: 32, kernel: 3, stride: 2, padding: 1),
    Case(x: [2, 16, 11, 8], outputs: 16, kernel: 5, stride: 2, padding: 2),
    Case(x: [2, 16, 9, 12], outputs: 16, kernel: 6, stride: 2, padding: 2),
    Case(x: [2, 16, 4, 5], outputs: 32, kernel: 4, stride: 2, padding: 1, outputPadding: 0),
    Case(x: [2, 32, 5, 4], outputs: 16, kernel: 5, stride: 2, padding: 2, outputPadding: 1),
    Case(x: [2, 16, 6, 9], outputs: 16, kernel: 3, stride: 1, padding: 1, outputPadding: 0),
    // Few channels, as a matrix of patches.
    Case(x: [3, 3, 9, 10], outputs: 32, kernel: 4, stride: 2, padding: 1),
    Case(x: [5, 1, 13, 7], outputs: 16, kernel: 5, stride: 2, padding: 2),
    Case(x: [2, 3, 6, 5], outputs: 16, kernel: 3, stride: 1, padding: 1),
    Case(x: [3, 32, 5, 7], outputs: 3, kernel: 5, stride: 2, padding: 2, outputPadding: 1),
    Case(x: [2, 16, 5, 5], outputs: 8, kernel: 3, stride: 1, padding: 1, outputPadding: 0),
  ]

  @Test(arguments: cases, ConvolutionAlgorithm.allCases)
  func agreesWithFloat64(_ shape: Case, _ algorithm: ConvolutionAlgorithm) throws {
    let exact = try shape.outcomes(.direct, .float64)
    for (name, (found, expected)) in zip(["y", "dx", "dw", "db"], zip(try shape.outcomes(algorithm), exact)) {
      try expectClose(found.to(.float64), expected, shape.bound.relative, "\(name) by \(algorithm)")
    }
  }

  /// In one pass or in two: the same bits, but for the bias, whose gradient is summed in another order.
  @Test(arguments: cases.filter { $0.outputPadding == nil }, ConvolutionAlgorithm.allCases)
  func aLeakyReLUInTheSamePassIsTheSame(_ shape: Case, _ algorithm: ConvolutionAlgorithm) throws {
    func outcomes(_ layer: (_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor) throws -> [Tensor] {
      let random = RandomStream(seed: 6)
      return try checkingTensors {
        try withConvolutions(algorithm) {
          let given = [
            random.stream("x").normal(shape.x), random.stream("w").normal(shape.weight),
            random.stream("b").normal([shape.outputs]),
          ].map { $0.asVariable() }
          let y = layer(given[0], given[1], given[2])
          let cotangent = random.stream("c").normal(y.shape)
          // By x and the kernel alone as well, as G's step asks: no sum for the bias then.
          return try
            ([y] + gradient(of: y, by: given, cotangent: cotangent)
            + gradient(of: layer(given[0], given[1], given[2].detached()), by: [given[0]], cotangent: cotangent)).map {
              try $0.checked()
            }
        }
      }
    }
    let apart = try outcomes { leakyReLU(shape.apply($0, $1, $2), slope: 0.3) }
    let together = try outcomes {
      conv2d($0, weight: $1, bias: $2, stride: shape.stride, padding: shape.padding, leakySlope: 0.3)
    }
    for (name, index) in [("y", 0), ("dx", 1), ("dw", 2), ("dx alone", 4)] {
      #expect(try together[index].values(Float.self) == apart[index].values(Float.self), "\(name) by \(algorithm)")
    }
    try expectClose(together[3], apart[3], shape.bound.relative, "db by \(algorithm)")
    #expect(try apart[0].values(Float.self).contains { $0 < 0 })
  }

  /// As networks have them: the algorithms are not the same one under three names, and the choice is by shape.
  @Test func eachAlgorithmIsItself() throws {
    let large = Case(x: [2, 96, 16, 16], outputs: 96, kernel: 3, stride: 1, padding: 1)
    let values = try ConvolutionAlgorithm.allCases.map { try large.outcomes($0)[0].values(Float.self) }
    #expect(values[0] == values[2], "automatic is by Winograd's algorithm")
    #expect(values[0] != values[1], "direct is not")
    let single = Case(x: [2, 96, 16, 16], outputs: 96, kernel: 1, stride: 1, padding: 0)
    let same = try ConvolutionAlgorithm.allCases.map { try single.outcomes($0)[0].values(Float.self) }
    #expect(same[0] == same[1] && same[1] == same[2], "of single pixels there is nothing to save")
  }

  /// A sample is the same alone and among others: no sum crosses pictures, and the choice does not go by the batch.
  /// What is left to libtorch may differ: oneDNN without AVX2 chooses by the batch.
  @Test(arguments: cases)
  func aPictureIsTheSameInEveryBatch(_ shape: Case) throws {
    let random = RandomStream(seed: 6)
    let (weight, bias) = (random.stream("w").normal(shape.weight), random.stream("b").normal([shape.outputs]))
    let x = random.stream("x").normal([70] + shape.x.dropFirst())
    func values(_ x: Tensor, _ algorithm: ConvolutionAlgorithm, _ row: Int) throws -> [Float] {
      try withConvolutions(algorithm) { try shape.apply(x, weight, bias).sliced(0, row..<row + 1).values(Float.self) }
    }
    for row in [0, 33, 69] {
      let picture = x.sliced(0, row..<row + 1)
      let (alone, together) = (try values(picture, .winograd, 0), try values(x, .winograd, row))
      #expect(alone == together, "picture \(row)")
      let isOurs = try [values(picture, .automatic, 0) == alone, values(x, .automatic, row) == together]
      #expect(isOurs[0] == isOurs[1], "the choice goes by the batch")
    }
  }

  /// Tasks share no sums.
  @Test(arguments: cases)
  func threadsDoNotChangeABit(_ shape: Case) throws {
    let before = Libtorch.threads
    defer { Libtorch.threads = before }
    var found: [[[Float]]] = []
    for threads in [1, 2, 5] {
      Libtorch.threads = threads
      found.append(try shape.outcomes(.winograd).map { try $0.values(Float.self) })
    }
    // db is libtorch's sum.
    let areSame = found.allSatisfy { $0.dropLast() == found[0].dropLast() }
    #expect(areSame)
  }

  /// Sizes that make no convolution are told by libtorch, whatever the algorithm.
  @Test func sizesThatDoNotFitAreErrors() {
    for algorithm in ConvolutionAlgorithm.allCases {
      withConvolutions(algorithm) {
        let x = Tensor.ones([1, 16, 2, 2])
        for y in [
          conv2d(x, weight: .ones([16, 16, 3, 3]), stride: 2), conv2d(x, weight: .ones([16, 32, 3, 3]), padding: 1),
          conv2d(x, weight: .ones([16, 16, 3, 3]), bias: .ones([8]), padding: 1),
          convTranspose2d(x, weight: .ones([32, 16, 4, 4]), stride: 2, padding: 1),
          convTranspose2d(x, weight: .ones([16, 16, 4, 4]), stride: 2, padding: 1, outputPadding: 2),
        ] {
          #expect(throws: TensorError.self) { try y.checked() }
        }
      }
    }
  }
}
