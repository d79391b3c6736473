import Foundation
import Recipes
import Testing

/// A run is looked at by the data that it was trained on, and by no other set of the same shape.
@Suite struct OtherDataTests {
  private func gan(_ arguments: String, _ folder: URL, status: Int32 = 0) throws -> GanProcess {
    let process = try GanProcess(arguments.split(separator: " ").map(String.init), in: folder)
    #expect(process.status == status, "\(arguments): \(process.errors)")
    return process
  }

  @Test func doctorAndEvaluationTellOtherImagesFromTheRunsOwn() throws {
    try withEmptyFolder { folder in
      try writeFewLabels(folder)
      let other = folder.appendingPathComponent("other")
      try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
      for name in [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
      ] {
        var bytes = try Data(contentsOf: folder.appendingPathComponent(name))
        if name.contains("images") { bytes = bytes.prefix(16) + Data(bytes.dropFirst(16).map { 255 - $0 }) }
        try bytes.write(to: other.appendingPathComponent(name))
      }
      _ = try gan("train few.yaml --data . --threads 1 --out run", folder)
      let refused = try gan("doctor run --data other --json", folder, status: 1)
      #expect(
        refused.errors.contains("begun on other examples") && refused.errors.contains("--data"), "\(refused.errors)")
      #expect(try gan("evaluate run --data .", folder).errors.isEmpty)
      #expect(try gan("evaluate run", folder).errors.isEmpty, "the place is remembered")
      for split in ["test", "train"] {
        let said = try gan("evaluate run --data other --split \(split)", folder).errors
        #expect(said.contains("these are not the images that the run"), "\(said)")
      }
      // The files in the run's own place have become others.
      for name in ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"] {
        try Data(contentsOf: other.appendingPathComponent(name)).write(to: folder.appendingPathComponent(name))
      }
      #expect(try gan("evaluate run", folder, status: 1).errors.contains("--data"))
      #expect(try gan("doctor run", folder, status: 1).errors.contains("begun on other examples"))
    }
  }

  /// A game without classes asks for none: the file may be missing, or have classes of its own.
  @Test func aGameWithoutClassesNeedsNoLabels() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      for name in ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"] {
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
      }
      _ = try gan("train tiny.yaml --data . --threads 1 --out without", folder)
      let count = try Data(contentsOf: folder.appendingPathComponent("train-images-idx3-ubyte")).dropFirst(4).prefix(4)
        .reduce(0) { $0 * 256 + Int($1) }
      let header = Data([0, 0, 8, 1]) + withUnsafeBytes(of: UInt32(count).bigEndian) { Data($0) }
      try (header + Data((0..<count).map { UInt8(1 + $0 % 26) })).write(
        to: folder.appendingPathComponent("train-labels-idx1-ubyte"))
      _ = try gan("train tiny.yaml --data . --threads 1 --out letters", folder)
    }
  }

  /// Sixty-five images are too few for two keys of the recipe at once.
  @Test func oneErrorNamesAllThatMustChange() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      let refused = try gan("train mnist --data . --steps 2", folder, status: 1).errors
      for word in ["batchSize", "initializationExamples", "at most 64"] {
        #expect(refused.contains(word), "\(refused)")
      }
    }
  }

  /// Four images show nothing of what samples reach; of one image learnt by heart, samples that differ by a grey level
  /// are the image.
  @Test func theDoctorOfVeryFewImages() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder, count: 4)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      let four = "train tiny.yaml --data . --batch-size 2 --set discriminator.initializationExamples=2 --steps 20"
      _ = try gan("\(four) --threads 1 --out four", folder)
      let verdict = try GanProcess(["doctor", "four", "--json"], in: folder).output
      #expect(!verdict.contains(#""verdict":"healthy""#), "\(verdict)")
    }
  }
}
