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
      Images become one PNG with a grid of them; points become text, one a line, coordinates separated by a space.

        gan sample runs/mnist-1 --count 64 --out grid.png
      """)

  @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
  var runFolder: String

  @Option(parsing: .unconditional, help: "How many samples.")
  var count = 64

  @Option(help: "The file to write.", completion: .file())
  var out: String

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
    let device = try machine.apply()
    let run = try RunFolder(URL(fileURLWithPath: runFolder)).load(device: device, averaged: !raw)
    let game = run.game
    let samples = try game.samples(count, RandomStream(seed: seed).stream("samples"))
    let file = URL(fileURLWithPath: out)
    if case .image = game.example {
      try imageGrid(of: samples, game).write(to: file)
    } else {
      // A point a line, its coordinates beside each other.
      let (values, width) = (try samples.values(Float.self), game.example.count)
      let lines = stride(from: 0, to: values.count, by: width).map { first in
        values[first..<first + width].map { "\($0)" }.joined(separator: " ") + "\n"
      }.joined()
      try replaceFile(at: file, with: Data(lines.utf8))
    }
    try Output.printPlace(file)
  }
}
