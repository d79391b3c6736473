import Foundation
import Testing
import Torch

/// Who is missing is named, with what was waited for, in time.
@Suite(.serialized) struct AbsenceTests {
  private func expectNamed(
    _ missing: Int, _ kind: String, _ ended: [Helpers.Ended], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (rank, process) in ended.enumerated() where rank != missing {
      #expect(process.status == 1, sourceLocation: sourceLocation)
      #expect(
        process.errors.contains("process \(missing) of 3 is gone, or hung"), "\(process.errors)",
        sourceLocation: sourceLocation)
      #expect(
        process.errors.contains("at step 5, the generator's gradient"), "\(process.errors)",
        sourceLocation: sourceLocation)
    }
  }

  @Test func aKilledProcessIsNamed() throws {
    try withEmptyFolder { folder in
      let ended = try Helpers(3, in: folder, patience: 30) { _ in ["wait", "killed", "1"] }.ended()
      expectNamed(1, "killed", ended)
      #expect(ended[1].status == -SIGKILL)
    }
  }

  /// With process 0 goes the store of keys, unless the launcher serves it.
  @Test func theOthersSayThatProcess0IsGone() throws {
    try withEmptyFolder { folder in
      let ended = try Helpers(3, in: folder, patience: 4) { _ in ["wait", "killed", "0"] }.ended()
      for process in ended.dropFirst() {
        #expect(process.errors.contains("whoever serves the keys, by default process 0, is gone"), "\(process.errors)")
        #expect(process.errors.contains("waited at step 5, the generator's gradient"), "\(process.errors)")
      }
    }
  }

  @Test func aProcessThatHangsIsNamed() throws {
    try withEmptyFolder { folder in
      let helpers = try Helpers(3, in: folder, patience: 2) { _ in ["wait", "hung", "2"] }
      for process in helpers.processes.prefix(2) { process.waitUntilExit() }
      kill(helpers.processes[2].processIdentifier, SIGKILL)
      expectNamed(2, "hung", try helpers.ended())
    }
  }

  @Test func aProcessThatNeverComesIsNamed() throws {
    try withEmptyFolder { folder in
      let ended = try Helpers(4, in: folder, patience: 2, missing: [1, 3]) { _ in ["join"] }.ended()
      for process in ended {
        #expect(process.status == 1)
        #expect(process.errors.contains("processes 1, 3 of 4 have not come within 2 s"), "\(process.errors)")
      }
    }
  }

  @Test func theLauncherIsToldTheReason() throws {
    try withEmptyFolder { folder in
      let file = folder.appendingPathComponent("reason.json")
      _ = try Helpers(
        2, in: folder, patience: 1, missing: [1], environment: { _ in ["TORCHELASTIC_ERROR_FILE": file.path] }
      ) { _ in ["join"] }.ended()
      let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
      let message = try #require(object?["message"] as? [String: Any])
      #expect(message["message"] as? String == "process 1 of 2 has not come within 1 s")
      let info = try #require(message["extraInfo"] as? [String: String])
      #expect(Int(info["timestamp"] ?? "") != nil)
    }
  }
}
