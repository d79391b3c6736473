import Files
import Foundation
import Protobuf

/// A run as Weights & Biases keeps it on disk while it has no server, for `wandb sync` to send: a folder with
/// `run-ID.wandb`, a log of records, and `files`, what belongs to the run.
///
/// Neither the log nor its messages are documented. This is what wandb 0.31.0 writes and reads: its
/// `wandb_internal.proto`, whose field numbers stand here, and the framing of ``RecordLog``, which has been the same
/// since 0.10.
public struct OfflineRun: Sendable {
  /// As the server knows the run; small letters and digits.
  public var id: String
  /// What the run is shown as.
  public var name: String
  /// What it belongs to.
  public var project: String
  /// Seconds since 1970.
  public var start: Double
  /// What the run was told, each under its name.
  public var config: [(key: String, value: Value)]
  /// What was measured, in ascending order of the steps.
  public var rows: [Row]
  /// The folder's `files`: where each comes from, by its path in there.
  public var files: [(path: String, source: URL)]
  /// How the run ended: 0 for well; nil while it has not.
  public var exitCode: Int?

  /// What a name stands for.
  public indirect enum Value: Sendable, Hashable {
    /// Any number, also one that is not finite.
    case number(Double)
    /// A word.
    case text(String)
    /// Yes or no.
    case flag(Bool)
    /// Values by their names.
    case group([String: Value])
  }

  /// What was measured after a step.
  public struct Row: Sendable {
    /// Steps played.
    public var step: Int
    /// Seconds since the start.
    public var seconds: Double
    /// Under their names; a slash in one makes a group of charts.
    public var values: [(name: String, value: Value)]

    /// - Parameters:
    ///   - step: steps played.
    ///   - seconds: since the start.
    public init(step: Int, seconds: Double, values: [(name: String, value: Value)]) {
      (self.step, self.seconds, self.values) = (step, seconds, values)
    }
  }

  /// A run without files that has not ended.
  public init(
    id: String, name: String, project: String, start: Double, config: [(key: String, value: Value)], rows: [Row]
  ) {
    (self.id, self.name, self.project, self.start) = (id, name, project, start)
    (self.config, self.rows, files) = (config, rows, [])
  }

  /// Makes the folder `url`, whole or not at all.
  ///
  /// - Parameter producer: what is said to have written it, such as "swift-gan 0.1.0".
  /// - Throws: `FileError` where something is there already, a file cannot be read or nothing can be written.
  public func write(to url: URL, producer: String) throws {
    try writeNewFolder(at: url) { folder in
      try replaceFile(at: folder.appendingPathComponent("run-\(id).wandb"), with: log(producer: producer))
      for file in files {
        let place = folder.appendingPathComponent("files").appendingPathComponent(file.path)
        try makeFolder(at: place.deletingLastPathComponent())
        try replaceFile(at: place, with: readFile(at: file.source, limit: 1 << 28), isSynced: false)
      }
    }
  }

  /// The bytes of the `.wandb` file.
  func log(producer: String) -> Data {
    var log = RecordLog()
    var number = 0
    func add(_ field: Int, _ build: (inout ProtobufMessage) -> Void) {
      number += 1
      var record = ProtobufMessage()
      record.write(1, integer: number)
      record.write(field, build)
      log.add(record.bytes)
    }
    // HeaderRecord: who wrote it, and the oldest version that can read it, as wandb itself says it.
    add(21) { header in
      header.write(1) { version in
        version.write(1, text: producer)
        version.write(2, text: "0.70.0")
      }
    }
    // RunRecord
    add(17) { run in
      run.write(1, text: id)
      run.write(3, text: project)
      run.write(4) { config in
        Self.write(("_wandb", .group([:])), to: &config)
        for setting in self.config { Self.write(setting, to: &config) }
      }
      run.write(8, text: name)
      run.write(17) { time in
        let whole = start.rounded(.down)
        time.write(1, integer: Int(whole))
        time.write(2, integer: Int((start - whole) * 1e9))
      }
    }
    // FilesRecord
    if !files.isEmpty {
      add(6) { record in
        for file in files { record.write(1) { $0.write(1, text: file.path) } }
      }
    }
    var summary: [String: Value] = [:]
    for row in rows {
      let all =
        row.values + [
          ("_step", .number(Double(row.step))), ("_runtime", .number(row.seconds)),
          ("_timestamp", .number(start + row.seconds)),
        ]
      // HistoryRecord
      add(2) { record in
        for (name, value) in all { Self.write([name], value, to: &record) }
        record.write(2) { $0.write(1, integer: row.step) }
      }
      for (name, value) in all { summary[name] = value }
    }
    let runtime = Int(rows.last?.seconds ?? 0)
    // SummaryRecord: of each name the last value.
    add(3) { record in
      for (name, value) in summary.sorted(by: { $0.key < $1.key }) { Self.write([name], value, to: &record) }
      Self.write(["_wandb", "runtime"], .number(Double(runtime)), to: &record)
    }
    // RunExitRecord
    if let exitCode {
      add(18) { record in
        record.write(1, integer: exitCode)
        record.write(2, integer: runtime)
      }
    }
    return log.bytes
  }

  /// A name and a value as JSON.
  private static func write(_ setting: (key: String, value: Value), to message: inout ProtobufMessage) {
    message.write(1) { item in
      item.write(1, text: setting.key)
      item.write(16, text: json(setting.value))
    }
  }

  /// The same in the way that numbers of a row and of the summary are written: a path, and what is no group at its end.
  private static func write(_ path: [String], _ value: Value, to message: inout ProtobufMessage) {
    if case .group(let values) = value {
      for (name, value) in values.sorted(by: { $0.key < $1.key }) { write(path + [name], value, to: &message) }
      return
    }
    message.write(1) { item in
      for name in path { item.write(2, text: name) }
      item.write(16, text: json(value))
    }
  }

  /// JSON, and beyond it the words that wandb has for numbers that are not finite.
  package static func json(_ value: Value) -> String {
    switch value {
    case .number(let number):
      if number.isNaN { return "NaN" }
      if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
      if let whole = Int(exactly: number), abs(whole) < 1 << 53 { return "\(whole)" }
      return "\(number)"
    case .flag(let flag): return "\(flag)"
    case .text(let text):
      let encoder = JSONEncoder()
      encoder.outputFormatting = .withoutEscapingSlashes
      // A string is JSON whatever is in it.
      return String(decoding: (try? encoder.encode(text)) ?? Data("\"\"".utf8), as: UTF8.self)
    case .group(let values):
      return "{"
        + values.sorted { $0.key < $1.key }.map { json(.text($0.key)) + ":" + json($0.value) }.joined(separator: ",")
        + "}"
    }
  }
}
