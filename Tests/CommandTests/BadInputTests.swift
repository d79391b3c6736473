import Foundation
import Testing

/// Whatever is wrong, the user gets one line that names what and where, an exit code that is not 0, and no file half
/// written.
@Suite struct BadInputTests {
  private func refused(
    _ arguments: [String], in folder: URL, saying words: [String], environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let result = try GanProcess(arguments, in: folder, environment: environment)
    #expect(result.status != 0 && result.status < 128, "exit code \(result.status)", sourceLocation: sourceLocation)
    for word in words {
      #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)", sourceLocation: sourceLocation)
    }
    #expect(!result.errors.contains("Fatal") && !result.errors.contains(".swift:"), sourceLocation: sourceLocation)
    #expect(
      !FileManager.default.fileExists(atPath: folder.appendingPathComponent("runs").path), "a run was begun",
      sourceLocation: sourceLocation)
  }

  @Test func dataFilesThatAreMissingTruncatedOrSomethingElse() throws {
    try withEmptyFolder { folder in
      let images = folder.appendingPathComponent("train-images-idx3-ubyte")
      let train = ["train", "mnist", "--data", "."]
      try refused(train, in: folder, saying: ["train-images-idx3-ubyte", "gan data get mnist"])
      try writeTinyImages(folder)
      let good = try Data(contentsOf: images)
      try good.dropLast(5).write(to: images)
      try refused(train, in: folder, saying: ["train-images-idx3-ubyte", "4 107 of 4 112"])
      try Data("not an IDX file at all".utf8).write(to: images)
      try refused(train, in: folder, saying: ["train-images-idx3-ubyte", "IDX"])
      try writeTinyImages(folder)
      var labels = try Data(contentsOf: folder.appendingPathComponent("train-labels-idx1-ubyte"))
      labels[7] = 63
      try labels.dropLast().write(to: folder.appendingPathComponent("train-labels-idx1-ubyte"))
      // Of a recipe that looks at labels: another does without their file.
      try refused(
        ["train", "mnist-semisupervised-fast", "--data", "."], in: folder,
        saying: ["train-labels-idx1-ubyte", "64", "63"])
    }
  }

  #if arch(x86_64)
    /// A processor without AVX-512, as oneDNN is told here that this one is.
    @Test func bfloat16WhereThereIsNone() throws {
      try withEmptyFolder { folder in
        try refused(
          ["train", "one-dimensional", "--set", "products=bfloat16"], in: folder,
          saying: ["products", "float32", "bfloat16"], environment: ["ONEDNN_MAX_CPU_ISA": "AVX2"])
      }
    }
  #endif

  @Test func recipesThatCannotBeRun() throws {
    try withEmptyFolder { folder in
      func recipe(_ yaml: String, saying words: [String]) throws {
        try Data(yaml.utf8).write(to: folder.appendingPathComponent("r.yaml"))
        try refused(["train", "r.yaml", "--dry-run"], in: folder, saying: words)
      }
      try recipe("generator: {hiden: [3]}", saying: ["r.yaml", "generator.hiden", "unknown", "hidden"])
      try recipe("batchSize: -5", saying: ["batchSize", "at least 1", "-5"])
      try recipe("batchSize: many", saying: ["r.yaml", "batchSize", "must be a whole number", "many"])
      try recipe("objective: {realTarget: 1.5}", saying: ["objective.realTarget", "1.5"])
      try recipe("objective: {realTarget: .nan}", saying: ["objective.realTarget", "finite"])
      try recipe("consistency: {weight: 1}", saying: ["consistency.weight", "semi-supervised"])
      try recipe("consistency: {weight: -1}", saying: ["consistency.weight", "at least 0"])
      try recipe("marginalEntropy: {weight: 1}", saying: ["marginalEntropy.weight", "semi-supervised"])
      try recipe("marginalEntropy: {weight: -1}", saying: ["marginalEntropy.weight", "at least 0"])
      try recipe("generator: {hidden: [8, 0]}", saying: ["generator.hidden.1"])
      try recipe("generator: {training: {rule: magic}}", saying: ["generator.training.rule"])
      try recipe("base: nothing", saying: ["base", "mnist"])
      try recipe("a: [", saying: ["r.yaml", "YAML"])
      try recipe("- 1", saying: ["mapping"])
      try recipe("", saying: ["empty"])
      try recipe("data: {source: normal}", saying: ["duration.unit"])
      try refused(["train", "missing.yaml"], in: folder, saying: ["missing.yaml", "no such file"])
      try refused(["train", "mnst"], in: folder, saying: ["mnst", "mnist"])
      try refused(["train", "mnist", "--set", "batchSize"], in: folder, saying: ["batchSize", "key=value"])
      try refused(["train", "mnist", "--set", "batch.size=3"], in: folder, saying: ["'batch'", "batchSize"])
      try refused(["train", "mnist", "--set", "batchSize.x=3"], in: folder, saying: ["batchSize.x"])
    }
  }

  @Test func optionsOutOfRange() throws {
    try withEmptyFolder { folder in
      try refused(["train", "mnist", "--batch-size", "-5"], in: folder, saying: ["batch-size", "-5"])
      try refused(["demo", "--steps", "-3"], in: folder, saying: ["--steps", "-3"])
      try refused(["train", "mnist", "--steps", "0"], in: folder, saying: ["--steps"])
      try refused(["train", "mnist", "--steps", "5", "--epochs", "5"], in: folder, saying: ["exclude"])
      try refused(["train", "mnist", "--dry-run", "--device", "tpu"], in: folder, saying: ["tpu", "cpu"])
      try refused(["train", "mnist", "--dry-run", "--threads", "0"], in: folder, saying: ["--threads"])
      try refused(["demo", "--data", "poisson"], in: folder, saying: ["poisson", "two-humped"])
      try refused(["demo", "--seeds", "0"], in: folder, saying: ["--seeds"])
      try refused(["data", "get", "mnist", "--mirror", "ftp://x"], in: folder, saying: ["ftp://x"])
      try refused(["sample", "nowhere", "--out", "x.png"], in: folder, saying: ["nowhere"])
      try refused(["frobnicate"], in: folder, saying: ["frobnicate"])
    }
  }

  /// A batch larger than the data set is an impossible value that only the data can tell.
  @Test func aBatchThatTheDataCannotFill() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try refused(
        ["train", "mnist", "--data", ".", "--batch-size", "65"], in: folder, saying: ["batchSize", "64", "65"])
    }
  }

  @Test func outputFoldersThatCannotBeUsed() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      try refused(["train", "tiny.yaml", "--data", ".", "--out", "tiny.yaml/run"], in: folder, saying: ["tiny.yaml"])
      try refused(["train", "tiny.yaml", "--data", ".", "--out", "."], in: folder, saying: ["not empty"])
      try refused(["train", "tiny.yaml", "--data", ".", "--out", "/proc/run"], in: folder, saying: ["/proc/run"])
      try refused(["demo", "--steps", "1", "--out", "tiny.yaml"], in: folder, saying: ["tiny.yaml"])
    }
  }

  @Test func runsWhoseFilesDoNotFit() throws {
    try withEmptyFolder { folder in
      _ = try GanProcess(["train", "one-dimensional", "--steps", "2", "--out", "run"], in: folder)
      let sample = ["sample", "run", "--out", "x.txt"]
      let generator = folder.appendingPathComponent("run/generator-average.safetensors")
      let good = try Data(contentsOf: generator)
      try good.dropLast(3).write(to: generator)
      try refused(sample, in: folder, saying: ["generator-average.safetensors"])
      try good.write(to: generator)
      let recipe = folder.appendingPathComponent("run/recipe.yaml")
      let text = try String(contentsOf: recipe, encoding: .utf8)
      try Data(text.replacingOccurrences(of: "- 32", with: "- 31").utf8).write(to: recipe)
      try refused(sample, in: folder, saying: ["generator-average.safetensors", "recipe.yaml", "hidden.0.weight"])
      try Data(text.utf8).write(to: recipe)
      try Data("{}".utf8).write(to: folder.appendingPathComponent("run/run.json"))
      try refused(sample, in: folder, saying: ["run.json"])
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("x.txt").path))
    }
  }
}
