import Foundation
import Testing

/// The package as others use it: a package of its own that depends on this one.
@Suite struct ExampleTests {
  @Test func theRingIsBuiltFromOutsideAndPlays() throws {
    let example = GanProcess.package.appendingPathComponent("Examples/Ring")
    try withEmptyFolder { folder in
      let swift = URL(fileURLWithPath: "/usr/bin/env")
      let build = try GanProcess(
        ["swift", "build", "-c", "release", "--package-path", example.path], in: folder, executable: swift)
      #expect(build.status == 0, "\(build.output.suffix(2000))\(build.errors.suffix(2000))")
      let run = try GanProcess(
        ["500"], in: folder, executable: example.appendingPathComponent(".build/release/Ring"))
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.split(separator: "\n").count == 5 && run.output.contains("step 500: "), "\(run.output)")
    }
  }
}
