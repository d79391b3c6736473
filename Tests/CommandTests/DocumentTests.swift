import Foundation
import Testing

/// README, CONTRIBUTING and Docs against the program: commands and options that exist, recipes that can be read, links
/// that lead somewhere.
@Suite struct DocumentTests {
  @Test func whatThePagesSayHolds() throws {
    try withEmptyFolder { folder in
      let python = URL(fileURLWithPath: "/usr/bin/env")
      let script = GanProcess.package.appendingPathComponent("Scripts/check-docs").path
      let check = try GanProcess(["python3", script], in: folder, executable: python)
      #expect(check.status == 0, "\(check.errors)")
      #expect(check.output.contains("commands have names and options that exist"))
    }
  }

  /// `make install`: the program, completions and man pages, in a folder of one's own.
  @Test func installsWithCompletionsAndManPages() throws {
    try withEmptyFolder { folder in
      let python = URL(fileURLWithPath: "/usr/bin/env")
      let script = GanProcess.package.appendingPathComponent("Scripts/install").path
      let prefix = folder.appendingPathComponent("prefix")
      let install = try GanProcess(["python3", script, prefix.path], in: folder, executable: python)
      #expect(install.status == 0, "\(install.errors)")
      let version = try GanProcess(["--version"], in: folder, executable: prefix.appendingPathComponent("bin/gan"))
      #expect(version.status == 0 && install.output.hasPrefix("gan \(version.output.dropLast()) "), "\(install.output)")
      for (name, words) in [
        ("share/bash-completion/completions/gan", "complete"), ("share/zsh/site-functions/_gan", "#compdef gan"),
        ("share/fish/vendor_completions.d/gan.fish", "complete"), ("share/man/man1/gan.1", ".SH COMMANDS"),
        ("share/man/man1/gan-train.1", "\\-\\-resume"),
      ] {
        let text = try String(contentsOf: prefix.appendingPathComponent(name), encoding: .utf8)
        #expect(text.contains(words), "\(name)")
      }
    }
  }
}
