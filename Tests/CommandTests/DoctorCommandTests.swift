import Foundation
import Report
import TestSupport
import Testing

/// The doctor as its users, people and scripts, meet it.
@Suite struct DoctorCommandTests {
  private struct Answer: Decodable {
    struct Finding: Decodable {
      let condition: String
      let since: Int?
    }
    let verdict: String
    let step: Int
    let steps: Int
    let findings: [Finding]
  }

  private func train(_ name: String, _ folder: URL, _ options: [String] = []) throws -> GanProcess {
    let process = try GanProcess(
      ["train", "two-dimensional", "--threads", "1", "--out", name, "--set", "featureMatching.role=joins"] + options,
      in: folder)
    #expect(process.status == 0, "\(process.errors)")
    return process
  }

  private func ask(_ name: String, _ folder: URL, _ options: [String] = []) throws -> (answer: Answer, status: Int32) {
    let process = try GanProcess(["doctor", name, "--json"] + options, in: folder)
    return (try JSONDecoder().decode(Answer.self, from: Data(process.output.utf8)), process.status)
  }

  /// A game that goes well; the same at a hundred times the learning rates; each told from the other by exit code,
  /// words and page, and the second warned of while it still trains.
  @Test func tellsGoodRunsFromBadOnes() throws {
    try withEmptyFolder { folder in
      _ = try train("good", folder)
      let good = try ask("good", folder)
      #expect(good.status == 0 && good.answer.verdict == "healthy" && good.answer.findings.isEmpty)
      #expect(good.answer.step == 10_000 && good.answer.steps == 10_000)

      let rates = ["generator", "discriminator"].flatMap { ["--set", "\($0).training.learningRate=0.1"] }
      let warned = try train("bad", folder, rates + ["--steps", "4000"])
      #expect(warned.errors.contains("gan doctor bad says more"), "\(warned.errors)")
      let bad = try ask("bad", folder)
      #expect(bad.status == 3 && bad.answer.verdict == "ill")
      #expect(bad.answer.findings.contains { $0.condition == "collapsed" || $0.condition == "off the data" })

      for (name, status) in [("good", 0), ("bad", 3)] as [(String, Int32)] {
        let process = try GanProcess(["doctor", name], in: folder)
        #expect(process.status == status)
        #expect(process.output.contains(status == 0 ? "good: healthy" : "bad: ill"))
        #expect(process.output.contains("learning rates") == (status == 3))
        #expect(process.output.hasSuffix("\(name)/doctor.html\n"))
        let page = try String(contentsOf: folder.appendingPathComponent("\(name)/doctor.html"), encoding: .utf8)
        #expect(page.contains("What to try") == (status == 3))
      }
      guard HeadlessBrowser.executable != nil else { return }
      let browser = try HeadlessBrowser()
      for width in [1280, 400] {
        try browser.open(folder.appendingPathComponent("bad/doctor.html"), width: width)
        try browser.wait(until: "document.documentElement.dataset.overflow !== undefined")
        #expect(Int(try browser.evaluate("document.documentElement.dataset.charts")) ?? 0 >= 8)
        #expect(try browser.evaluate("document.documentElement.dataset.errors") == "0")
        #expect(try browser.evaluate("document.documentElement.dataset.overflow") == "0")
      }
    }
  }

  /// A run that still goes on, or was stopped before its first networks, is examined by what there is.
  @Test func examinesUnfinishedRuns() throws {
    try withEmptyFolder { folder in
      let begun = try GanProcess(
        ["train", "two-dimensional", "--threads", "1", "--out", "begun", "--stop-after", "300"], in: folder)
      #expect(begun.status == 0)
      let answer = try ask("begun", folder).answer
      #expect(answer.step == 300 && answer.steps == 10_000 && answer.verdict == "too early to tell")
      for name in ["generator", "discriminator"] {
        try FileManager.default.removeItem(at: folder.appendingPathComponent("begun/\(name).safetensors"))
      }
      let process = try GanProcess(["doctor", "begun"], in: folder)
      #expect(process.status == 0 && process.output.contains("begun: too early to tell after 300 of 10000 steps"))
    }
  }

  /// The step in which a number stopped being one is what the doctor names.
  @Test func namesTheFaultThatEndedARun() throws {
    try withEmptyFolder { folder in
      let process = try GanProcess(
        ["train", "two-dimensional", "--threads", "1", "--out", "broken", "--steps", "50"]
          + ["--set", "discriminator.training.rule=momentum", "--set", "discriminator.training.learningRate=1e38"],
        in: folder)
      #expect(process.status == 1)
      let (answer, status) = try ask("broken", folder)
      #expect(status == 3 && answer.findings.first?.condition == "broke")
    }
  }

  @Test func refusesWhatItCannotExamine() throws {
    try withEmptyFolder { folder in
      func refused(_ arguments: [String], saying words: [String]) throws {
        let process = try GanProcess(["doctor"] + arguments, in: folder)
        #expect(process.status == 1 || process.status == 64, "\(process.status)")
        for word in words { #expect(process.errors.contains(word), "\(arguments): \(process.errors)") }
      }
      try refused(["nothing"], saying: ["nothing", "is not a run folder", "no such folder"])
      try Data("x".utf8).write(to: folder.appendingPathComponent("file"))
      try refused(["file"], saying: ["file", "is not a run folder, but a file"])
      try refused(["x", "--json", "--out", "y"], saying: ["--out"])
      try writeTinyImages(folder)
      try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      #expect(try GanProcess(["train", "tiny.yaml", "--data", ".", "--out", "tiny"], in: folder).status == 0)
      try refused(["tiny", "--data", "elsewhere"], saying: ["elsewhere"])
      // Six steps of a G that starts in the middle: nothing but greys, where the data have black and white.
      let (answer, status) = try ask("tiny", folder, ["--data", "."])
      #expect(status == 3 && answer.findings.first?.condition == "off the data", "\(answer)")
      // A run that is over and has lost its networks is no healthy one.
      try FileManager.default.removeItem(at: folder.appendingPathComponent("tiny/generator.safetensors"))
      try refused(["tiny", "--data", "."], saying: ["tiny", "networks are gone"])
    }
  }

  /// D with minibatch discrimination judges batches as it was trained to: what it is said to be right about is what it
  /// was measured to be right about.
  @Test func minibatchDiscriminationSeesBatchesOfItsSize() throws {
    try withEmptyFolder { folder in
      _ = try train("run", folder, ["--set", "minibatchDiscrimination.enabled=true", "--steps", "1000"])
      let last = try #require(
        try String(contentsOf: folder.appendingPathComponent("run/measurements.jsonl"), encoding: .utf8)
          .split(separator: "\n").last)
      let measured = try #require(
        (try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])?["accuracy"] as? Double)
      let process = try GanProcess(["doctor", "run", "--json"], in: folder)
      let samples = try #require(
        (try JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [String: Any])?["samples"]
          as? [String: Any])
      #expect(abs(try #require(samples["accuracy"] as? Double) - measured) < 0.15, "\(samples)")
    }
  }
}
