import Foundation
import Testing

/// Whatever asks a trainer to end finds it with a checkpoint of the step it was at.
@Suite struct SignalTests {
  /// Longer than any test waits.
  private let train =
    "train one-dimensional --threads 1 --steps 100000000 --set output.checkpointInterval=100000000 --set output.measurementInterval=10"

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
}
