import GoldenSupport
import NN
import Testing
import Torch

/// Parameters are found by their property paths and live in one flat buffer.
@Suite struct NetworkTests {
  private struct Model: Module {
    let first = Linear(2, 3)
    let hidden = [Linear(3, 3), Linear(3, 3, bias: false)]
    let norm = WeightNormLinear(3, 1, trainsGain: false)
    let absent: Linear? = nil
    let width = 3

    func callAsFunction(_ x: Tensor) -> Tensor {
      norm(hidden.reduce(tanh(first(x))) { tanh($1($0)) }, .evaluation)
    }
  }

  @Test func namesArePropertyPaths() throws {
    let network = try Network(Model(), seed: 1)
    #expect(
      network.names == [
        "first.weight", "first.bias", "hidden.0.weight", "hidden.0.bias", "hidden.1.weight", "norm.direction",
        "norm.gain",
        "norm.bias",
      ])
    #expect(network.parameterCount == 6 + 3 + 9 + 3 + 9 + 3 + 1)
    #expect(network.flat.shape == [34] && network.fixed.shape == [1])
  }

  @Test func parametersAreViewsOfTheFlatBuffer() throws {
    let network = try Network(Model(), seed: 1)
    try network.flat.assign(Tensor((0..<34).map(Float.init)))
    #expect(try network.model.first.weight.value.values() == [0, 1, 2, 3, 4, 5])
    #expect(try network.model.norm.bias.value.values() == [33])
  }

  @Test func theGradientIsLaidOutAsTheBuffer() throws {
    let network = try Network(Model(), seed: 3, dtype: .float64)
    let x = RandomStream(seed: 1).normal([4, 2], dtype: .float64)
    let start = try network.flat.values(Double.self)
    func loss(_ flat: Tensor) -> Tensor { network.with(flat) { square(network.model(x)).sum() } }
    let found = network.gradient(of: square(network.model(x)).sum())
    let differences = try start.indices.map { index in
      var (above, below) = (start, start)
      above[index] += 1e-6
      below[index] -= 1e-6
      return (try loss(Tensor(above)).item() - loss(Tensor(below)).item()) / 2e-6
    }
    // The step 10^-6 leaves 10^-10 of the value, and 10^-13 of the third derivative.
    try expectClose(found, Tensor(differences), 1e-7)
  }

  /// First values belong to the parameter's path: what else the model holds must not matter.
  @Test func firstValuesDoNotDependOnTheRestOfTheModel() throws {
    struct Small: Module { let first = Linear(2, 3) }
    struct Large: Module {
      let before = Linear(7, 7)
      let first = Linear(2, 3)
    }
    let (small, large) = (try Network(Small(), seed: 5), try Network(Large(), seed: 5))
    #expect(try small.model.first.weight.value.values() == large.model.first.weight.value.values())
    #expect(try Network(Small(), seed: 6).flat.values() != small.flat.values())
  }

  @Test func eachOfSeveralSeedsIsTheNetworkItWouldBeAlone() throws {
    let together = try Network(Model(), seeds: [4, 9])
    let x = RandomStream(seed: 1).normal([5, 2])
    #expect(together.flat.shape == [2, 34])
    for (index, seed) in [4, 9].enumerated() {
      let alone = try Network(Model(), seed: UInt64(seed))
      #expect(try together.flat.sliced(0, index..<index + 1).values() == alone.flat.values())
      try expectClose(
        together.model(x).sliced(0, index..<index + 1).squeezed(0), alone.model(x),
        RoundingBound(.float32, sums: [2, 3, 3, 3], functions: 4).ofTwo)
    }
    // One loss per seed: each gradient is that of the seed's own network.
    let losses = square(together.model(x)).sum(-2, -1)
    let gradient = together.gradient(of: losses)
    let alone = try Network(Model(), seed: 9)
    try expectClose(
      gradient.sliced(0, 1..<2).squeezed(0), alone.gradient(of: square(alone.model(x)).sum()),
      RoundingBound(.float32, sums: [2, 3, 3, 3, 3, 3, 3, 5], functions: 8).ofTwo)
  }

  @Test func stateGoesThereAndBack() throws {
    let (one, other) = (try Network(Model(), seed: 1), try Network(Model(), seed: 2))
    try other.load(one.state.mapValues { $0.copied() })
    #expect(try other.flat.values() == one.flat.values() && other.fixed.values() == one.fixed.values())
  }

  @Test func aStateThatDoesNotFitIsNamedAndChangesNothing() throws {
    let network = try Network(Model(), seed: 1)
    let before = try network.flat.values()
    var state = network.state.mapValues { $0.copied() * 2 }
    state["norm.bias"] = .zeros([2])
    #expect(throws: StateError.self) { try network.load(state) }
    state["norm.bias"] = nil
    let missing = #expect(throws: StateError.self) { try network.load(state) }
    #expect(missing?.name == "norm.bias")
    state["norm.bias"] = .zeros([1])
    state["stranger"] = .zeros([1])
    let stranger = #expect(throws: StateError.self) { try network.load(state) }
    #expect(stranger?.name == "stranger")
    #expect(try network.flat.values() == before)
  }

  @Test func otherValuesStandInForTheLengthOfABlock() throws {
    let network = try Network(Model(), seed: 1)
    let zeros = Tensor.zeros([34])
    #expect(try network.with(zeros) { try network.model.first.weight.value.values() } == [0, 0, 0, 0, 0, 0])
    #expect(try network.model.first.weight.value.values() != [0, 0, 0, 0, 0, 0])
    // Nested blocks give back what they found.
    let after = try network.with(zeros) {
      network.with(.ones([34])) {}
      return try network.model.first.weight.value.values()
    }
    #expect(after == [0, 0, 0, 0, 0, 0])
  }

  /// An average may judge in the middle of a step: the step's own graph must still lead to the parameters.
  /// No gradient reaches parameters that stand as constants, and afterwards they are what they were.
  @Test func parametersCanStandAsConstants() throws {
    let network = try Network(Model(), seed: 1)
    let x = RandomStream(seed: 2).normal([4, 2]).asVariable()
    let frozen = network.asConstants { square(network.model(x)).sum() }
    #expect(try network.gradient(of: frozen, keepsGraph: true).values(Float.self).allSatisfy { $0 == 0 })
    #expect(try gradient(of: frozen, by: [x])[0].values(Float.self).contains { $0 != 0 })
    let free = square(network.model(x)).sum()
    #expect(try network.gradient(of: free).values(Float.self).contains { $0 != 0 })
    let doubled = try network.with(network.flat * 2) { try network.asConstants { try network.model(x).sum().item() } }
    #expect(try doubled != network.model(x).sum().item())
  }

  /// In another kind of number, fixed parameters too, for the length of a block.
  @Test func parametersCanStandAsNumbersOfAnotherKind() throws {
    let network = try Network(Model(), seed: 1)
    let x = RandomStream(seed: 2).normal([4, 2])
    let before = try network.model(x).values(Float.self)
    let exact = network.withParameters(as: .float64) { network.model(x.to(.float64)) }
    #expect(exact.dtype == .float64)
    try expectClose(
      network.model(x).to(.float64), exact, RoundingBound(.float32, sums: [2, 3, 3, 3], functions: 4).relative)
    #expect(try network.model(x).to(.float64).values(Double.self) != exact.values(Double.self))
    #expect(try network.model(x).values(Float.self) == before)
  }

  @Test func aGraphOutlivesOtherValues() throws {
    let network = try Network(Linear(2, 1), seed: 1, dtype: .float64)
    let x = Tensor([1.0, 2], shape: [1, 2])
    let y = network.model(x, .evaluation)
    network.with(network.flat * 2) { _ = network.model(x, .evaluation) }
    #expect(try network.gradient(of: y.sum()).values(Double.self).sorted() == [1, 1, 2])
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity]) func whatIsNotFiniteIsFoundByName(_ value: Double) throws {
    let network = try Network(Linear(3, 2), seed: 1)
    #expect(try network.nameOfFirstNonFinite(in: network.flat) == nil)
    for (index, name) in [(0, network.names[0]), (network.parameterCount - 1, network.names[1])] {
      var values = [Float](repeating: 1, count: network.parameterCount)
      values[index] = Float(value)
      #expect(try network.nameOfFirstNonFinite(in: Tensor(values)) == name)
    }
  }

  @Test func stateIsACopy() throws {
    let network = try Network(Model(), seed: 1)
    let (state, values) = (network.state, try network.flat.values())
    try network.flat.assign(.zeros([34]))
    try network.load(state)
    #expect(try network.flat.values() == values)
  }

  @Test func noiseIsDrawnAnewInTrainingAndLeftOutInEvaluation() throws {
    let layer = GaussianNoise(0.5)
    let x = Tensor.zeros([10_000, 1])
    let context = Context(.training, random: RandomStream(seed: 1))
    let (first, second) = (try layer(x, context).values(Double.self), try layer(x, context).values(Double.self))
    #expect(first != second)
    #expect(try layer(x, .evaluation).values(Double.self) == x.values(Double.self))
    let deviation = (first.reduce(0) { $0 + $1 * $1 } / 10_000).squareRoot()
    #expect(Swift.abs(deviation - 0.5) < 5 * 0.5 / (2 * 10_000.0).squareRoot())
  }

  @Test func initializersHaveTheirDistributions() throws {
    struct Wide: Module {
      let glorot = Parameter([100, 300], .glorotUniform)
      let normal = Parameter([30_000], .normal(mean: 1, standardDeviation: 2))
    }
    let model = Wide()
    _ = try Network(model, seed: 1)
    let bound = (6.0 / 400).squareRoot()
    let glorot = try model.glorot.value.values(Double.self)
    #expect(glorot.allSatisfy { Swift.abs($0) <= bound } && glorot.max()! > 0.99 * bound)
    let normal = try model.normal.value.values(Double.self)
    let mean = normal.reduce(0, +) / 30_000
    #expect(Swift.abs(mean - 1) < 0.06)
    #expect(Swift.abs((normal.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 30_000).squareRoot() - 2) < 0.05)
  }

  /// Against the closed form: starting from p0 and moving r of the way to p in each of n updates leaves (1 - r)^n of
  /// p0.
  @Test func weightAverageFollowsItsParameters() throws {
    let network = try Network(Model(), seed: 1)
    let start = try network.flat.values(Double.self)
    let average = try WeightAverage(of: network, rate: 0.25)
    try network.flat.assign(.ones([34]))
    for _ in 0..<3 { try average.update() }
    let left = 0.75 * 0.75 * 0.75
    try expectClose(
      average.values, Tensor(start.map { Float(left * $0 + 1 - left) }),
      RoundingBound(.float32, sums: [2, 2, 2]).ofTwo)
    try average.reset()
    #expect(try average.values.values() == network.flat.values())
  }
}

/// What a network would miss, or have twice, it refuses by name.
@Suite struct RefusedModelTests {
  struct Tied: Module {
    let first: Linear, second: Linear
    init() { (first, second) = { ($0, $0) }(Linear(2, 2)) }
  }
  struct InTuple: Module { let pair = (Linear(1, 1), Linear(1, 1)) }
  struct InDictionary: Module { let heads = ["small": Linear(1, 1)] }
  enum Choice { case linear(Linear) }
  struct InEnumeration: Module { let choice = Choice.linear(Linear(1, 1)) }
  class Base: Module { let layer = Linear(1, 1) }
  final class Derived: Base { let own = Linear(1, 1) }
  struct InSuperclass: Module { let part = Derived() }
  struct Plain { let layer = Linear(1, 1) }
  struct InPlainStruct: Module { let plain = Plain() }
  struct Negative: Module { let layer = Linear(-1, 3) }

  private func expect(_ model: some Module, _ name: String, _ reason: String) {
    let error = #expect(throws: NetworkError.self) { try Network(model, seed: 1) }
    #expect(error?.parameter == name && error?.reason.contains(reason) == true, "\(String(describing: error))")
  }

  @Test func parametersThatANetworkDoesNotFind() {
    expect(Tied(), "second.weight", "is 'first.weight' as well")
    expect(InTuple(), "pair..0.weight", "is in a tuple")
    expect(InDictionary(), "heads.0.value.weight", "is in a dictionary")
    expect(InEnumeration(), "choice.linear.weight", "is in the enumeration Choice")
    expect(InSuperclass(), "part.layer.weight", "is in the superclass Base")
    expect(InPlainStruct(), "plain.layer.weight", "is in Plain, which is no module")
    expect(Negative(), "layer.weight", "cannot have the shape [3, -1]")
  }

  @Test func aModelBelongsToOneNetwork() throws {
    let model = Linear(1, 1)
    _ = try Network(model, seed: 1)
    expect(model, "weight", "is in another network already")
  }
}
