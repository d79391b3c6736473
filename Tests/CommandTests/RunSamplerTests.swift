import Foundation
import Images
import NN
import Recipes
import Testing
import Torch

/// A run's generator in the hands of many tasks at once, as a server holds it.
@Suite struct RunSamplerTests {
  private func withRun(_ recipe: String, _ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sampler-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let pictures = folder.appendingPathComponent("set")
    try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
    for seed in 0..<12 {
      try Image(width: 8, height: 8, channels: 3, samples: (0..<192).map { UInt8($0 + seed) }).png().write(
        to: pictures.appendingPathComponent("\(seed).png"))
    }
    try Data(recipe.utf8).write(to: folder.appendingPathComponent("r.yaml"))
    let data = recipe.contains("pictures") ? ["--data", "set"] : []
    let found = try GanProcess(["train", "r.yaml", "--out", "run", "--threads", "1"] + data, in: folder)
    try #require(found.status == 0, "\(found.errors)")
    try await body(folder.appendingPathComponent("run"))
  }

  private static let small = """
    noise: {dimensions: 4}
    generator: {hidden: [16], averagingRate: 0.1}
    discriminator: {hidden: [16, 8], initializationExamples: 8}
    duration: {count: 6, unit: steps}
    batchSize: 4
    output: {measurementInterval: 1000, sampleInterval: 1000}
    """

  /// A seed's picture is the one that `gan sample --seeds` draws, whatever others are asked for, and whoever asks at
  /// once.
  @Test func manyTasksGetThePicturesOfTheirSeeds() async throws {
    try await withRun("base: mnist\nname: s\ndata: {source: pictures, size: 8, pixels: unit}\n" + Self.small) { run in
      let sampler = try RunSampler(run)
      #expect(sampler.imageShape == [3, 8, 8])
      let alone = try await sampler.pictures(seeds: [7])
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for first in 0..<20 {
          group.addTask {
            let pictures = try await sampler.pictures(seeds: [UInt64(first), 7, UInt64(first + 1)])
            return pictures.count == 3 && pictures[1] == alone[0] && pictures[0] != pictures[2]
          }
        }
        for try await isRight in group { #expect(isRight) }
      }
      let drawn = try GanProcess(
        ["sample", run.path, "--seeds", "7", "--out", "drawn/"], in: run.deletingLastPathComponent())
      #expect(drawn.status == 0, "\(drawn.errors)")
      let files = try FileManager.default.contentsOfDirectory(
        at: run.deletingLastPathComponent().appendingPathComponent("drawn"), includingPropertiesForKeys: nil)
      #expect(try files.map { try Image(contentsOf: $0) } == alone)
      #expect(try await sampler.pictures(seeds: []).isEmpty)
      // What does not fit is an error, and the next request is served.
      await #expect(throws: TensorError.self) { try await sampler.pictures(seeds: [1, 2], classes: [0, 1]) }
      #expect(try await sampler.pictures(seeds: [7]) == alone)
    }
  }

  @Test func pointsAreRowsAndNoPictures() async throws {
    try await withRun("base: two-dimensional\nname: p\nduration: {count: 6, unit: steps}\n") { run in
      let sampler = try RunSampler(run)
      let points = try await sampler.points(seeds: [1, 2, 3])
      #expect(points.count == 3 && points.allSatisfy { $0.count == 2 && $0.allSatisfy(\.isFinite) })
      #expect(try await sampler.points(seeds: [2]) == [points[1]])
      await #expect(throws: TensorError.self) { try await sampler.pictures(seeds: [1]) }
    }
  }

  /// What is not `Sendable` stays where it was made; one task at a time has it.
  @Test func whatIsIsolatedIsUsedByOneTaskAtATime() async throws {
    let network = try Isolated { try Network(Linear(2, 3), seed: 1) }
    let alone = try await network.use { try $0.model(.full(1, [1, 2])).values() }
    try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<20 { group.addTask { try await network.use { try $0.model(.full(1, [1, 2])).values() } } }
      for try await values in group { #expect(values == alone) }
    }
    #expect(throws: NetworkError.self) { try Isolated { try Network(Conv2d(3, 4, kernel: 1, groups: 2), seed: 1) } }
  }
}
