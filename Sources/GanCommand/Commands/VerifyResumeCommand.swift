import ArgumentParser
import Files
import Foundation
import Recipes
import Report
import Torch

struct VerifyResume: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify-resume",
    abstract: "Shows that a run that was stopped and resumed ends with the same bytes as one that was not.",
    discussion: """
      Plays 2n steps in one process, and n steps in another that a third goes on from, and compares all that the two \
      runs keep: every tensor of the last checkpoint, the measurements and the networks. Exits with 1 where anything \
      differs.

        gan verify-resume one-dimensional
        gan verify-resume mnist-semisupervised --steps 20
      """)

  @Argument(
    help: "A built-in recipe (see `gan recipes`), a YAML file, or - for standard input.",
    completion: RecipeArgument.completion)
  var recipe: String

  @Option(parsing: .unconditional, help: "2n, the length of each run in steps; even.")
  var steps = 20

  @Option(help: "Folder with the data files. (default: where `gan data get` puts them)", completion: .directory)
  var data: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Change a value of the recipe; may be given more than once.", valueName: "key=value"))
  var changes: [String] = []

  @Option(help: "Keep both runs here. (default: they are removed)", completion: .directory)
  var out: String?

  @OptionGroup var machine: MachineOptions

  func validate() throws {
    guard steps >= 2, steps % 2 == 0 else { throw ValidationError("--steps must be even and at least 2, is \(steps).") }
  }

  func run() throws {
    let folder =
      out.map { URL(fileURLWithPath: $0) }
      ?? FileManager.default.temporaryDirectory.appendingPathComponent("gan-verify-resume-\(UUID())")
    try makeFolder(at: folder)
    defer { if out == nil { try? FileManager.default.removeItem(at: folder) } }
    let (straight, resumed) = (
      folder.appendingPathComponent("straight"), folder.appendingPathComponent("resumed")
    )
    var name = recipe
    if OwnStream.descriptor(named: recipe) != nil {
      // The processes that train have no standard input of their own.
      name = folder.appendingPathComponent("recipe.yaml").path
      try replaceFile(
        at: URL(fileURLWithPath: name), with: Data(try RecipeFile.text(RecipeArgument(recipe).recipe).utf8))
    }
    let begin = [name, "--steps", "\(steps)"] + changes.flatMap { ["--set", $0] } + common
    try train(begin + ["--out", straight.path])
    try train(begin + ["--out", resumed.path, "--stop-after", "\(steps / 2)"])
    try train(["--resume", resumed.path] + common)
    let rows = try compare(RunFolder(straight), RunFolder(resumed))
    try Output.print(table(rows).text())
    let differing = rows.filter { !$0.isEqual }.count
    try Output.print(
      differing == 0
        ? "equal: \(recipe), \(steps) steps straight and \(steps / 2) + \(steps / 2), to the last bit"
        : "NOT equal: \(recipe), \(steps) steps straight and \(steps / 2) + \(steps / 2)")
    if differing > 0 { throw ExitCode(1) }
  }

  private var common: [String] {
    (data.map { ["--data", $0] } ?? []) + (machine.device.map { ["--device", $0] } ?? [])
      + (machine.threads.map { ["--threads", "\($0)"] } ?? [])
  }

  /// A process of its own: nothing but the files gets from one to the next.
  private func train(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = Bundle.main.executableURL
    process.arguments = ["train"] + arguments
    let errors = Pipe()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      Output.draw(String(decoding: said, as: UTF8.self))
      throw ExitCode(process.terminationStatus)
    }
  }

  private struct Row {
    let name: String
    let bytes: Int
    let isEqual: Bool
  }

  private func compare(_ a: RunFolder, _ b: RunFolder) throws -> [Row] {
    func last(_ folder: RunFolder) throws -> Checkpoint {
      guard let newest = folder.checkpoints.files.first, newest.step == steps else {
        throw FileError(path: folder.checkpoints.url.path, reason: "there is no checkpoint of step \(steps)")
      }
      return try CheckpointFolder.read(newest.url, device: .cpu)
    }
    let (first, second) = (try last(a).tensors, try last(b).tensors)
    func bytes(_ name: String, _ tensors: TensorSource) throws -> Data? {
      try tensors.descriptions[name].map { _ in try tensors.tensor(name).rawBytes() }
    }
    var rows = try Set(first.names + second.names).sorted().map { name in
      let (x, y) = (try bytes(name, first), try bytes(name, second))
      return Row(name: name, bytes: x?.count ?? 0, isEqual: x == y)
    }
    func measured(_ folder: RunFolder) throws -> [RunFolder.Measurement] {
      try folder.measurements().map {
        var line = $0
        line.seconds = 0
        return line
      }
    }
    let (measurements, others) = (try measured(a), try measured(b))
    rows.append(
      Row(
        name: "measurements.jsonl, but for the seconds", bytes: measurements.count,
        isEqual: "\(measurements)" == "\(others)"))
    for name in try FileManager.default.contentsOfDirectory(atPath: a.url.path).sorted()
    where name.hasSuffix(".safetensors") {
      let (x, y) = (a.url.appendingPathComponent(name), b.url.appendingPathComponent(name))
      let bytes = try readFile(at: x)
      rows.append(Row(name: name, bytes: bytes.count, isEqual: try bytes == readFile(at: y)))
    }
    return rows
  }

  private func table(_ rows: [Row]) -> Table {
    Table(
      title: "State after \(steps) steps", columns: [.init("Part"), .init("Bytes"), .init("")],
      rows: rows.map { [.text($0.name), .number(Double($0.bytes)), .text($0.isEqual ? "equal" : "differs")] })
  }
}
