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
      Reads a run's measurements, also while it still goes on, draws a few thousand fresh samples and compares them with the \
      data. Writes a page with the charts that show it. Exits with 0 where the run is healthy, with 3 where it is not, and with \
      1 or 64 where it cannot be examined.

        gan doctor runs/two-dimensional-1
        gan doctor runs/mnist-1 --data ~/.cache/swift-gan/mnist --json
      """)

  @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
  var runFolder: String

  @Option(help: "Folder with the data files. (default: where `gan data get` puts them)", completion: .directory)
  var data: String?

  @Option(parsing: .unconditional, help: "So many fresh samples, and as many real examples.")
  var count = 2_000

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
    guard (100...10_000).contains(count) else {
      throw ValidationError("--count must be between 100 and 10000, is \(count).")
    }
  }

  func run() throws {
    let device = try machine.apply()
    let folder = RunFolder(URL(fileURLWithPath: runFolder))
    let page = out.map { URL(fileURLWithPath: $0) } ?? folder.url.appendingPathComponent("doctor.html")
    let description = try folder.description()
    if !json { try prepareForReport(in: page.deletingLastPathComponent()) }
    let images =
      try folder.recipe().data.source.isEndless || !folder.hasNetworks
      ? nil
      : try MNIST.load(directory: data.map { URL(fileURLWithPath: $0) } ?? MNIST.defaultDirectory, split: .train)
    let examination = try Examination(folder, images: images, count: count, seed: seed, device: device)
    guard examination.samples != nil || !examination.measurements.isEmpty || !examination.faults.isEmpty else {
      throw FileError(path: folder.url.path, reason: "there is nothing to examine yet: no measurements, no networks")
    }
    let diagnosis = Diagnosis(examination)
    let report = DoctorReport(
      examination: examination, diagnosis: diagnosis, name: folder.url.relativePath, imageShape: description.imageShape)
    if json {
      print(try report.json())
    } else {
      try report.page().write(to: page)
      print(report.text)
      print(page.relativePath)
    }
    if !diagnosis.isHealthy { throw Self.ill }
  }
}
