import Foundation
import Testing

/// Standard output and standard error that nobody can take: they end no process and spoil no run, and a result that is
/// lost is an exit code.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "no device here is always full"))
struct UnwritableOutputTests {
  @Test func aRunGoesOnWhereItsLogCannotBeWritten() throws {
    try withEmptyFolder { folder in
      try writeFewLabels(folder)
      // Words to standard error, and the lines of the tests to standard output.
      let silent = try shell("gan train few.yaml --data . --threads 1 --out run >/dev/null 2>/dev/full", in: folder)
      #expect(silent.status == 0)
      #expect(try checkpointSteps("run", in: folder).last == 20)
      let full = try shell("gan train few.yaml --data . --threads 1 --out other >/dev/full", in: folder)
      #expect(full.status == 1, "the run's folder could not be told")
      #expect(full.errors.contains("standard output: cannot be written (No space left on device)"), "\(full.errors)")
      #expect(try checkpointSteps("other", in: folder).last == 20)
    }
  }

  @Test func aResultThatIsLostIsAnExitCode() throws {
    try withEmptyFolder { folder in
      _ = try GanProcess(["train", "one-dimensional", "--steps", "20", "--threads", "1", "--out", "run"], in: folder)
      for command in [
        "recipes", "recipes mnist", "train one-dimensional --dry-run", "doctor run --json --threads 1", "--help",
        "train --help", "--version", "--generate-completion-script bash", "sample run --count 3 --out /dev/full",
      ] {
        let result = try shell("gan \(command) >/dev/full", in: folder)
        #expect(result.status == 1, "\(command): exit code \(result.status)")
        #expect(result.errors.contains("No space left"), "\(command): \(result.errors)")
      }
    }
  }

  @Test func anErrorThatCannotBeToldIsAnExitCodeStill() throws {
    try withEmptyFolder { folder in
      for (arguments, code) in [("train no-such-file.yaml", 1), ("train --helpp", 64), ("sample nowhere --out x", 1)] {
        let status = try shell("gan \(arguments) 2>/dev/full", in: folder).status
        #expect(status == Int32(code), "\(arguments)")
      }
    }
  }

  /// As any filter does.
  @Test func aReaderThatHasEnoughEndsItQuietly() throws {
    try withEmptyFolder { folder in
      let result = try shell("(gan recipes; echo \"code $?\" >&2) | true", in: folder)
      #expect(result.errors == "code 141\n", "\(result.errors)")
    }
  }
}
