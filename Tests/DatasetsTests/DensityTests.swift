import Datasets
import Foundation
import Testing
import Torch

@Suite struct DensityTests {
  private let density: Density

  init() throws {
    density = try Density([
      .init(weight: 0.3, mean: -2, standardDeviation: 0.5), .init(weight: 0.7, mean: 1, standardDeviation: 1),
    ])
  }

  @Test func integratesToOneAndAgreesWithItsOwnTensorForm() throws {
    let x = (0..<20_000).map { -10 + 20 * (Double($0) + 0.5) / 20_000 }
    #expect(abs(x.reduce(0) { $0 + density($1) } * 20 / 20_000 - 1) < 1e-9)
    let tensor = try density(Tensor(x)).values(Double.self)
    #expect(zip(x, tensor).allSatisfy { abs(density($0) - $1) < 1e-12 })
  }

  @Test func quantilesInvertTheCumulativeShare() throws {
    for p in [0.001, 0.25, 0.5, 0.9, 0.999] { #expect(abs(density.cumulative(density.quantile(p)) - p) < 1e-10) }
    #expect(abs(try Density.normal(0, 1).quantile(0.975) - 1.959963984540054) < 1e-9)
  }

  @Test func samplesHaveItsMomentsAndComponents() throws {
    let points = try density.sample(100_000, RandomStream(seed: 3)).values(Double.self)
    let mean = points.reduce(0, +) / 100_000
    let variance = points.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
    #expect(abs(mean - density.mean) < 5 * density.standardDeviation / 100_000.0.squareRoot())
    #expect(abs(variance.squareRoot() - density.standardDeviation) < 0.03)
    let low = Double(points.filter { $0 < -1 }.count) / 100_000
    #expect(abs(low - density.cumulative(-1)) < 5 * (0.25 / 100_000).squareRoot())
  }

  @Test func batchesAreFreshInEveryStepAndSortedOnRequest() throws {
    let random = RandomStream(seed: 1)
    let batches = density.batches(50, sorted: true)
    let first = try batches(0, random).values()
    #expect(first == first.sorted() && first.count == 50)
    #expect(try batches(0, random).values() == first)
    #expect(try batches(1, random).values() != first)
    #expect(try density.batches(50)(0, random).values().sorted() == first)
  }
}

@Suite struct ImageBatchesTests {
  @Test func everyImageComesOnceAnEpochInAnOrderOfItsOwn() throws {
    let images = try LabelledImages(
      images: PixelBytes((0..<12).map { UInt8($0 * 20) }), labels: nil, height: 1, width: 1, channels: 1)
    let source = try ImageBatches(images, batchSize: 4)
    let random = RandomStream(seed: 1)
    func epoch(_ number: Int) throws -> [Float] {
      try (0..<3).flatMap { try source.batches(number * 3 + $0, random).values() }
    }
    #expect(source.stepsPerEpoch == 3)
    let expected = (0..<12).map { Float($0 * 20) / 255 }
    let (first, second) = (try epoch(0), try epoch(1))
    #expect(zip(first.sorted(), expected).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(first != second && second.sorted() == first.sorted())
    // A step's batch does not depend on which steps were asked for before.
    let one = try source.batches(4, random).values()
    let batches = source.batches
    _ = (batches(11, random), batches(0, random.stream("other")))
    #expect(try batches(4, random).values() == one)
  }

  @Test func pixelsAreScaledToTheRange() throws {
    let images = try LabelledImages(
      images: PixelBytes([0, 255, 51, 102]), labels: nil, height: 2, width: 2, channels: 1)
    let values = try ImageBatches(images, batchSize: 1, range: -1...1).examples([0]).values()
    #expect(zip(values, [-1, 1, -0.6, -0.2]).allSatisfy { abs($0 - $1) < 1e-6 })
  }
}
