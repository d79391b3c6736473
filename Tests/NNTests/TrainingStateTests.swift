import Foundation
import GoldenSupport
import NN
import Testing
import Torch

/// What changes over the steps of a run: averages, learning rates, optimisers' memories.
@Suite struct TrainingStateTests {
  private struct Model: Module { let layer = Linear(3, 2) }

  /// The weighted mean of the parameters after each update, (1 - r)^(n - k) r for the k-th of n, with and without
  /// dividing by the sum of these weights.
  @Test(arguments: AverageStart.allCases) func averagesStartWhereTheySay(_ start: AverageStart) throws {
    let network = try Network(Model(), seed: 1)
    let first = try network.flat.values(Double.self)
    let average = try WeightAverage(of: network, rate: 0.3, start: start)
    if start != .parameters { #expect(try average.values.values(Double.self) == first) }
    var expected = start == .parameters ? first : first.map { _ in 0 }
    for step in 1...4 {
      try network.flat.assign(RandomStream(seed: UInt64(step)).normal([8]))
      try average.update()
      let now = try network.flat.values(Double.self)
      expected = zip(expected, now).map { 0.7 * $0 + 0.3 * $1 }
    }
    let share = start == .zeroCorrected ? 1 - 0.7 * 0.7 * 0.7 * 0.7 : 1
    // Four updates of two terms, and the share, which is at least 0.7.
    let bound = RoundingBound(.float32, sums: [2, 2, 2, 2], functions: 1, amplification: 1 / 0.7)
    try expectClose(average.values, Tensor(expected.map { Float($0 / share) }), bound.ofTwo)
  }

  @Test func aRestoredAverageGoesOn() throws {
    let network = try Network(Model(), seed: 1)
    let one = try WeightAverage(of: network, rate: 0.3, start: .zeroCorrected)
    try one.update()
    let other = try WeightAverage(of: network, rate: 0.3, start: .zeroCorrected)
    try other.restore(one.accumulated, updates: one.updates)
    try network.flat.assign(.ones([8]))
    try one.update()
    try other.update()
    #expect(try one.values.values() == other.values.values())
  }

  /// After a half-life of pictures parameters count half as much, whatever the batch.
  @Test(arguments: [1, 10, 64]) func anAverageForgetsByPictures(_ batch: Int) throws {
    let network = try Network(Model(), seed: 1, dtype: .float64)
    let average = try WeightAverage(of: network, halfLife: .constant(640), batchSize: batch)
    let first = network.flat.copied()
    try network.flat.assign(.zeros([8], dtype: .float64))
    for _ in 0..<640 / batch { try average.update() }
    try expectClose(average.values, first * 0.5, 1e-12)
    for _ in 0..<640 / batch { try average.update() }
    try expectClose(average.values, first * 0.25, 1e-12)
  }

  /// R3GAN's: with a half-life of 0 the average is the parameters, and it grows from there.
  @Test func aHalfLifeGrowsWithTheRun() throws {
    let network = try Network(Model(), seed: 1, dtype: .float64)
    let schedule = CosineSchedule(from: 0, to: 1000, over: 0..<10)
    let average = try WeightAverage(of: network, halfLife: schedule, batchSize: 50)
    var expected = try network.flat.values(Double.self)
    for step in 0..<15 {
      try network.flat.assign(RandomStream(seed: 5).at(step).normal([8], dtype: .float64))
      try average.update()
      let now = try network.flat.values(Double.self)
      let share = schedule(step) == 0 ? 1 : 1 - pow(0.5, 50 / schedule(step))
      expected = zip(expected, now).map { $0 + share * ($1 - $0) }
      if step == 0 { #expect(try average.values.values(Double.self) == now) }
    }
    try expectClose(average.values, Tensor(expected), 1e-12)
    #expect(abs(schedule(5) - 500) < 1e-9 && schedule(10) == 1000 && schedule(1_000_000) == 1000 && schedule(-3) == 0)
    #expect(CosineSchedule.constant(7)(3) == 7)
  }

  /// There was no room for the first step's moments; the second step finds some. A poisoned memory would have stayed.
  @Test(arguments: [0, 1, 2]) func anOptimizerGoesOnAfterAFailedStep(_ kind: Int) throws {
    func make() -> any Optimizer {
      kind == 0 ? Momentum(0.6) : Adam(epsilonPlace: kind == 1 ? .insideRoot : .outsideRoot)
    }
    let (failing, fresh) = (make(), make())
    // Views of one number: it is what is kept of them that no memory holds.
    let huge = Tensor.zeros([1]).expanded([1 << 50])
    #expect(throws: TensorError.self) {
      try checkingTensors { try failing.step(huge, gradient: huge, learningRate: 0.1) }
    }
    #expect(failing.state.isEmpty)
    // One whose gradient is what failed.
    #expect(throws: TensorError.self) {
      try checkingTensors { try failing.step(.ones([3]), gradient: .failed("a loss: of no use"), learningRate: 0.1) }
    }
    let (a, b) = (Tensor.ones([3]), Tensor.ones([3]))
    for step in 0..<3 {
      let gradient = RandomStream(seed: 2).at(step).normal([3])
      try checkingTensors { try failing.step(a, gradient: gradient, learningRate: 0.1) }
      try fresh.step(b, gradient: gradient, learningRate: 0.1)
    }
    #expect(try a.values(Float.self) == b.values(Float.self))
    #expect(try a.values(Float.self) != [1, 1, 1])
  }

  /// The square of a finite gradient can overflow: Adam's parameter then stands still for ever.
  @Test(arguments: [DType.float32, .float64]) func anOverflowOfAMomentIsReported(_ dtype: DType) throws {
    let adam = Adam()
    let parameters = Tensor.ones([40], dtype: dtype)
    try adam.step(parameters, gradient: .ones([40], dtype: dtype), learningRate: 0.1)
    #expect(adam.overflow == nil)
    let sizes = (0..<40).map { $0 == 33 ? (dtype == .float32 ? 1e22 : 1e160) : 1.0 }
    try adam.step(parameters, gradient: Tensor(sizes).to(dtype), learningRate: 0.1)
    #expect(try parameters.isAllFinite())
    let kept = try #require(adam.overflow).values(Double.self)
    #expect(kept.indices.filter { !kept[$0].isFinite } == [33])
    try adam.restore([:])
    #expect(adam.overflow == nil)
  }

  @Test func theRateDeclinesInALineToZero() {
    let rate = LearningRate(2, decline: 6..<10)
    #expect((0..<11).map { rate($0) } == [2, 2, 2, 2, 2, 2, 2, 1.5, 1, 0.5, 0])
    let both = LearningRate(2, factor: 0.5, every: 4, decline: 4..<8)
    #expect((0..<8).map { both($0) } == [2, 2, 2, 2, 1, 0.75, 0.5, 0.25])
    #expect(LearningRate(3)(1_000_000) == 3)
  }

  @Test(arguments: [0, 1, 2]) func aRestoredOptimizerGoesOnExactly(_ kind: Int) throws {
    func make() -> any Optimizer {
      kind == 0
        ? Momentum(0.6) : Adam(beta1: 0.5, epsilon: 1e-4, epsilonPlace: kind == 1 ? .insideRoot : .outsideRoot)
    }
    func play(_ optimizer: any Optimizer, _ parameters: Tensor, _ steps: Range<Int>) throws {
      for step in steps {
        try optimizer.step(parameters, gradient: RandomStream(seed: 2).at(step).normal([37]), learningRate: 0.1)
      }
    }
    let (straight, interrupted) = (Tensor.ones([37]), Tensor.ones([37]))
    try play(make(), straight, 0..<9)
    let first = make()
    #expect(first.state.isEmpty)
    try play(first, interrupted, 0..<4)
    let second = make()
    try second.restore(first.state.mapValues { $0.copied() })
    try play(second, interrupted, 4..<9)
    #expect(try straight.values() == interrupted.values())
    #expect(throws: StateError.self) { try make().restore(["nonsense": .ones([37])]) }
  }
}

/// The weight-normalised layer's own kernels, at sizes where vectorised loops have remainders.
@Suite struct WeightNormKernelTests {
  @Test(arguments: ["one", "odd", "wide", "seeds"]) func agreesWithItsFormula(_ name: String) throws {
    try Golden("weight_norm").check(name) {
      weightNormLinear(
        $0["x"]!, direction: $0["direction"]!, gain: $0["gain"]!, bias: $0["bias"]!, epsilon: 1e-6)
    }
  }

  @Test func gradientsAgreeWithDifferences() throws {
    let random = RandomStream(seed: 4)
    let x = random.stream("x").normal([5, 3], dtype: .float64)
    let gain = random.stream("g").normal([2], dtype: .float64)
    let bias = Tensor.zeros([2], dtype: .float64)
    func layer(_ x: Tensor, _ v: Tensor) -> Tensor {
      square(weightNormLinear(x, direction: v, gain: gain, bias: bias, epsilon: 1e-6))
    }
    let v = random.stream("v").normal([2, 3], dtype: .float64)
    try expectGradientMatchesDifferences(at: v.values(Double.self), shape: [2, 3]) { layer(x, $0) }
    try expectGradientMatchesDifferences(at: x.values(Double.self), shape: [5, 3]) { layer($0, v) }
  }

  /// Columns of a wider matrix, transposed matrices: what is not contiguous gives what its copy gives.
  @Test func takesTensorsThatAreNotContiguous() throws {
    let random = RandomStream(seed: 5)
    let wide = random.stream("x").normal([7, 20])
    let tall = random.stream("v").normal([9, 4])
    let (x, v) = (wide.sliced(-1, 3..<12), tall.transposed())
    let (gain, bias) = (Tensor.ones([4]), random.stream("b").normal([4]))
    func layer(_ x: Tensor, _ v: Tensor) -> Tensor {
      weightNormLinear(x, direction: v, gain: gain, bias: bias, epsilon: 1e-6)
    }
    try expectClose(
      layer(x, v), layer(x.copied(), v.copied()), RoundingBound(.float32, sums: [9, 9, 2], functions: 2).ofTwo)
  }

  @Test func badSizesAreNamed() {
    func message(_ x: [Int], _ v: [Int], _ g: [Int], _ b: [Int]) -> String? {
      #expect(throws: TensorError.self) {
        try checkingTensors {
          try weightNormLinear(.ones(x), direction: .ones(v), gain: .ones(g), bias: .ones(b), epsilon: 1e-6)
            .values(Float.self)
        }
      }?.description
    }
    #expect(message([5, 4], [2, 3], [2], [2])?.contains("takes 3") == true)
    #expect(message([5, 3], [2, 3], [3], [2])?.contains("2 outputs") == true)
    #expect(message([5, 3], [2, 3], [2], [1])?.contains("2 outputs") == true)
  }

  @Test func notANumberStaysVisible() throws {
    let x = Tensor([Float.nan, 1, 2, Float.infinity, 1, 1], shape: [2, 3])
    let y = weightNormLinear(x, direction: .ones([2, 3]), gain: .ones([2]), bias: .zeros([2]), epsilon: 1e-6)
    let values = try y.values(Float.self)
    #expect(values[0].isNaN && values[1].isNaN && values[2] == .infinity && values[3] == .infinity)
  }
}
