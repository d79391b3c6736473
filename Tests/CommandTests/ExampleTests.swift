import Foundation
import Images
import Testing

/// The package as others use it: packages of their own that depend on this one.
@Suite(.serialized) struct ExampleTests {
  private func build(_ name: String, in folder: URL) throws -> URL {
    try buildOutside(GanProcess.package.appendingPathComponent("Examples/\(name)"), name, in: folder)
  }

  @Test func theRingIsBuiltFromOutsideAndPlays() throws {
    try withEmptyFolder { folder in
      let run = try GanProcess(["500"], in: folder, executable: build("Ring", in: folder))
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.split(separator: "\n").count == 5 && run.output.contains("step 500: "), "\(run.output)")
    }
  }

  /// A run is opened and drawn from by another program, and what is no run ends in an error that names it.
  @Test func theSamplerDrawsFromARun() throws {
    try withEmptyFolder { folder in
      let photos = folder.appendingPathComponent("photos")
      try FileManager.default.createDirectory(at: photos, withIntermediateDirectories: true)
      for index in 0..<8 {
        let samples = (0..<16 * 16 * 3).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0) }
        try Image(width: 16, height: 16, channels: 3, samples: samples).png()
          .write(to: photos.appendingPathComponent("\(index).png"))
      }
      let small = [
        "data.size=16", "batchSize=4", "generator.width=4", "discriminator.width=4", "noise.dimensions=6",
        "discriminator.initializationExamples=4",
      ]
      let train = try GanProcess(
        ["train", "pictures", "--data", "photos", "--steps", "1", "--out", "run"] + small.flatMap { ["--set", $0] },
        in: folder, environment: ["XDG_CACHE_HOME": folder.appendingPathComponent("cache").path])
      try #require(train.status == 0, "\(train.errors)")
      let sampler = try build("Sampler", in: folder)
      let drawn = try GanProcess(["run", "grid.png"], in: folder, executable: sampler)
      #expect(drawn.status == 0, "\(drawn.errors)")
      let grid = try Image(contentsOf: folder.appendingPathComponent("grid.png"))
      // Sixteen pictures, four in a row, with what ImageGrid leaves between them.
      #expect(grid.channels == 3 && grid.width == grid.height && grid.width >= 4 * 16)
      let refused = try GanProcess(["photos", "none.png"], in: folder, executable: sampler)
      #expect(refused.status != 0 && refused.errors.contains("photos"), "\(refused.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("none.png").path))
    }
  }
}

/// Builds another package that depends on this one by its place, and gives its program. All share what they build of
/// this package.
func buildOutside(_ package: URL, _ product: String, in folder: URL) throws -> URL {
  let scratch = GanProcess.package.appendingPathComponent("Examples/.build")
  let build = try GanProcess(
    ["swift", "build", "-c", "release", "--package-path", package.path, "--scratch-path", scratch.path], in: folder,
    executable: URL(fileURLWithPath: "/usr/bin/env"))
  try #require(build.status == 0, "\(build.output.suffix(3000))\(build.errors.suffix(3000))")
  return scratch.appendingPathComponent("release/\(product)")
}
