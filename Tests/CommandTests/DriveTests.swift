import Foundation
import Testing

/// Drives that lack something: locks, a way to sync, room to write a page. Work goes on, with a word where it matters.
@Suite struct DriveTests {
  private static let strace = "/usr/bin/strace"

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: strace), "no strace, which plays such drives"))
  func noLocksAndNoSync() throws {
    try withEmptyFolder { folder in
      let train = "train one-dimensional --threads 1 --steps 5 --out"
      let locks = try shell(
        "\(Self.strace) -f -o trace -e trace=flock -e inject=flock:error=ENOLCK \"$0\" \(train) unlocked", in: folder)
      let sync = try shell(
        "\(Self.strace) -f -o trace2 -e trace=fsync -e inject=fsync:error=EINVAL \"$0\" \(train) unsynced", in: folder)
      let traces = try ["trace", "trace2"].map {
        try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)
      }
      // Where tracing is forbidden nothing was played.
      guard traces.allSatisfy({ $0.contains("INJECTED") }) else { return }
      #expect(locks.status == 0 && locks.errors.contains("has no file locks"), "\(locks.errors)")
      #expect(sync.status == 0 && !sync.errors.contains("sync"), "\(sync.errors)")
    }
  }

  @Test func aVerdictNeedsNoPage() throws {
    try withEmptyFolder { folder in
      _ = try GanProcess(["train", "one-dimensional", "--threads", "1", "--steps", "100", "--out", "run"], in: folder)
      // No Plotly.js.
      let bare = try GanProcess(["doctor", "run"], in: folder, environment: ["XDG_CACHE_HOME": folder.path])
      #expect([0, 3].contains(bare.status), "\(bare.errors)")
      #expect(bare.output.contains("run: ") && bare.errors.hasPrefix("no page: "), "\(bare.output)\(bare.errors)")
      #expect(bare.errors.contains("make setup"))
      // A page that was asked for is another thing.
      let asked = try GanProcess(
        ["doctor", "run", "--out", "page.html"], in: folder, environment: ["XDG_CACHE_HOME": folder.path])
      #expect(asked.status == 1 && asked.output.contains("run: "), "\(asked.output)\(asked.errors)")
    }
  }

  /// In scopes that could not be left, libtorch's failure would end the process; so would a Swift array without memory.
  @Test func tooLittleMemoryToLoad() throws {
    try withEmptyFolder { folder in
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      func word(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) } }
      let count = 60_000
      try (Data([0, 0, 8, 3] + word(count) + word(28) + word(28)) + Data(count: count * 784))
        .write(to: folder.appendingPathComponent("train-images-idx3-ubyte"))
      try (Data([0, 0, 8, 1] + word(count)) + Data(count: count))
        .write(to: folder.appendingPathComponent("train-labels-idx1-ubyte"))
      for limit in [600_000, 660_000, 720_000, 780_000] {
        let result = try shell(
          "ulimit -v \(limit); exec \"$0\" train tiny.yaml --data . --steps 2 --threads 1 --out run-\(limit)",
          in: folder)
        #expect(result.status < 126, "\(limit): exit code \(result.status): \(result.errors)")
        #expect(result.errors.split(separator: "\n").count <= 2, "\(result.errors)")
      }
    }
  }
}
