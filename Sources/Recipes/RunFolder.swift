import Files
import Foundation
import NN
import Torch

/// A training run on disk:
///
/// | file | what it holds |
/// | --- | --- |
/// | `recipe.yaml` | the resolved recipe |
/// | `run.json` | shape of the examples, versions, device, threads |
/// | `measurements.jsonl` | one JSON object per line, as training goes |
/// | `samples/step-000600.png` | what G makes of the same noise after that many steps |
/// | `generator.safetensors`, `discriminator.safetensors` | the parameters |
/// | `generator-average.safetensors` | G's averaged parameters, where the recipe asks for an average |
public struct RunFolder: Sendable {
  public let url: URL

  public init(_ url: URL) { self.url = url }

  /// What a run needs to be used again, beside its recipe.
  public struct Description: Codable, Sendable {
    /// Numbers per example.
    public var width: Int
    /// Channels, height and width of an image; nil for points.
    public var imageShape: [Int]?
    public var steps: Int
    public var libtorch: String
    public var device: String
    public var threads: Int

    public init(width: Int, imageShape: [Int]?, steps: Int, libtorch: String, device: String, threads: Int) {
      self.width = width
      self.imageShape = imageShape
      self.steps = steps
      self.libtorch = libtorch
      self.device = device
      self.threads = threads
    }
  }

  /// One line of `measurements.jsonl`.
  public struct Measurement: Codable, Sendable {
    /// Steps played.
    public var step: Int
    public var seconds: Double
    /// Means over the steps since the line before.
    public var discriminatorLoss: Double
    public var generatorLoss: Double
    /// Mean D(x) over a batch of real and one of generated examples, without D's noise.
    public var probabilityOfReal: Double
    public var probabilityOfGenerated: Double

    public init(
      step: Int, seconds: Double, discriminatorLoss: Double, generatorLoss: Double, probabilityOfReal: Double,
      probabilityOfGenerated: Double
    ) {
      self.step = step
      self.seconds = seconds
      self.discriminatorLoss = discriminatorLoss
      self.generatorLoss = generatorLoss
      self.probabilityOfReal = probabilityOfReal
      self.probabilityOfGenerated = probabilityOfGenerated
    }
  }

  /// A new folder at `requested`, or the next free `NAME-1`, `NAME-2`, ... under `runs`.
  ///
  /// - Throws: `FileError` where the folder exists already and is not empty, or cannot be made.
  public static func create(at requested: URL?, name: String) throws -> RunFolder {
    let manager = FileManager.default
    if let requested {
      if let contents = try? manager.contentsOfDirectory(atPath: requested.path), !contents.isEmpty {
        throw FileError(path: requested.path, reason: "exists and is not empty: name another output folder")
      }
      try makeFolder(at: requested)
      return RunFolder(requested)
    }
    let runs = URL(fileURLWithPath: "runs")
    try makeFolder(at: runs)
    for number in 1... {
      let folder = runs.appendingPathComponent("\(name)-\(number)")
      // Making the folder is what claims the number: two runs that start at once get two.
      if mkdir(folder.path, 0o755) == 0 { return RunFolder(folder) }
      guard errno == EEXIST else { throw FileError(path: folder.path, reason: systemReason("cannot be made")) }
    }
    fatalError("unreachable: the loop has no end")
  }

  // MARK: Writing

  public func write(_ recipe: Recipe, _ description: Description) throws {
    try replaceFile(at: url.appendingPathComponent("recipe.yaml"), with: Data(try RecipeFile.text(recipe).utf8))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try replaceFile(at: url.appendingPathComponent("run.json"), with: try encoder.encode(description))
  }

  /// Adds one line to the measurements.
  public func append(_ measurement: Measurement) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let line = try encoder.encode(measurement) + Data("\n".utf8)
    let path = url.appendingPathComponent("measurements.jsonl").path
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path: path, reason: systemReason("cannot be written")) }
    defer { close(descriptor) }
    // One write per line: a reader never meets half of one.
    guard line.withUnsafeBytes({ Foundation.write(descriptor, $0.baseAddress!, $0.count) }) == line.count else {
      throw FileError(path: path, reason: systemReason("cannot be written"))
    }
  }

  /// Where the picture after `step` steps belongs; makes its folder.
  public func samplesFile(step: Int) throws -> URL {
    let folder = url.appendingPathComponent("samples")
    try makeFolder(at: folder)
    let digits = String(step)
    return folder.appendingPathComponent("step-\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).png")
  }

  public func write(_ game: RecipeGame) throws {
    try Safetensors(tensors: game.generator.state).write(to: generatorFile)
    if let average = game.average {
      let state = game.generator.with(average.values) { game.generator.state }
      try Safetensors(tensors: state).write(to: averageFile)
    }
    try Safetensors(tensors: game.discriminator.state).write(to: discriminatorFile)
  }

  // MARK: Reading

  /// The run's game with its trained generator.
  ///
  /// - Parameter averaged: whether G gets its averaged weights, where the run has them, or those of the last step.
  /// - Throws: `FileError` naming the file that is missing or does not fit.
  public func load(device: Device, averaged: Bool = true) throws -> (game: RecipeGame, description: Description) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw FileError(path: url.path, reason: "is not a run folder: there is no such folder")
    }
    let recipe = try RecipeFile.read(url.appendingPathComponent("recipe.yaml"))
    do {
      try recipe.validate()
    } catch {
      throw FileError(path: url.appendingPathComponent("recipe.yaml").path, reason: "\(error)")
    }
    let descriptionFile = url.appendingPathComponent("run.json")
    guard let data = try? Data(contentsOf: descriptionFile) else {
      throw FileError(path: descriptionFile.path, reason: "cannot be read")
    }
    guard let description = try? JSONDecoder().decode(Description.self, from: data),
      (1...1_000_000).contains(description.width),
      description.imageShape?.count ?? 3 == 3,
      (description.imageShape ?? [description.width]).allSatisfy({ $0 > 0 && $0 <= description.width }),
      (description.imageShape ?? [description.width]).reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue })
        == description.width
    else { throw FileError(path: descriptionFile.path, reason: "is not the description of a run") }
    let game = try checkingTensors {
      RecipeGame(recipe, width: description.width, stepsPerEpoch: nil, device: device)
    }
    let file = averaged && game.average != nil ? averageFile : generatorFile
    do {
      try game.generator.load(Safetensors(contentsOf: file, device: device).tensors)
      game.average?.reset()
    } catch let error as StateError {
      throw FileError(path: file.path, reason: "does not fit recipe.yaml: \(error)")
    }
    return (game, description)
  }

  private var generatorFile: URL { url.appendingPathComponent("generator.safetensors") }
  private var averageFile: URL { url.appendingPathComponent("generator-average.safetensors") }
  private var discriminatorFile: URL { url.appendingPathComponent("discriminator.safetensors") }
}
