import Foundation
import Torch

/// What one step after the other takes of memory.
enum StepMemory {
  /// A line for each step: seconds, pages faulted, blocks of tensors, MiB of tensors at most at once and held for them,
  /// and of the process at most so far.
  static func table(of contestant: Contestant, steps: Int) throws -> [String] {
    var lines = [
      "| step | seconds | pages faulted | blocks taken | tensors, MiB | held, MiB | process, MiB |",
      "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for step in 1...steps {
      let before = (usage(), TensorMemory.mostFromNow())
      let seconds = try ContinuousClock().measure { try contestant.run(1) } / .seconds(1)
      let after = (usage(), TensorMemory.now)
      let blocks = after.1.map { $0.blocks - (before.1?.blocks ?? 0) }
      func mebibytes(_ bytes: Int?) -> String { bytes.map { "\($0 >> 20)" } ?? "" }
      lines.append(
        String(format: "| %d | %.2f | %d |", step, seconds, after.0.ru_minflt - before.0.ru_minflt)
          + " \(blocks.map(String.init) ?? "") | \(mebibytes(after.1?.most)) | \(mebibytes(after.1?.held)) |"
          + " \(after.0.ru_maxrss >> 10) |")
    }
    return lines
  }

  private static func usage() -> rusage {
    var usage = rusage()
    getrusage(0, &usage)  // RUSAGE_SELF, which Linux and macOS have as different types
    return usage
  }
}
