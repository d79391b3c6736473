import Foundation
import Testing

/// The built `gan`, run as its users run it.
struct GanProcess {
  let status: Int32
  let output: String
  let errors: String

  /// The build folder, which holds the test bundle and the executable side by side.
  static let executable: URL = {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    return bundle.appendingPathComponent("gan")
  }()

  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  init(
    _ arguments: [String], in folder: URL, environment: [String: String] = [:], executable: URL = Self.executable
  ) throws {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    // Files, not pipes: nothing has to be drained while the process runs.
    let (out, err) = (folder.appendingPathComponent(".stdout"), folder.appendingPathComponent(".stderr"))
    for file in [out, err] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: err)
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = try String(contentsOf: out, encoding: .utf8)
    errors = try String(contentsOf: err, encoding: .utf8)
    for file in [out, err] { try FileManager.default.removeItem(at: file) }
  }

  /// Begins one without waiting for its end; what it says of errors goes to `errors.txt` in `folder`.
  static func start(_ arguments: [String], in folder: URL) throws -> Process {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    let errors = folder.appendingPathComponent("errors.txt")
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    return process
  }
}

/// `script` run by the shell in `folder`, with `gan` for the executable.
func shell(_ script: String, in folder: URL, environment: [String: String] = [:]) throws -> GanProcess {
  let executable = GanProcess.executable.path
  return try GanProcess(
    ["-c", "gan() { '\(executable)' \"$@\"; }\n\(script)", executable], in: folder, environment: environment,
    executable: URL(fileURLWithPath: "/bin/bash"))
}

/// The steps of the checkpoints in `folder/run`, in ascending order.
func checkpointSteps(_ run: String, in folder: URL) throws -> [Int] {
  let names = try FileManager.default.contentsOfDirectory(
    atPath: folder.appendingPathComponent("\(run)/checkpoints").path)
  return names.compactMap { $0.firstMatch(of: /step-([0-9]+)/).flatMap { Int($0.1) } }.sorted()
}

/// Recipes and images that take no time, for a classifier with ten classes: `few.yaml`, which tests itself, in a folder
/// with both sets.
func writeFewLabels(_ folder: URL) throws {
  func word(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) } }
  for (split, count) in [("train", 100), ("t10k", 40)] {
    var (images, labels) = (Data([0, 0, 8, 3]), Data([0, 0, 8, 1]))
    images += word(count) + word(8) + word(8)
    labels += word(count)
    for index in 0..<count {
      for pixel in 0..<64 {
        let isBar = pixel / 8 == index % 10 || pixel % 8 == index % 10
        images.append(UInt8(isBar ? 220 : (index * 31 + pixel * 17) % 40))
      }
      labels.append(UInt8(index % 10))
    }
    try images.write(to: folder.appendingPathComponent("\(split)-images-idx3-ubyte"))
    try labels.write(to: folder.appendingPathComponent("\(split)-labels-idx1-ubyte"))
  }
  let recipe = """
    base: mnist-semisupervised-fast
    name: few
    noise: {dimensions: 4}
    generator: {hidden: [16, 16]}
    discriminator: {hidden: [32, 32], initializationExamples: 40}
    labels: {count: 20, batchSize: 20}
    batchSize: 20
    duration: {count: 20, unit: steps}
    output: {measurementInterval: 5, sampleInterval: 10, evaluationInterval: 5, checkpointInterval: 100}
    """
  try Data(recipe.utf8).write(to: folder.appendingPathComponent("few.yaml"))
}

/// An empty folder for the length of `body`.
func withEmptyFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("gan-tests-\(UUID())")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.resolvingSymlinksInPath())
}

/// IDX files of 8 x 8 images, as small as a game can use.
func writeTinyImages(_ folder: URL, count: Int = 64, as name: String = "train") throws {
  func word(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) } }
  let images = [0, 0, 8, 3] + word(count) + word(8) + word(8) + (0..<count * 64).map { UInt8($0 * 7 % 256) }
  let labels = [0, 0, 8, 1] + word(count) + (0..<count).map { UInt8($0 % 10) }
  try Data(images).write(to: folder.appendingPathComponent("\(name)-images-idx3-ubyte"))
  try Data(labels).write(to: folder.appendingPathComponent("\(name)-labels-idx1-ubyte"))
}

/// A recipe whose networks take no time.
let tinyRecipe = """
  name: tiny
  noise: {dimensions: 4}
  generator: {hidden: [8]}
  discriminator: {hidden: [8, 6], initializationExamples: 16}
  duration: {count: 6, unit: steps}
  batchSize: 8
  output: {measurementInterval: 2, sampleInterval: 3}
  """
