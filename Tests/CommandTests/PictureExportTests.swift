import Foundation
import GAN
import GoldenSupport
import Images
import NN
import Recipes
import Testing
import Torch

/// Networks of picture runs that are exported compute what the run's networks compute, told classes or not, and say
/// what they are.
@Suite struct PictureExportTests {
  /// Twelve pictures of two classes, 20 x 20.
  private func makeFolder(in folder: URL) throws {
    for label in ["cat", "dog"] {
      let place = folder.appendingPathComponent("set/\(label)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for index in 0..<6 {
        let samples = (0..<20 * 20 * 3).map { UInt8(truncatingIfNeeded: index &* 37 &+ $0 &* (label == "cat" ? 3 : 7)) }
        try Image(width: 20, height: 20, channels: 3, samples: samples).png()
          .write(to: place.appendingPathComponent("\(index).png"))
      }
    }
  }

  private func gan(_ arguments: [String], _ folder: URL) throws {
    let cache = ["XDG_CACHE_HOME": folder.appendingPathComponent("cache").path]
    let process = try GanProcess(arguments, in: folder, environment: cache)
    try #require(process.status == 0, "\(arguments): \(process.errors)")
  }

  private static let small = [
    "data.size=16", "batchSize=4", "generator.width=4", "discriminator.width=4", "noise.dimensions=6",
    "discriminator.initializationExamples=4", "augmentation.policies=[]",
  ]

  private func train(_ settings: [String], in folder: URL) throws -> RunFolder.SavedRun {
    try makeFolder(in: folder)
    try gan(
      ["train", "pictures", "--data", "set", "--steps", "2", "--out", "run"]
        + (Self.small + settings).flatMap { ["--set", $0] }, folder)
    return try RunFolder(folder.appendingPathComponent("run")).load(device: .cpu)
  }

  private func module(_ network: String, in folder: URL) throws -> (module: ScriptModule, text: String) {
    let name = "\(network).pt"
    try gan(["export", "run", "--network", network, "--out", name, "--batch-statistics"], folder)
    let file = try Data(contentsOf: folder.appendingPathComponent(name))
    // Beside the module's code the archive holds texts as they are.
    return (try ScriptModule(file), String(decoding: file, as: UTF8.self))
  }

  /// What the module gives in float32 against the network in float64. Its convolutions are sums of 4 x 4 pixels of at
  /// most 16 channels, forward through at most four layers and the batch norms between them, which divide by what is
  /// left of differences.
  private func expectSame(_ found: Tensor, _ exact: Tensor, _ what: String) throws {
    #expect(found.shape == exact.shape, "\(what)")
    let (apart, largest) = (
      try abs(found.to(.float64) - exact).max().item(), try abs(exact).max().item()
    )
    let rounding = RoundingBound(.float32, sums: [256, 256, 256, 256, 100, 100, 100], functions: 8, amplification: 100)
    #expect(apart <= rounding.relative * largest, "\(what): \(apart) of \(largest)")
  }

  @Test(arguments: [false, true]) func moduleGivesWhatTheNetworkGives(_ isConditional: Bool) throws {
    try withEmptyFolder { folder in
      let run = try train(["classConditional.enabled=\(isConditional)"], in: folder)
      let (game, stream) = (run.game, RandomStream(seed: 5))
      let generator = try module("generator", in: folder), discriminator = try module("discriminator", in: folder)
      for count in [1, 3, 9] {
        try checkingTensors {
          let labels = isConditional ? Tensor((0..<count).map { Int64($0 % 2) }) : nil
          let z = stream.at(count).normal([count, 6], dtype: .float64)
          let x = stream.at(count).uniform([count, 3, 16, 16], dtype: .float64)
          let (images, logits) = withoutGradient {
            (
              game.generator.withParameters(as: .float64) { game.generator.model(z, .evaluation(labels: labels)) },
              game.discriminator.withParameters(as: .float64) {
                game.discriminator.model(x, .evaluation(labels: labels)).logits
              }
            )
          }
          // Batch norm of one row and of several.
          try expectSame(generator.module(z.to(.float32), labels: labels), images, "G, \(count) rows")
          try expectSame(discriminator.module(x.to(.float32), labels: labels), logits, "D, \(count) rows")
        }
      }
      #expect(generator.text.contains("\"classes\" : 2") == isConditional)
      #expect(discriminator.text.contains("\"objective\" : \"hinge\""))
    }
  }

  /// What somebody keeps under the name is not replaced, neither by a network nor by an archive.
  @Test func nothingIsReplaced() throws {
    try withEmptyFolder { folder in
      try makeFolder(in: folder)
      let kept = Data("mine".utf8), place = folder.appendingPathComponent("a.zip")
      try kept.write(to: place)
      let found = try GanProcess(["data", "pack", "set", "a.zip", "--size", "8"], in: folder)
      #expect(found.status != 0 && found.errors.contains("a.zip: exists"), "\(found.errors)")
      #expect(try Data(contentsOf: place) == kept)
    }
  }
}
