import Foundation
import Testing

/// A recipe may ask for virtual batch normalisation by name; its run trains, is saved with its reference batch, and
/// draws.
@Suite struct VirtualBatchRecipeTests {
  @Test func trainsAndSamples() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      let choice = ["--set", "generator.normalization=virtual-batch"]
      let plan = try GanProcess(["train", "tiny.yaml", "--data", ".", "--dry-run"] + choice, in: folder)
      #expect(plan.output.contains("virtual-batch") && plan.output.contains("reference.examples"), "\(plan.errors)")
      let train = try GanProcess(["train", "tiny.yaml", "--data", ".", "--out", "run"] + choice, in: folder)
      #expect(train.status == 0, "\(train.errors)")
      for count in ["3", "20"] {
        let sample = try GanProcess(["sample", "run", "--count", count, "--out", "\(count).png"], in: folder)
        #expect(sample.status == 0, "\(sample.errors)")
      }
      let alone = try GanProcess(
        ["train", "tiny.yaml", "--data", ".", "--batch-size", "1", "--dry-run"] + choice, in: folder)
      #expect(alone.status != 0 && alone.errors.contains("batchSize"), "\(alone.output)")
    }
  }
}
