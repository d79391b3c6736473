import GoldenSupport
import NN
import Testing
import Torch

/// Virtual batch normalisation against raw moments example by example, and what it promises: an example's output is its
/// own.
@Suite struct VirtualBatchNormTests {
  private struct Holder: Module { let layer: VirtualBatchNorm }

  private static let cases = ["dense", "dense-wide", "images", "images-wide", "pixels", "one-reference", "seeds"]

  private func rows(_ reference: Tensor, _ x: Tensor) -> Tensor {
    concatenated([reference, x], x.rank == 4 ? 0 : -2)
  }

  /// Output and gradients by reference, examples, gain and bias; the kernel's and the composed form's.
  @Test(arguments: cases, [true, false]) func golden(_ name: String, _ fused: Bool) throws {
    try Golden("techniques").check("virtual-batch-norm-\(name)") { inputs in
      let (reference, x) = (inputs["reference"]!, inputs["x"]!)
      return virtualBatchNorm(
        rows(reference, x), gain: inputs["gain"]!, bias: inputs["bias"]!,
        referenceCount: reference.size(x.rank == 4 ? 0 : -2), fused: fused)
    }
  }

  @Test(arguments: [[4, 3], [4, 2, 3, 2]]) func gradientMatchesDifferences(_ shape: [Int]) throws {
    let random = RandomStream(seed: 3)
    let channels = shape[1]
    let gain = random.stream("gain").normal([channels], dtype: .float64)
    // Not all ones: the sum of a normalised batch hardly depends on it.
    let weights = random.stream("weights").normal(shape, dtype: .float64)
    let point = try (random.normal(shape, dtype: .float64) * 2 + 1).values(Double.self)
    try expectGradientMatchesDifferences(at: point, shape: shape) {
      virtualBatchNorm($0, gain: gain, bias: gain, referenceCount: 2) * weights
    }
    let x = Tensor(point, shape: shape)
    try expectGradientMatchesDifferences(at: try gain.values(Double.self), shape: [channels]) {
      virtualBatchNorm(x, gain: $0, bias: $0 * 0.5, referenceCount: 2) * weights
    }
  }

  /// Not "about the same": the same bits, whatever the rest of the batch is, and however large.
  @Test(arguments: [[9, 13], [9, 5, 4, 3]]) func anExamplesOutputDoesNotDependOnTheRestOfItsBatch(_ shape: [Int]) throws
  {
    let holder = Holder(layer: VirtualBatchNorm(shape[1]))
    _ = try Network(holder, seed: 1)
    let dimension = shape.count == 4 ? 0 : -2
    let reference = RandomStream(seed: 1).normal([7] + shape.dropFirst())
    let first = RandomStream(seed: 2).normal([1] + shape.dropFirst())
    let context = Context(.training, random: RandomStream(seed: 0), referenceCount: 7)
    func outcome(_ others: Tensor) throws -> (output: [Float], gradient: [Float], others: [Float]) {
      let (x, rest) = (first.asVariable(), others.asVariable())
      let y = context.withoutReference(holder.layer(concatenated([reference, x, rest], dimension), context))
      let own = y.sliced(dimension, 0..<1)
      let gradients = gradient(of: square(own).sum(), by: [x, rest])
      return (try own.values(), try gradients[0].values(), try gradients[1].values())
    }
    let one = try outcome(RandomStream(seed: 3).normal(shape))
    let wild = try outcome(RandomStream(seed: 4).normal(shape) * 1000 + 50)
    let few = try outcome(RandomStream(seed: 5).normal([2] + shape.dropFirst()))
    #expect(one.output == wild.output && one.output == few.output)
    #expect(one.gradient == wild.gradient && one.gradient == few.gradient)
    #expect(one.gradient.contains { $0 != 0 })
    // Nor do the others feel what this example is asked to become.
    #expect((one.others + wild.others + few.others).allSatisfy { $0 == 0 })
  }

  /// What batch normalisation does in this place, lest the test above pass for another reason.
  @Test func batchNormDoesDependOnTheRest() throws {
    struct Model: Module { let layer = BatchNorm2d(5) }
    let model = Model()
    _ = try Network(model, seed: 1)
    let first = RandomStream(seed: 2).normal([1, 5, 4, 3])
    func output(_ seed: UInt64) throws -> [Float] {
      let others = RandomStream(seed: seed).normal([8, 5, 4, 3])
      return try model.layer(concatenated([first, others], 0), .evaluation).sliced(0, 0..<1).values()
    }
    #expect(try output(3) != output(4))
  }

  /// The same result from one thread and from several: tasks share no sums.
  @Test func theNumberOfThreadsChangesNothing() throws {
    let before = Libtorch.threads
    defer { Libtorch.threads = before }
    for shape in [[400, 301], [24, 33, 16, 16]] {
      let x = RandomStream(seed: 1).normal(shape)
      func both(_ threads: Int) throws -> [[Float]] {
        Libtorch.threads = threads
        let (v, g) = (x.asVariable(), Tensor.ones([shape[1]]).asVariable())
        let y = virtualBatchNorm(v, gain: g, bias: .zeros([shape[1]]), referenceCount: shape[0] / 2)
        let gradients = gradient(of: y, by: [v, g], cotangent: cos(x))
        return try [y.values(), gradients[0].values(), gradients[1].values()]
      }
      #expect(try both(1) == both(2))
    }
  }

  /// Activations far from 0, where E2 - mu^2 in float32 is noise, and equal ones, where it is 0.
  @Test(arguments: [true, false]) func keepsItsDigitsFarFromZero(_ fused: Bool) throws {
    for shape in [[40, 6], [20, 6, 5, 5]] {
      let exact = (RandomStream(seed: 1).normal(shape, dtype: .float64) * 0.5 + 1000).to(.float32).to(.float64)
      func y(_ dtype: DType) -> Tensor {
        virtualBatchNorm(
          exact.to(dtype), gain: .ones([6], dtype: dtype), bias: .zeros([6], dtype: dtype),
          referenceCount: shape[0] / 2, fused: fused)
      }
      // A mean of numbers near 1000 is compared with what is 0.5 away from it; the largest normalised one is above 2.
      let terms = shape[0] / 2 * shape.dropFirst(2).reduce(1, *)
      let bound = RoundingBound(.float32, sums: [terms], amplification: 1000 / 0.5 / 2)
      try expectClose(y(.float32).to(.float64), y(.float64), bound.relative, "\(shape)")
      let flat = virtualBatchNorm(
        .full(-1234.5, shape), gain: .ones([6]), bias: .zeros([6]), referenceCount: 5, fused: fused)
      #expect(try flat.values().allSatisfy { $0 == 0 })
    }
  }

  @Test func readsTensorsThatAreNotInRowMajorOrder() throws {
    let x = RandomStream(seed: 1).normal([3, 5, 6, 8]).permuted([3, 2, 0, 1])
    let gain = RandomStream(seed: 2).normal([6])
    let variable = x.asVariable()
    let again = x.contiguous().asVariable()
    let y = virtualBatchNorm(variable, gain: gain, bias: gain, referenceCount: 3)
    let z = virtualBatchNorm(again, gain: gain, bias: gain, referenceCount: 3)
    #expect(try y.values() == z.values())
    let cotangent = cos(x)
    let (a, b) = (
      gradient(of: y, by: [variable], cotangent: cotangent)[0], gradient(of: z, by: [again], cotangent: cotangent)[0]
    )
    #expect(try a.values() == b.values())
  }

  @Test func firstValues() throws {
    let holder = Holder(layer: VirtualBatchNorm(20_000))
    _ = try Network(holder, seed: 1)
    let gain = try holder.layer.gain.value.values(Double.self)
    let mean = gain.reduce(0, +) / 20_000
    let deviation = (gain.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000).squareRoot()
    #expect(Swift.abs(mean - 1) < 5 * 0.02 / 20_000.0.squareRoot())
    #expect(Swift.abs(deviation - 0.02) < 5 * 0.02 / 40_000.0.squareRoot())
    #expect(try holder.layer.bias.value.values().allSatisfy { $0 == 0 })
  }

  @Test func aMissingReferenceIsNamed() throws {
    let holder = Holder(layer: VirtualBatchNorm(4))
    _ = try Network(holder, seed: 1)
    let x = Tensor.zeros([3, 4])
    let missing = #expect(throws: TensorError.self) { try checkingTensors { _ = holder.layer(x, .evaluation) } }
    #expect(missing?.description.contains("no reference batch") == true)
    let context = Context(.evaluation, random: RandomStream(seed: 0), referenceCount: 5)
    let short = #expect(throws: TensorError.self) { try checkingTensors { _ = holder.layer(x, context) } }
    #expect(short?.description.contains("[3, 4]") == true)
    let cut = #expect(throws: TensorError.self) { try checkingTensors { _ = context.withoutReference(x) } }
    #expect(cut?.description.contains("5 rows") == true)
    // Batch norm would mix the reference into its statistics.
    struct Model: Module {
      let dense = BatchNorm(4)
      let images = BatchNorm2d(4)
    }
    let model = Model()
    _ = try Network(model, seed: 1)
    for body in [{ model.dense(x, context) }, { model.images(.zeros([8, 4, 2, 2]), context) }] {
      let mixed = #expect(throws: TensorError.self) { try checkingTensors { _ = body() } }
      #expect(mixed?.description.contains("reference batch") == true)
    }
  }

  @Test func theReferenceIsAFunctionOfTheSeedAndIsSaved() throws {
    struct Model: Module { let reference = ReferenceBatch(6, shape: [3], distribution: .interval(2, 5)) }
    let (one, again, other) = (
      try Network(Model(), seed: 1), try Network(Model(), seed: 1), try Network(Model(), seed: 2)
    )
    let values = try one.model.reference.examples.value.values()
    #expect(try values == again.model.reference.examples.value.values())
    #expect(try values != other.model.reference.examples.value.values())
    #expect(values.allSatisfy { (2..<5).contains($0) })
    // The optimiser has no hold on it; a checkpoint has.
    #expect(one.parameterCount == 0)
    try other.load(one.state)
    #expect(try values == other.model.reference.examples.value.values())
  }
}
