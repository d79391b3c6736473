import Foundation
import Testing

/// Whatever asks a trainer to end finds it with a checkpoint of the step it was at.
@Suite struct SignalTests {
  /// Longer than any test waits.
  private let train =
    "train one-dimensional --threads 1 --steps 100000000 "
    + "--set output.checkpointInterval=100000000 --set output.measurementInterval=10"

  /// Waits for the first measurement, which comes after the handlers are set.
  private let begun = "until [ -s run/measurements.jsonl ]; do sleep 0.02; done"

  private func lastMeasuredStep(in folder: URL) throws -> Int {
    let text = try String(contentsOf: folder.appendingPathComponent("run/measurements.jsonl"), encoding: .utf8)
    let last = try #require(text.split(separator: "\n").last?.firstMatch(of: /"step":([0-9]+)/))
    return try #require(Int(last.1))
  }

  @Test(arguments: [("HUP", 129), ("USR1", 138), ("USR2", 140), ("XCPU", 152)])
  func dropsAndTimeLimitsLeaveACheckpoint(_ signal: String, _ code: Int) throws {
    try withEmptyFolder { folder in
      let result = try shell(
        "(exec \"$0\" \(train) --out run 2>err) & \(begun); kill -\(signal) $!; wait $!; echo $?",
        in: folder)
      #expect(result.output == "\(code)\n", "\(result.output)\(result.errors)")
      let (kept, measured) = (try checkpointSteps("run", in: folder).last ?? 0, try lastMeasuredStep(in: folder))
      #expect(kept > 0 && kept >= measured, "kept \(kept), measured \(measured)")
    }
  }

  /// Control-C reaches `tee` as well, which is gone before the trainer has said its last words. (Killed here: what a
  /// test starts may have other signals blocked.)
  @Test func controlCThroughAPipe() throws {
    try withEmptyFolder { folder in
      let result = try shell(
        """
        mkfifo pipe
        exec 3<>pipe
        (exec "$0" \(train) --out run >pipe 2>&1) & trainer=$!
        (exec cat <pipe >/dev/null) & reader=$!
        exec 3>&-
        \(begun)
        kill -KILL $reader; wait $reader 2>/dev/null
        kill -INT $trainer; wait $trainer; echo $?
        """, in: folder)
      #expect(result.output == "130\n", "\(result.output)\(result.errors)")
      #expect(try checkpointSteps("run", in: folder).last ?? 0 >= lastMeasuredStep(in: folder))
    }
  }

  /// `nohup` means it.
  @Test func aHangUpThatIsIgnoredStaysIgnored() throws {
    try withEmptyFolder { folder in
      let result = try shell(
        """
        (trap '' HUP; exec "$0" \(train) --out run 2>err) & \(begun)
        kill -HUP $!; sleep 0.3; kill -0 $! && echo alive; kill -TERM $!; wait $!; echo $?
        """, in: folder)
      #expect(result.output == "alive\n143\n", "\(result.output)\(result.errors)")
    }
  }

  private static let signals = [("INT", 130), ("TERM", 143), ("HUP", 129), ("USR1", 138)]

  /// The command that a stopped one has printed, for the shell of these tests.
  private func printedCommand(_ errors: String, after words: String) throws -> String {
    let line = try #require(errors.split(separator: "\n").first { $0.hasPrefix("stopped: ") }, "\(errors)")
    return String(line[try #require(line.range(of: words), "\(line)").upperBound...])
  }

  /// Begins `command` and sends `signal` once `file` is there.
  private func interrupted(_ command: String, when file: String, _ signal: String, in folder: URL) throws -> GanProcess
  {
    try shell(
      "(exec \"$0\" \(command) >/dev/null 2>err) & until [ -s \(file) ]; do sleep 0.02; done; "
        + "kill -\(signal) $!; wait $!; echo $?",
      in: folder)
  }

  private func errors(in folder: URL) throws -> String {
    try String(contentsOf: folder.appendingPathComponent("err"), encoding: .utf8)
  }

  /// `gan compare` drops the games at hand, keeps those that are over, and goes on with the others by the line that it
  /// prints, to the figures of an undisturbed comparison.
  @Test(arguments: signals) func aComparisonKeepsTheGamesThatAreOver(_ signal: String, _ code: Int) throws {
    try withEmptyFolder { folder in
      let compare =
        "compare --data ring --seeds 2 --techniques plain,label-smoothing --jobs 1 --set batchSize=16 "
        + "--set discriminator.initializationExamples=16 --steps 4000 --out 'a page'"
      let first = "a page/games/ring-plain-seeds-1-to-2.json"
      let stopped = try interrupted(compare, when: "'\(first)'", signal, in: folder)
      #expect(stopped.output == "\(code)\n", "\(stopped.output)\(stopped.errors)")
      let errors = try errors(in: folder)
      #expect(errors.contains("stopped: 2 of 4 games are over, and kept in a page/games; go on with: "), "\(errors)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("a page/games").path)
          == ["ring-plain-seeds-1-to-2.json"])
      let kept = try Data(contentsOf: folder.appendingPathComponent(first))
      let again = try shell(printedCommand(errors, after: "go on with: "), in: folder)
      #expect(again.status == 0, "\(again.errors)")
      #expect(try Data(contentsOf: folder.appendingPathComponent(first)) == kept)
      guard signal == "INT" else { return }
      let straight = try shell(
        "gan " + compare.replacing("'a page'", with: "straight"), in: folder)
      #expect(straight.output.replacing("straight/", with: "a page/") == again.output)
    }
  }

  /// `gan reproduce` saves the runs at hand; the line that it prints goes on to the bytes of an undisturbed table.
  @Test(arguments: signals) func aReproductionSavesItsRuns(_ signal: String, _ code: Int) throws {
    try withEmptyFolder { folder in
      try writeFewLabels(folder)
      let reproduce =
        "reproduce mnist --recipe few.yaml --data . --labels 10,20 --seeds 1 --jobs 1 --set duration.count=100 "
        + "--set output.evaluationInterval=50 --set output.checkpointInterval=100000 --out table"
      let stopped = try interrupted(
        reproduce, when: "table/labels-20/draw-1/measurements.jsonl", signal, in: folder)
      #expect(stopped.output == "\(code)\n", "\(stopped.output)\(stopped.errors)")
      let errors = try errors(in: folder)
      #expect(
        errors.contains("stopped: 1 of 2 runs are over, those at hand are saved; go on with: gan reproduce"),
        "\(errors)")
      let steps = try checkpointSteps("table/labels-20/draw-1", in: folder)
      #expect(steps.count == 1 && (1..<100).contains(steps[0]), "\(steps)")
      let again = try shell(printedCommand(errors, after: "go on with: "), in: folder)
      #expect(again.status == 0, "\(again.errors)")
      guard signal == "INT" else { return }
      let straight = try shell(
        "gan " + reproduce.replacing("--out table", with: "--out straight"), in: folder)
      #expect(straight.status == 0, "\(straight.errors)")
      for name in ["generator", "discriminator", "discriminator-average"] {
        let file = "labels-20/draw-1/\(name).safetensors"
        #expect(
          try Data(contentsOf: folder.appendingPathComponent("table/\(file)"))
            == Data(contentsOf: folder.appendingPathComponent("straight/\(file)")))
      }
    }
  }

  /// `gan demo` keeps the page, and the figures, of the techniques whose games are over.
  @Test(arguments: signals) func aDemonstrationKeepsWhatIsOver(_ signal: String, _ code: Int) throws {
    try withEmptyFolder { folder in
      let stopped = try interrupted(
        "demo --seeds 1 --techniques plain,feature-matching --steps 6000 --threads 1 --results games.jsonl --out demo",
        when: "demo/report.html", signal, in: folder)
      #expect(stopped.output == "\(code)\n", "\(stopped.output)\(stopped.errors)")
      let errors = try errors(in: folder)
      #expect(
        errors.contains("stopped: 1 of 2 techniques are over, and on demo/report.html; to play them all: gan demo"),
        "\(errors)")
      let page = try String(contentsOf: folder.appendingPathComponent("demo/report.html"), encoding: .utf8)
      #expect(page.contains("not played to the end: feature matching"))
      let lines = try String(contentsOf: folder.appendingPathComponent("games.jsonl"), encoding: .utf8)
        .split(separator: "\n")
      #expect(lines.count == 2 && lines[0].contains("plain") && lines[1].contains("fresh-data"))
    }
  }
}
