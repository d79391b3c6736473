// A trained run from a program of your own: Sampler runs/mnist-1 grid.png
import Foundation
import Images
import Recipes
import Torch

/// Sixteen pictures that the run's generator makes, as one grid.
func draw(_ run: URL, to picture: URL) throws {
  let game = try RunFolder(run).load(device: .cpu).game
  let shape = game.example.dimensions, size = game.example.count
  let values = try game.asImages(game.samples(16, RandomStream(seed: 3))).values()
  let pictures = stride(from: 0, to: values.count, by: size).map {
    Image(width: shape[2], height: shape[1], channels: shape[0], planes: values[$0..<$0 + size])
  }
  try ImageGrid(pictures).tiled().write(to: picture)
}

let arguments = CommandLine.arguments.dropFirst().map { URL(fileURLWithPath: $0) }
guard arguments.count == 2 else {
  print("usage: Sampler RUN PICTURE.png")
  exit(64)
}
do {
  try draw(arguments[0], to: arguments[1])
} catch {
  FileHandle.standardError.write(Data("Sampler: \(error)\n".utf8))
  exit(1)
}
