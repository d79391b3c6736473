import Foundation
import Testing
import Torch

/// SWIFT_GAN_CPU: which instructions the program uses.
@Suite struct KernelLevelCommandTests {
  @Test func everyLevelOfTheMachineIsTaken() throws {
    try withEmptyFolder { folder in
      for level in KernelLevel.allCases where level.isAvailable {
        let process = try GanProcess(
          ["demo", "--steps", "20", "--seeds", "2"], in: folder, environment: ["SWIFT_GAN_CPU": level.rawValue])
        #expect(process.status == 0, "\(process.errors)")
      }
    }
  }

  @Test func whatIsNoLevelIsNamedBeforeAnythingRuns() throws {
    try withEmptyFolder { folder in
      for wrong in ["AVX2", "sse9", "avx", String(repeating: "x", count: 500)] {
        let process = try GanProcess(["recipes"], in: folder, environment: ["SWIFT_GAN_CPU": wrong])
        #expect(process.status == 1 && process.output.isEmpty)
        #expect(process.errors.hasPrefix("error: SWIFT_GAN_CPU is '\(wrong.prefix(40))"), "\(process.errors)")
        #expect(process.errors.contains("'baseline', 'avx2' or 'avx512'"), "\(process.errors)")
      }
      for level in KernelLevel.allCases where !level.isAvailable {
        let process = try GanProcess(["recipes"], in: folder, environment: ["SWIFT_GAN_CPU": level.rawValue])
        #expect(process.status == 1 && process.errors.contains("this processor lacks"), "\(process.errors)")
      }
      // Empty is as good as absent.
      #expect(try GanProcess(["recipes"], in: folder, environment: ["SWIFT_GAN_CPU": ""]).status == 0)
    }
  }
}
