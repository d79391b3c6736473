import Foundation
import Images
import Testing

/// Samples that are chosen: by a seed of their own, on the way between two, of a class.
@Suite struct SampleCommandTests {
  /// A class-conditional DCGAN of 8 x 8 pixels after two steps, in `folder/run`.
  private func withRun(_ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try writeFewLabels(folder)
      let recipe = """
        base: dcgan-32
        name: small
        data: {source: mnist, pixels: symmetric}
        generator: {width: 4}
        discriminator: {width: 4}
        classConditional: {enabled: true}
        noise: {dimensions: 4}
        batchSize: 8
        duration: {count: 2, unit: steps}
        """
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("small.yaml"))
      let trained = try GanProcess(
        ["train", "small.yaml", "--data", ".", "--threads", "1", "--out", "run"], in: folder)
      #expect(trained.status == 0, "\(trained.errors)")
      try body(folder)
    }
  }

  private func sample(_ arguments: [String], _ folder: URL, status: Int32 = 0) throws -> GanProcess {
    let process = try GanProcess(["sample", "run", "--threads", "1"] + arguments, in: folder)
    #expect(process.status == status, "\(arguments): \(process.errors)")
    return process
  }

  /// A picture of a seed is the same whatever others are drawn with it, though G's batch norm looks at the whole batch;
  /// and an interpolation begins and ends with its seeds' own pictures.
  @Test func aSeedsPictureIsItsOwn() throws {
    try withRun { folder in
      _ = try sample(["--seeds", "3,5-7", "--class", "2", "--out", "four/"], folder)
      _ = try sample(["--seeds", "5", "--class", "2", "--out", "one/"], folder)
      _ = try sample(["--seeds", "5,7", "--class", "2", "--interpolate", "3", "--out", "way/"], folder)
      func picture(_ name: String) throws -> Image { try Image(contentsOf: folder.appendingPathComponent(name)) }
      #expect(try picture("four/000001.png") == picture("one/000000.png"))
      #expect(try picture("four/000000.png") != picture("one/000000.png"))
      #expect(try picture("way/000000.png") == picture("one/000000.png"))
      #expect(try picture("way/000002.png") == picture("four/000003.png"))
    }
  }

  /// A row of a grid for each class that is named; other classes, and seeds that are none, are refused by name.
  @Test func rowsAreClasses() throws {
    try withRun { folder in
      _ = try sample(["--class", "1,9", "--count", "6", "--out", "grid.png"], folder)
      let grid = try Image(contentsOf: folder.appendingPathComponent("grid.png"))
      // Three to a row, each enlarged seven times, with two pixels between them.
      #expect(grid.width == 3 * 58 + 2 && grid.height == 2 * 58 + 2)
      #expect(try sample(["--class", "10", "--out", "x.png"], folder, status: 64).errors.contains("'10' is no class"))
      #expect(try sample(["--seeds", "9-4", "--out", "x.png"], folder, status: 64).errors.contains("9-4"))
      #expect(
        try sample(["--seeds", "1", "--interpolate", "4", "--out", "x.png"], folder, status: 64).errors.contains("two"))
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("x.png").path))
    }
  }

  /// One zip as stylegan's tools read it, a moving WebP, and the nearest training pictures beside samples.
  @Test func otherForms() throws {
    try withRun { folder in
      _ = try sample(["--class", "3", "--count", "5", "--out", "samples.zip"], folder)
      let check = try GanProcess(["data", "check", "samples.zip", "--json"], in: folder)
      #expect(check.status == 0 && check.output.contains("5"), "\(check.output)\(check.errors)")
      _ = try sample(["--seeds", "1,2", "--interpolate", "4", "--out", "walk.webp"], folder)
      #expect(try Data(contentsOf: folder.appendingPathComponent("walk.webp")).prefix(4) == Data("RIFF".utf8))
      let near = try sample(["--seeds", "1,2", "--nearest", "3", "--data", ".", "--out", "near.jpg"], folder)
      #expect(near.output.contains("the nearest pair"))
      let grid = try Image(contentsOf: folder.appendingPathComponent("near.jpg"))
      #expect(grid.width == 4 * 58 + 2 && grid.height == 2 * 58 + 2)
    }
  }
}
