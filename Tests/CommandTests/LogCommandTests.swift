import Foundation
import Recipes
import Testing

/// Measurements in the forms that other programs read.
@Suite struct LogCommandTests {
  private func withRun(_ body: (URL, [RunFolder.Measurement]) throws -> Void) throws {
    try withEmptyFolder { folder in
      try writeFewLabels(folder)
      let train = try GanProcess(
        ["train", "few.yaml", "--data", ".", "--threads", "1", "--out", "run"], in: folder)
      try #require(train.status == 0, "\(train.errors)")
      try body(folder, RunFolder(folder.appendingPathComponent("run")).measurements())
    }
  }

  private func log(_ arguments: String, _ folder: URL, status: Int32 = 0) throws -> String {
    let process = try GanProcess(["log"] + arguments.split(separator: " ").map(String.init), in: folder)
    #expect(process.status == status, "\(arguments): \(process.errors)")
    return status == 0 ? process.output : process.errors
  }

  @Test func tablesHoldTheVerySameNumbers() throws {
    try withRun { folder, lines in
      let rows = try log("run --format csv", folder).split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      #expect(rows.count == lines.count + 1 && rows.allSatisfy { $0.count == rows[0].count })
      let quantities = MeasuredQuantity.found(in: lines)
      #expect(rows[0] == ["step"] + quantities.map(\.key))
      for (row, line) in zip(rows.dropFirst(), lines) {
        #expect(row[0] == "\(line.step)")
        for (text, quantity) in zip(row.dropFirst(), quantities) {
          #expect(Double(text) == quantity.value(line), "\(quantity.key)")
        }
      }
      #expect(rows[0].contains("testErrors"))
    }
  }

  @Test func linesAreThoseOfTheRun() throws {
    try withRun { folder, _ in
      let file = folder.appendingPathComponent("run/measurements.jsonl")
      let own = try String(contentsOf: file, encoding: .utf8)
      #expect(try log("run --format jsonl", folder) == own)
      // A line that is being written is none yet.
      try Data((own + "{\"step\":").utf8).write(to: file)
      #expect(try log("run --format jsonl --out lines.jsonl", folder) == "lines.jsonl\n")
      #expect(try String(contentsOf: folder.appendingPathComponent("lines.jsonl"), encoding: .utf8) == own)
    }
  }

  /// As names that programs read numbers by.
  @Test func numbersThatAreNone() {
    var line = RunFolder.Measurement(
      step: 2, seconds: 1, discriminatorLoss: .nan, generatorLoss: -.infinity, probabilityOfReal: 1e-9,
      probabilityOfGenerated: 1e300)
    line.scores = ["fid": 12.5]
    #expect(
      MeasurementTable.csv([line]) == """
        step,seconds,discriminatorLoss,generatorLoss,probabilityOfReal,probabilityOfGenerated,scores.fid
        2,1,nan,-inf,1e-09,1e+300,12.5

        """)
  }

  @Test func mistakesAreNamed() throws {
    try withEmptyFolder { folder in
      for (arguments, status, word) in [
        ("nowhere --format csv", 1, "nowhere"), ("run --format xml", 64, "csv, jsonl, wandb-offline, tensorboard"),
        ("run --format tensorboard --out x", 64, "--out"),
      ] as [(String, Int32, String)] {
        let errors = try log(arguments, folder, status: status)
        #expect(errors.contains(word), "\(errors)")
      }
    }
  }
}
