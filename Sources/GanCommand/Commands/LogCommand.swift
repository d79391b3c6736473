import ArgumentParser
import Files
import Foundation
import Recipes

struct Log: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hands a run's measurements to another program.",
    discussion: """
      Only measurements that count: those of a past that a run was taken back from are gone. csv has a line for each \
      measurement and a column for each number, empty where a line has none; jsonl is a JSON object for each; \
      tensorboard makes the run's event file anew, in its folder, as `gan train --log tensorboard` keeps it; \
      wandb-offline makes a folder that `wandb sync` sends to Weights & Biases, with pictures and the recipe.

        gan log runs/mnist-1 --format csv >mnist.csv
        gan log runs/mnist-1 --format jsonl --out mnist.jsonl
        gan log runs/mnist-1 --format tensorboard
        wandb sync "$(gan log runs/mnist-1 --format wandb-offline)"
      """)

  @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
  var runFolder: String

  @Option(
    help: ArgumentHelp(
      """
      \(Format.csv.rawValue), \(Format.jsonl.rawValue), \(OfflineRunLog.name), or a log of `gan train --log`: \
      \(RunLogs.all.map { $0.name }.joined(separator: ", ")).
      """,
      valueName: "format"),
    completion: .list(known))
  var format: String

  @Option(
    help: ArgumentHelp(
      """
      Write here: csv and jsonl in place of standard output, wandb-offline as a new folder in place of one in the run's.
      """,
      valueName: "file or folder"), completion: .file())
  var out: String?

  /// What is written in one go.
  enum Format: String, CaseIterable {
    case csv, jsonl

    func text(of folder: RunFolder) throws -> Data {
      let lines = try folder.measurements()
      return switch self {
      case .csv: Data(MeasurementTable.csv(lines).utf8)
      case .jsonl: try RunFolder.text(of: lines)
      }
    }
  }

  private static var known: [String] {
    Format.allCases.map(\.rawValue) + [OfflineRunLog.name] + RunLogs.all.map { $0.name }
  }

  func validate() throws {
    guard Self.known.contains(format) else {
      throw ValidationError("--format must be one of \(Self.known.joined(separator: ", ")); is '\(format)'.")
    }
    if out != nil, RunLogs.named(format) != nil {
      throw ValidationError("--out: a log for \(format) has its place in the run's folder; leave it out.")
    }
  }

  func run() throws {
    let folder = RunFolder(URL(fileURLWithPath: runFolder))
    try folder.requireFolder()
    if format == OfflineRunLog.name {
      let url = try out.map { URL(fileURLWithPath: $0) } ?? OfflineRunLog.usualPlace(of: folder)
      if out == nil { try makeFolder(at: url.deletingLastPathComponent(), makesParents: false) }
      try OfflineRunLog.write(folder, to: url)
      return try Output.printPlace(url)
    }
    guard let format = Format(rawValue: format) else {
      // Whoever trains there writes to the log.
      let lock = try FolderLock(folder.url)
      defer { withExtendedLifetime(lock) {} }
      _ = try RunLogs.named(self.format)!.init(of: folder)
      return try Output.print(folder.url.relativePath)
    }
    let text = try format.text(of: folder)
    guard let out else { return try Output.print(String(decoding: text, as: UTF8.self), terminator: "") }
    let url = URL(fileURLWithPath: out)
    try writeOutput(text, to: url)
    try Output.printPlace(url)
  }
}
