import ArgumentParser
import Datasets
import Files
import Foundation
import Recipes
import Report
import Torch

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what is wrong with a run, since when, and what to try.",
    discussion: """
      Reads a run's measurements, also while it still goes on, draws \(Examination.sampleCount) fresh samples and \
      compares them with as many real examples. Writes a page with the charts that show it, if it can. Exits with 0 \
      where the run is healthy or nothing can be said yet, with 3 where it is ill, and with 1 or 64 where it cannot be \
      examined.

        gan doctor runs/two-dimensional-1
        gan doctor runs/mnist-1 --data ~/.cache/swift-gan/mnist --json
      """)

  @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
  var runFolder: String

  @OptionGroup var data: DataOption

  @Option(parsing: .unconditional, help: "Seed of the samples.")
  var seed: UInt64 = 1

  @Option(help: "The page. (default: doctor.html in the run's folder)", completion: .file(extensions: ["html"]))
  var out: String?

  @Flag(help: "One JSON object in place of the text, and no page.")
  var json = false

  @OptionGroup var machine: MachineOptions

  /// Of a run that is ill.
  static let ill = ExitCode(3)

  func validate() throws {
    if json, out != nil { throw ValidationError("--json writes no page: leave out --out.") }
  }

  func run() throws {
    let folder = RunFolder(URL(fileURLWithPath: runFolder))
    try folder.requireFolder()
    let (description, recipe) = (try folder.description(), try folder.recipe())
    let device = try machine.apply(for: recipe)
    let images = folder.hasNetworks ? try data.images(of: recipe, .train, run: description) : nil
    let examination = try Examination(folder, images: images, seed: seed, device: device)
    guard examination.samples != nil || !examination.measurements.isEmpty || !examination.faults.isEmpty else {
      throw FileError(path: folder.url.path, reason: "there is nothing to examine yet: no measurements, no networks")
    }
    if examination.samples == nil, try folder.isComplete() {
      throw FileError(
        path: folder.url.path, reason: "the run is over, but its networks are gone: there is nothing to examine")
    }
    let diagnosis = Diagnosis(examination)
    let report = DoctorReport(
      examination: examination, diagnosis: diagnosis, name: folder.url.relativePath, imageShape: description.imageShape)
    if json {
      try Output.print(report.json())
    } else {
      try Output.print(report.text)
      try write(report, in: folder)
    }
    if diagnosis.verdict == .ill { throw Self.ill }
  }
  /// The verdict stands without its page: what a page lacks is an error only where one was asked for.
  private func write(_ report: DoctorReport, in folder: RunFolder) throws {
    let page = out.map { URL(fileURLWithPath: $0) } ?? folder.url.appendingPathComponent("doctor.html")
    do {
      // For those who watch the run.
      if out == nil {
        try replaceFile(at: folder.url.appendingPathComponent("doctor.json"), with: Data(report.json().utf8))
      }
      try prepareForReport(in: page.deletingLastPathComponent())
      try report.page().write(to: page)
    } catch let error as FileError where out == nil {
      return Output.say("no page: \(error)")
    }
    try Output.printPlace(page)
  }
}
