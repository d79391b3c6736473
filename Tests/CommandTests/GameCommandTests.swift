import Foundation
import Report
import TestSupport
import Testing

/// `gan demo game`: what it prints, the page that it writes, and what it refuses.
@Suite struct GameCommandTests {
  @Test(.enabled(if: HeadlessBrowser.executable != nil, "no Chromium on the PATH"))
  func writesAPageThatDraws() throws {
    try withEmptyFolder { folder in
      let game = try GanProcess(["demo", "game"], in: folder)
      #expect(game.status == 0, "\(game.errors)")
      #expect(game.output.hasSuffix("runs/game/report.html\n"))
      for word in ["Plain descent", "Historical averaging", "10000 steps"] { #expect(game.output.contains(word)) }
      let browser = try HeadlessBrowser()
      for width in [1280, 400] {
        try browser.open(folder.appendingPathComponent("runs/game/report.html"), width: width)
        // Set last, a moment after the last chart was counted.
        try browser.wait(until: "document.documentElement.dataset.overflow !== undefined")
        #expect(try browser.evaluate("document.documentElement.dataset.charts") == "3")
        #expect(try browser.evaluate("document.documentElement.dataset.errors") == "0")
        #expect(try browser.evaluate("document.documentElement.dataset.overflow") == "0")
      }
      let text = try browser.evaluate("document.body.innerText")
      #expect(text.contains("Plain descent circles") && text.contains("Historical averaging converges"))
    }
  }

  @Test func takesItsOptionsAndRefusesBadOnes() throws {
    try withEmptyFolder { folder in
      let short = try GanProcess(
        ["demo", "game", "--steps", "50", "--start", "-0.5,2", "--rate", "0.02", "--weight", "0.5", "--out", "g"],
        in: folder)
      #expect(short.status == 0 && short.output.contains("50 steps from (-0.5, 2)"), "\(short.errors)")
      for (arguments, words) in [
        (["--steps", "0"], ["--steps", "0"]), (["--rate", "-0.1"], ["--rate", "-0.1"]),
        (["--rate", "nan"], ["--rate", "nan"]), (["--weight", "0"], ["--weight", "0"]),
        (["--start", "1"], ["--start", "1"]), (["--start", "1,x"], ["1,x"]),
        (["--start", "2000,0"], ["--start", "2000"]),
        (["--start", "1,1"], ["--start", "equilibrium"]), (["--out", "/proc/game"], ["/proc/game"]),
        (["--sedes", "3"], ["--sedes"]),
      ] {
        let refused = try GanProcess(["demo", "game"] + arguments, in: folder)
        #expect(refused.status != 0 && refused.status < 128, "\(arguments)")
        for word in words { #expect(refused.errors.contains(word), "'\(word)' in: \(refused.errors)") }
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("runs").path))
      }
    }
  }

  /// The tutorial's game has a name of its own now; without one it is meant all the same.
  @Test func helpNamesBothDemonstrations() throws {
    try withEmptyFolder { folder in
      let help = try GanProcess(["demo", "--help"], in: folder)
      #expect(help.status == 0 && help.output.contains("tutorial (default)") && help.output.contains("game"))
      #expect(try GanProcess(["demo", "tutorial", "--help"], in: folder).output.contains("--preset"))
      #expect(try GanProcess(["demo", "game", "--help"], in: folder).output.contains("--weight"))
    }
  }
}
