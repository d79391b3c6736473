import Files
import Foundation
import Testing

/// Python with PyTorch and safetensors: that of libtorch, and the packages that `Scripts/setup --test` fetches.
enum Python {
  /// Whether it can load what this package writes; where not, tests that ask it are skipped.
  static let isThere: Bool = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("python-\(UUID())")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return (try? process("import torch, numpy, safetensors.torch", in: folder).status) == 0
  }()

  static let missing: Comment = "no Python with torch, numpy and safetensors: Scripts/setup --test fetches them"

  /// Whether it has TensorBoard's reader, and tbparse.
  static let readsEvents: Bool = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("python-\(UUID())")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let program = "import tbparse; from tensorboard.backend.event_processing import event_accumulator"
    return (try? process(program, in: folder).status) == 0
  }()

  static let noEventReaders: Comment = "no Python with tensorboard and tbparse: Scripts/setup --test fetches them"

  /// Whether it has onnxruntime, and what checks ONNX files.
  static let runsModels: Bool = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("python-\(UUID())")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return (try? process("import onnx.checker, onnxruntime, safetensors.numpy", in: folder).status) == 0
  }()

  static let noModelRuntime: Comment = "no Python with onnx and onnxruntime: Scripts/setup --test fetches them"

  /// Whether it has wandb's reader of offline runs.
  static let readsOfflineRuns: Bool = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("python-\(UUID())")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let program = "from wandb.sdk.internal import datastore; from wandb.proto import wandb_internal_pb2"
    return (try? process(program, in: folder).status) == 0
  }()

  static let noOfflineRunReader: Comment = "no Python with wandb's reader: Scripts/setup --test fetches it"

  /// What `program` prints, run in `folder`.
  static func output(_ program: String, in folder: URL) throws -> String {
    let process = try process(program, in: folder)
    try #require(process.status == 0, "\(process.errors)")
    return process.output
  }

  private static func process(_ program: String, in folder: URL) throws -> GanProcess {
    let torch = ProcessInfo.processInfo.environment["TORCH_HOME"].map { URL(fileURLWithPath: $0) }
    let libtorch = (torch ?? GanProcess.package.appendingPathComponent(".libtorch")).resolvingSymlinksInPath()
    let packages = [
      Cache.directory.appendingPathComponent("python-test"),
      Cache.directory.appendingPathComponent("python-tensorboard"),
      Cache.directory.appendingPathComponent("python-onnx"),
      Cache.directory.appendingPathComponent("python-wandb"),
      libtorch.deletingLastPathComponent(),
    ]
    let file = folder.appendingPathComponent(".program.py")
    try Data(program.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try GanProcess(
      ["python3", file.path], in: folder,
      // Warnings of other people's modules are none of ours, and nothing is left beside the packages.
      environment: [
        "PYTHONPATH": packages.map(\.path).joined(separator: ":"), "PYTHONWARNINGS": "ignore",
        "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "2",
      ], executable: URL(fileURLWithPath: "/usr/bin/env"))
  }
}
