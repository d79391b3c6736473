import Foundation
import Images
import Recipes
import Testing

/// What `gan log --format wandb-offline` writes, read back by wandb's own reader and messages.
@Suite struct OfflineRunTests {
  private func withRun(_ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      let train = try GanProcess(["train", "tiny.yaml", "--data", ".", "--threads", "1", "--out", "run"], in: folder)
      try #require(train.status == 0, "\(train.errors)")
      try body(folder)
    }
  }

  /// Prints each record as a line of JSON.
  private static let reader = """
    import json, sys
    from google.protobuf.json_format import MessageToDict
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal.datastore import DataStore
    store = DataStore()
    store.open_for_scan("FILE")
    while (data := store.scan_data()) is not None:
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        # Nothing that the messages do not know.
        again = record.SerializeToString(deterministic=True)
        assert len(again) == len(data), (len(again), len(data))
        print(json.dumps(MessageToDict(record, preserving_proto_field_name=True)))
    """

  @Test(.enabled(if: Python.readsOfflineRuns, Python.noOfflineRunReader)) func itsOwnReaderFindsAllOfIt() throws {
    try withRun { folder in
      let written = try GanProcess(["log", "run", "--format", "wandb-offline"], in: folder)
      try #require(written.status == 0, "\(written.errors)")
      let place = written.output.trimmingCharacters(in: .newlines)
      #expect(place.contains(/^run\/wandb\/offline-run-[0-9]{8}_[0-9]{6}-[0-9a-z]{8}$/), "\(place)")
      let id = String(place.suffix(8))
      let output = try Python.output(
        Self.reader.replacingOccurrences(of: "FILE", with: "\(place)/run-\(id).wandb"), in: folder)
      let records = try output.split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      func all(_ kind: String) -> [[String: Any]] { records.compactMap { $0[kind] as? [String: Any] } }
      #expect(records.compactMap { $0["num"] as? String } == records.indices.map { "\($0 + 1)" })
      let run = try #require(all("run").first)
      #expect(run["run_id"] as? String == id && run["display_name"] as? String == "run")
      /// Names, or paths of names, and the values as JSON.
      func items(_ message: [String: Any], _ key: String) -> [String: String] {
        Dictionary(
          uniqueKeysWithValues: (message[key] as? [[String: Any]] ?? []).map { item in
            let path = item["nested_key"] as? [String] ?? [item["key"] as? String ?? ""]
            return (path.joined(separator: "|"), item["value_json"] as? String ?? "")
          })
      }
      let config = items(try #require(run["config"] as? [String: Any]), "update")
      #expect(config["batchSize"] == "8" && config["noise"]?.contains("\"dimensions\":4") == true)
      // All that was measured, and the pictures at their steps.
      let lines = try RunFolder(folder.appendingPathComponent("run")).measurements()
      let rows = all("history").map {
        (step: ($0["step"] as? [String: Any])?["num"] as? String ?? "0", items($0, "item"))
      }
      #expect(rows.map(\.step) == ["0", "2", "3", "4", "6"])
      for line in lines {
        let row = try #require(rows.first { $0.step == "\(line.step)" }?.1)
        for quantity in MeasuredQuantity.found(in: [line]) {
          #expect(row[quantity.tag].flatMap { Double($0) } == quantity.value(line), "\(quantity.tag)")
        }
        #expect(row["_step"] == "\(line.step)" && row["_runtime"].flatMap { Double($0) } == line.seconds)
      }
      for (step, tag, name) in [("0", "real", "real"), ("3", "samples", "step-000003")] {
        let row = try #require(rows.first { $0.step == step }?.1)
        #expect(row["\(tag)|_type"] == "\"image-file\"")
        let path = try #require(row["\(tag)|path"]).trimmingCharacters(in: ["\""])
        let picture = try Data(contentsOf: folder.appendingPathComponent("\(place)/files/\(path)"))
        #expect(try picture == Data(contentsOf: folder.appendingPathComponent("run/samples/\(name).png")))
        let files = (all("files").first?["files"] as? [[String: Any]] ?? []).compactMap { $0["path"] as? String }
        #expect(files.contains(path) && files.contains("recipe.yaml"))
      }
      let summary = items(try #require(all("summary").last), "update")
      #expect(summary["loss/generator"].flatMap { Double($0) } == lines.last?.generatorLoss)
      // An exit code of 0 is the default, which is not written.
      #expect(all("exit").count == 1 && all("exit")[0]["exit_code"] == nil)
    }
  }

  /// Whole or not at all, and nothing that is there is replaced.
  @Test func whereItGoes() throws {
    try withRun { folder in
      func log(_ arguments: String, status: Int32 = 0) throws -> String {
        let process = try GanProcess(
          ["log", "run", "--format", "wandb-offline"] + arguments.split(separator: " ").map(String.init), in: folder)
        #expect(process.status == status, "\(process.errors)")
        return status == 0 ? process.output : process.errors
      }
      #expect(try log("--out elsewhere") == "elsewhere\n")
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("elsewhere").path)
      #expect(files.count == 2 && files.contains("files"), "\(files)")
      #expect(try log("--out elsewhere", status: 1).contains("elsewhere"))
      // The same run has the same name: a second time there is something in the way.
      let usual = try log("").trimmingCharacters(in: .newlines)
      #expect(try log("", status: 1).contains(usual))
      try Data("not JSON\n".utf8).write(to: folder.appendingPathComponent("run/measurements.jsonl"))
      #expect(try log("--out broken", status: 1).contains("measurements.jsonl"))
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("broken").path))
    }
  }
}
