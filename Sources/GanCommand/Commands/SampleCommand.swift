import ArgumentParser
import Files
import Foundation
import Recipes
import Report
import Torch

struct Sample: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws from a trained generator.",
    discussion: """
      Images become one PNG with a grid of them, or, with --single or where --out is a folder that is there, a PNG each in a \
      folder, sample-000001.png and so on, pixel by pixel as they are generated. Points become text, one a line, coordinates \
      separated by a space.

        gan sample runs/mnist-1 --count 64 --out grid.png
        gan sample runs/mnist-1 --count 10000 --single --out samples
      """)

  @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
  var runFolder: String

  @Option(parsing: .unconditional, help: "How many samples.")
  var count = 64

  @Option(help: "The file to write, or the folder for single images.", completion: .file())
  var out: String

  @Flag(help: "One PNG per image, in the folder --out.")
  var single = false

  @Option(parsing: .unconditional, help: "Seed of the noise.")
  var seed: UInt64 = 1

  @Flag(help: "Draw from the weights of the last step, not from their average.")
  var raw = false

  @OptionGroup var machine: MachineOptions

  func validate() throws {
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("--count must be between 1 and 1000000, is \(count).")
    }
  }

  func run() throws {
    let folder = RunFolder(URL(fileURLWithPath: runFolder))
    try folder.requireFolder()
    let device = try machine.apply(for: folder.recipe())
    let game = try folder.load(device: device, averaged: !raw).game
    let place = URL(fileURLWithPath: out)
    var isFolder: ObjCBool = false
    let areSingle =
      single || FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) && isFolder.boolValue
    let samples = try game.samples(count, RandomStream(seed: seed).stream("samples"))
    switch game.example {
    case .image where areSingle: try writeSingle(samples, game, to: place)
    case .image: try writeOutput(imageGrid(of: samples, game).png(), to: place)
    case .vector:
      if single { throw ValidationError("--single is for images; '\(runFolder)' is a run on points.") }
      try writeOutput(lines(samples, game), to: place)
    }
    try Output.printPlace(place)
  }

  /// A picture each, in a folder that is made if it is not there.
  private func writeSingle(_ samples: Tensor, _ game: RecipeGame, to folder: URL) throws {
    try makeFolder(at: folder)
    let shape = game.example.dimensions
    let all = try checkingTensors { game.asImages(samples) }
    let digits = max(6, String(count).count)
    // In parts: as numbers of Swift's own they take several times the memory.
    for first in stride(from: 0, to: count, by: 500) {
      let part = try checkingTensors { all.sliced(0, first..<min(count, first + 500)) }
      for (offset, picture) in try pictures(part, shape: shape).enumerated() {
        let number = String(first + offset + 1)
        let name = "sample-\(String(repeating: "0", count: digits - number.count))\(number).png"
        try replaceFile(at: folder.appendingPathComponent(name), with: picture.png())
      }
    }
  }

  /// A point a line, its coordinates beside each other.
  private func lines(_ samples: Tensor, _ game: RecipeGame) throws -> Data {
    let (values, width) = (try samples.values(Float.self), game.example.count)
    let lines = stride(from: 0, to: values.count, by: width).map { first in
      values[first..<first + width].map { "\($0)" }.joined(separator: " ") + "\n"
    }
    return Data(lines.joined().utf8)
  }
}
