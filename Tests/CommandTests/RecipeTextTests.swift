import Foundation
import Testing

/// Recipes as they come: from editors that put a mark in front, through pipes, and with values that are not what a key
/// takes.
@Suite struct RecipeTextTests {
  @Test func byteOrderMarks() throws {
    try withEmptyFolder { folder in
      let file = folder.appendingPathComponent("mine.yaml")
      let yaml = "name: mine\nbase: one-dimensional\n"
      try (Data([0xEF, 0xBB, 0xBF]) + Data(yaml.utf8)).write(to: file)
      let train = try GanProcess(["train", "mine.yaml", "--threads", "1", "--steps", "3", "--out", "run"], in: folder)
      #expect(train.status == 0, "\(train.errors)")
      // What the program wrote and an editor has saved again.
      for name in ["run/run.json", "run/recipe.yaml", "run/measurements.jsonl"] {
        let saved = folder.appendingPathComponent(name)
        try (Data([0xEF, 0xBB, 0xBF]) + Data(contentsOf: saved)).write(to: saved)
      }
      let sample = try GanProcess(["sample", "run", "--count", "2", "--out", "x.txt"], in: folder)
      #expect(sample.status == 0, "\(sample.errors)")
      let doctor = try GanProcess(["doctor", "run", "--json"], in: folder)
      #expect(doctor.errors.isEmpty, "\(doctor.errors)")
      try #require(yaml.data(using: .utf16LittleEndian)).prepended([0xFF, 0xFE]).write(to: file)
      let wide = try GanProcess(["train", "mine.yaml", "--dry-run"], in: folder)
      #expect(wide.status == 1 && wide.errors.contains("save it as UTF-8"), "\(wide.errors)")
    }
  }

  @Test func pipesAndStandardInput() throws {
    try withEmptyFolder { folder in
      for place in ["-", "/dev/stdin", "/dev/fd/0"] {
        let plan = try shell(
          "gan recipes one-dimensional | sed 's/^seed: .*/seed: 77/' | gan train \(place) --dry-run", in: folder)
        #expect(plan.status == 0 && plan.output.contains("seed: 77"), "\(place): \(plan.errors)")
      }
      let made = try shell("gan train <(gan recipes one-dimensional) --dry-run", in: folder)
      #expect(made.status == 0, "\(made.errors)")
      // Where a value is impossible, what came through the pipe is not there any more to be read again.
      let wrong = try shell(
        "printf 'base: one-dimensional\\nname: x\\nbatchSize: 0\\n' | gan train - --dry-run", in: folder)
      #expect(
        wrong.status == 1 && wrong.errors.contains("batchSize") && wrong.errors.contains("line 3"), "\(wrong.errors)")
      let verified = try shell("gan recipes one-dimensional | gan verify-resume - --steps 4 --threads 1", in: folder)
      #expect(verified.status == 0 && verified.output.contains("equal"), "\(verified.errors)")
    }
  }

  @Test(arguments: [
    ("generator.training.learningRate=0,001", "must be a number, is '0,001': a point comes before the fraction, 0.001"),
    ("seed=-1", "must be a whole number, 0 or more, is '-1'"), ("batchSize=many", "must be a whole number, is 'many'"),
    ("batchSize=1.5", "must be a whole number, is '1.5'"),
    ("minibatchDiscrimination.enabled=maybe", "must be true or false"),
    ("duration.unit=hours", "must be steps, epochs, is 'hours'"),
    ("noise.kind=pink", "must be uniform, normal, stratified"),
    ("generator.normalization=group", "is 'group'"), ("generator.hidden=wide", "must be a list"),
    ("generator.hidden=[a]", "must be a whole number"),
  ])
  func valuesOfTheWrongKindAreToldInWords(_ assignment: String, _ words: String) throws {
    try withEmptyFolder { folder in
      let refused = try GanProcess(["train", "one-dimensional", "--set", assignment, "--dry-run"], in: folder)
      #expect(refused.status == 1 && refused.errors.contains(words), "\(refused.errors)")
      for decoder in ["decode", "Scalar", "UInt64", "initialize"] {
        #expect(!refused.errors.contains(decoder), "\(refused.errors)")
      }
    }
  }

  @Test(arguments: [
    "train --helpp", "train mnist --helpp", "score run --classifier x.pt --helpp", "compare --data mnist --helpp",
    "sample run --out x.png --helpp",
  ])
  func aMisspeltOptionIsNamed(_ arguments: String) throws {
    try withEmptyFolder { folder in
      let refused = try GanProcess(arguments.split(separator: " ").map(String.init), in: folder)
      #expect(refused.status == 64 && refused.errors.contains("--helpp"), "\(refused.errors)")
    }
  }

  @Test func theUsageIsThatOfTheCommand() throws {
    try withEmptyFolder { folder in
      let refused = try GanProcess(["train"], in: folder)
      #expect(refused.status == 64)
      #expect(
        refused.errors.contains("Usage: gan train ") && refused.errors.contains("See 'gan train --help'"),
        "\(refused.errors)")
    }
  }
}

extension Data {
  fileprivate func prepended(_ bytes: [UInt8]) -> Data { Data(bytes) + self }
}
