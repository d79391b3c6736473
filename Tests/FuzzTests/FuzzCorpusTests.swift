import Files
import Foundation
import Fuzzing
import Testing

/// Everything that the fuzzers began with and found: none of it may crash, hang, take more memory than it justifies, or
/// be misread.
@Suite(.serialized) struct FuzzCorpusTests {
  private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("FuzzCorpus")

  @Test(arguments: FuzzTarget.allCases) func replay(_ target: FuzzTarget) throws {
    let folder = Self.corpus.appendingPathComponent(target.rawValue)
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .sorted { $0.path < $1.path }
    try #require(files.count >= 5, "the corpus of '\(target.rawValue)' is missing")
    let scratch = FuzzFolder()
    for file in files {
      let bytes = try Data(contentsOf: file)
      let highest = resetPeakMemory()
      let time = ContinuousClock().measure {
        do {
          try target.check(bytes, in: scratch)
        } catch {
          Issue.record("\(file.lastPathComponent): \(error)")
        }
      }
      #expect(time < .seconds(5), "\(file.lastPathComponent) takes \(time)")
      if let highest, let peak = peakMemory() {
        // Pages that are kept and first uses are no input's doing.
        #expect(peak - highest < target.allowance(bytes.count) + 64 << 20, "\(file.lastPathComponent) takes memory")
      }
    }
  }

  /// The bound on memory above can fail: what is taken is seen.
  @Test func peakMemoryIsSeen() throws {
    guard let before = resetPeakMemory() else { return }
    let bytes = [UInt8](repeating: 1, count: 100 << 20)
    #expect(bytes.last == 1)
    #expect(try #require(peakMemory()) - before > 90 << 20)
  }

  /// The demands above can fail: an error of another kind, without a place, of another file.
  @Test func violationsAreNoticed() throws {
    struct Other: Error {}
    let file = URL(fileURLWithPath: "/a")
    let bad: [any Error] = [
      Other(), FileError(path: "/a", reason: "is bad"), FileError(path: "/b", reason: "is bad", at: .byte(0)),
      FileError(path: "/a", reason: "", at: .byte(0)),
    ]
    for error in bad {
      #expect(throws: FuzzTarget.Violation.self, "\(error)") { try FuzzTarget.idx.value(of: file) { throw error } }
    }
    let refused: Int? = try FuzzTarget.idx.value(of: file) {
      throw FileError(path: "/a", reason: "is bad", at: .byte(0))
    }
    #expect(refused == nil)
  }

  /// Begins to measure anew; the memory in use, nil where the system does not tell.
  private func resetPeakMemory() -> Int? {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return nil }
    try? file.write(contentsOf: Data("5".utf8))
    return peakMemory()
  }

  private func peakMemory() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    return text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      .flatMap { $0.split(whereSeparator: { " \t".contains($0) }).dropFirst().first }.flatMap { Int($0) }.map {
        $0 << 10
      }
  }
}
