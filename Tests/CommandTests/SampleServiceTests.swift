import Foundation
import Images
import Recipes
import ServedSamples
import Testing

/// Examples/Serve but for the server itself: what a request may say, and that requests answered together get what each
/// would have got alone.
@Suite struct SampleServiceTests {
  @Test func queriesThatCanBeAnswered() throws {
    let one = try SampleQuery("seed=7", classes: nil)
    #expect(one.seeds == [7] && one.label == nil)
    let several = try SampleQuery("count=3&seed=0&class=1", classes: 2)
    #expect(several.seeds == [0, 1, 2] && several.label == 1)
    #expect(try SampleQuery("seed=9007199254740992&count=64", classes: 2).seeds.count == SampleQuery.most)
  }

  @Test(arguments: [
    ("", "seed"), ("count=3", "seed"), ("seed=", "seed"), ("seed", "seed"), ("seed=-1", "seed"), ("seed=1.5", "seed"),
    ("seed=99999999999999999999", "seed"), ("seed=9007199254740993", "seed"), ("seed=+1", "seed"),
    ("seed=1&count=0", "count"), ("seed=1&count=65", "count"), ("seed=1&count=x", "count"), ("seed=1&seed=2", "twice"),
    ("seed=1&size=4", "size"), ("seed=1&class=2", "class"), ("=1", "''"), ("seed=%31", "seed"),
  ]) func queriesThatCannot(_ query: String, _ word: String) throws {
    let error = #expect(throws: QueryError.self) { try SampleQuery(query, classes: 2) }
    #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
  }

  @Test func classesOfARunWithoutAny() throws {
    let error = #expect(throws: QueryError.self) { try SampleQuery("seed=1&class=0", classes: nil) }
    #expect(error?.description.contains("class") == true)
  }

  private func withRun(_ settings: [String], _ body: (_ folder: URL, _ run: URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gan-tests-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder, train(settings, in: folder))
  }

  private func train(_ settings: [String], in folder: URL) throws -> URL {
    for label in ["cat", "dog"] {
      let place = folder.appendingPathComponent("set/\(label)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for index in 0..<6 {
        let samples = (0..<16 * 16 * 3).map { UInt8(truncatingIfNeeded: index &* 37 &+ $0) }
        try Image(width: 16, height: 16, channels: 3, samples: samples).png()
          .write(to: place.appendingPathComponent("\(index).png"))
      }
    }
    let small = [
      "data.size=16", "batchSize=4", "noise.dimensions=6", "discriminator.width=4",
      "discriminator.initializationExamples=4",
    ]
    let train = try GanProcess(
      ["train", "pictures", "--data", "set", "--steps", "1", "--out", "run"]
        + (small + settings).flatMap { ["--set", $0] },
      in: folder, environment: ["XDG_CACHE_HOME": folder.appendingPathComponent("cache").path])
    try #require(train.status == 0, "\(train.errors)")
    return folder.appendingPathComponent("run")
  }

  /// With standing statistics a seed's picture depends on no other either, and is another one than by its batch.
  @Test func standingStatisticsMakePicturesOfTheirOwn() async throws {
    try await withRun(["generator.width=4"]) { _, run in
      let standing = try await SampleService(run, standingRows: 64), byBatch = try RunSampler(run)
      let together = try await standing.pictures(SampleQuery("seed=3&count=5", classes: standing.classes))
      let alone = try await standing.pictures(SampleQuery("seed=5", classes: standing.classes))
      let others = try await byBatch.pictures(seeds: [5])
      #expect(together[2] == alone[0])
      #expect(alone[0] != others[0])
    }
  }

  /// 200 requests at once, of 1 to 5 pictures: none is lost, each gets those of its own seeds, and some went together.
  @Test(arguments: [
    ["generator.width=4", "classConditional.enabled=true"],
    [
      "generator.network=r3gan", "generator.widths=[8, 8, 8]", "generator.blocks=1", "generator.groupWidth=8",
      "batchSize=12",
    ],
  ]) func requestsTogetherGetWhatEachGetsAlone(_ settings: [String]) async throws {
    try await withRun(settings) { _, run in
      let service = try await SampleService(run, workers: 2), alone = try RunSampler(run)
      #expect(service.shape == [3, 16, 16] && service.classes == (settings.count == 2 ? 2 : nil))
      let queries = try (0..<200).map { index in
        try SampleQuery("seed=\(index * 3)&count=\(1 + index % 5)", classes: service.classes)
      }
      let found = try await withThrowingTaskGroup(of: (Int, [Image]).self) { group in
        for (index, query) in queries.enumerated() {
          group.addTask { (index, try await service.pictures(query)) }
        }
        return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      #expect(found.count == queries.count)
      for (index, query) in queries.enumerated() {
        let labels = service.classes.map { classes in (0..<query.count).map { $0 % classes } }
        let own = try await alone.pictures(seeds: query.seeds, classes: labels)
        let isSame = found[index] == own
        #expect(isSame, "request \(index)")
      }
      let passes = await service.passes
      #expect(passes < queries.count, "\(passes) passes for \(queries.count) requests")
      let grid = try Image(png: try await service.png(queries[4]))
      #expect(grid.channels == 3 && grid.width > 2 * 16)
      #expect(try Image(png: try await service.png(queries[0])).width == 16)
    }
  }

  /// Who asks for more than is taken on is told so, and so is who has no run of pictures.
  @Test func whatIsRefused() async throws {
    try await withRun(["generator.width=4"]) { folder, run in
      let service = try await SampleService(run, mostWaiting: 3)
      let four = try SampleQuery("seed=1&count=4", classes: nil)
      await #expect(throws: ServiceError.busy) { try await service.pictures(four) }
      #expect(try await service.pictures(SampleQuery("seed=1&count=3", classes: nil)).count == 3)
      let points = try GanProcess(["train", "one-dimensional", "--steps", "1", "--out", "points"], in: folder)
      #expect(points.status == 0)
      await #expect(throws: ServiceError.self) {
        try await SampleService(folder.appendingPathComponent("points"))
      }
      await #expect(throws: (any Error).self) { try await SampleService(folder.appendingPathComponent("none")) }
    }
  }
}
