import Foundation
import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// The penalty against plain means of the whole path, its place in the trainer, and the paper's game.
@Suite struct HistoricalAveragingTests {
  private func row(_ x: Tensor, _ index: Int) -> Tensor { x.sliced(0, index..<index + 1).squeezed(0).copied() }

  /// Average, gradient and value of six steps.
  @Test func golden() throws {
    try Golden("techniques").check("historical-averaging") { inputs, _ in
      let penalty = HistoricalAveraging(weight: 0.3)
      var (averages, gradients, values): ([Tensor], [Tensor], [Tensor]) = ([], [], [])
      for step in 0..<6 {
        let (theta, gradient) = (row(inputs["path"]!, step), row(inputs["gradient"]!, step))
        try penalty.add(to: gradient, at: theta)
        averages.append(penalty.average!.copied())
        gradients.append(gradient)
        values.append(penalty.value(at: theta)!)
      }
      return [stacked(averages, 0), stacked(gradients, 0), stacked(values, 0)]
    }
  }

  /// Long enough for several threads and an odd end, and laid out in another order, which takes the other path.
  @Test(arguments: [DType.float32, .float64]) func everyPathAgrees(_ dtype: DType) throws {
    let shape = [2, 70_003]
    func end(_ layout: (Tensor) -> Tensor) throws -> (average: Tensor, gradient: Tensor) {
      let average = layout(.zeros(shape, dtype: dtype))
      var last = average
      for step in 1...4 {
        let theta = layout(RandomStream(seed: 1).at(step).normal(shape, dtype: dtype))
        last = layout(.ones(shape, dtype: dtype))
        try historicalAverageStep(average, of: theta, gradient: last, count: step, weight: 0.7)
      }
      return (average, last)
    }
    let (flat, strided) = (try end { $0 }, try end { $0.transposed().contiguous().transposed() })
    // Four steps of two terms.
    let tolerance = RoundingBound(dtype, sums: [2, 2, 2, 2, 2]).ofTwo
    try expectClose(flat.average, strided.average, tolerance)
    try expectClose(flat.gradient, strided.gradient, tolerance)
    let draws = (1...4).map { RandomStream(seed: 1).at($0).normal(shape, dtype: dtype).to(.float64) }
    let mean = stacked(draws, 0).mean(0)
    try expectClose(flat.average.to(.float64), mean, tolerance)
  }

  @Test func seedsSideBySideEqualSeedsOneByOne() throws {
    let together = HistoricalAveraging(weight: 2)
    let alone = [HistoricalAveraging(weight: 2), HistoricalAveraging(weight: 2)]
    for step in 0..<3 {
      let theta = RandomStream(seed: 1).at(step).normal([2, 9])
      let gradient = Tensor.zeros([2, 9])
      try together.add(to: gradient, at: theta)
      for (index, penalty) in alone.enumerated() {
        let own = Tensor.zeros([9])
        try penalty.add(to: own, at: row(theta, index))
        #expect(try own.values() == row(gradient, index).values())
      }
      let values = try #require(together.value(at: theta))
      #expect(values.shape == [2])
      let tolerance = RoundingBound(.float32, sums: [2, 2, 2, 9]).ofTwo
      for index in 0..<2 {
        try expectClose(row(values, index), alone[index].value(at: row(theta, index))!, tolerance)
      }
    }
  }

  /// One that is saved and restored goes on as if nothing had happened, with an average of its own.
  @Test func goesOnFromItsState() throws {
    let one = HistoricalAveraging(weight: 1)
    #expect(one.average == nil && one.count == 0 && one.value(at: .zeros([5])) == nil)
    func step(_ penalty: HistoricalAveraging, _ index: Int) throws -> [Float] {
      let gradient = Tensor.zeros([5])
      try penalty.add(to: gradient, at: RandomStream(seed: 1).at(index).normal([5]))
      return try gradient.values()
    }
    #expect(try step(one, 0) == [0, 0, 0, 0, 0])
    _ = try step(one, 1)
    let restored = HistoricalAveraging(weight: 1)
    try restored.restore(one.state.mapValues { $0.copied() })
    for index in 2..<5 { #expect(try step(one, index) == step(restored, index)) }
    #expect(restored.count == 5)
  }

  @Test func shapesThatDifferAreNamed() {
    let error = #expect(throws: TensorError.self) {
      try HistoricalAveraging(weight: 1).add(to: .zeros([3]), at: .zeros([4]))
    }
    #expect(error?.description.contains("historicalAverageStep") == true && error?.description.contains("[3]") == true)
  }

  /// In the trainer: the player that has it moves differently from its second step on, and its average is that of where
  /// it stood before each step.
  @Test(arguments: [true, false]) func theTrainerAppliesItToEitherPlayer(_ toGenerator: Bool) throws {
    func trainer(_ penalty: HistoricalAveraging?) throws -> TrainerTests.Small {
      let random = RandomStream(seed: 1)
      func training(_ has: Bool) -> Training {
        Training(Momentum(0), learningRate: LearningRate(0.05), penalties: has ? [penalty].compactMap { $0 } : [])
      }
      return Trainer(
        generator: try Network(TrainerTests.SmallGenerator(), random: random.stream("G")),
        discriminator: try Network(TrainerTests.SmallDiscriminator(), random: random.stream("D")),
        data: { step, random in random.at(step).normal([16, 1]) * 0.5 + 2 }, noise: .uniform(-1, 1, dimensions: 1),
        generatorTraining: training(toGenerator), discriminatorTraining: training(!toGenerator), steps: 4,
        random: random.stream("game"))
    }
    let penalty = HistoricalAveraging(weight: 3)
    let (plain, averaging) = (try trainer(nil), try trainer(penalty))
    func flat(_ trainer: TrainerTests.Small) -> Tensor {
      toGenerator ? trainer.generator.flat : trainer.discriminator.flat
    }
    var places: [Tensor] = []
    for step in 0..<4 {
      places.append(flat(averaging).copied())
      #expect(try (flat(plain).values() == flat(averaging).values()) == (step < 2))
      _ = (try plain.next(), try averaging.next())
    }
    #expect(penalty.count == 4)
    try expectClose(
      try #require(penalty.average), stacked(places, 0).mean(0),
      RoundingBound(.float32, sums: [2, 2, 2, 2, 4]).ofTwo)
  }

  // MARK: The paper's game

  @Test(arguments: ["plain", "averaging"], ["right", "left"]) func gameGolden(_ name: String, _ side: String) throws {
    let start = side == "right" ? AveragingGame.Point(0.5, 0.5) : .init(-0.3, 1.5)
    let path = try AveragingGame(start: start, rate: 0.05, weight: name == "plain" ? 0 : 0.25, steps: 40).play()
    // 40 steps of a rate of 0.05, in each of which an error may grow by a twentieth: e^2 in all.
    let bound = RoundingBound(.float64, sums: [4 * 40], amplification: 8)
    let expected = try #require(try Golden("techniques").tensors()["averaging-game-\(name)-\(side).f64.out.path"])
    try expectClose(Tensor(path.flatMap { [$0.x, $0.y] }, shape: [41, 2]), expected, bound.ofTwo)
  }

  /// Plain descent goes round and round: it never comes near, it passes through all four quarters, and its rounds do
  /// not shrink. With the penalty it arrives.
  @Test(arguments: [AveragingGame.Point(0.5, 0.5), .init(1.5, 1), .init(1, 0.4)])
  func plainDescentOrbitsAndAveragingArrives(_ start: AveragingGame.Point) throws {
    let plain = try AveragingGame(start: start).play()
    #expect(plain.count == 10_001)
    let distances = plain.map(\.distance)
    #expect(distances.min()! > 0.6 * start.distance)
    #expect(distances.suffix(2000).max()! >= distances.prefix(2000).max()!)
    #expect(Set(plain.suffix(2000).map { [$0.x > 1, $0.y > 1] }).count == 4)
    let averaging = try AveragingGame(start: start, weight: 0.1).play()
    #expect(averaging.count == 10_001)
    #expect(averaging.suffix(1000).allSatisfy { $0.distance < 0.005 })
    #expect(averaging[5000].distance > averaging.last!.distance)
  }

  @Test func aGameThatRunsAwayEndsEarly() throws {
    let path = try AveragingGame(rate: 0.5, steps: 1000).play()
    #expect(path.count < 1000 && !(path.last!.distance < 1e6))
    #expect(path.dropLast().allSatisfy { $0.distance < 1e6 })
  }
}
