// A trained run from a program of your own: Sampler runs/mnist-1 grid.png
import Foundation
import Images
import Recipes

let arguments = CommandLine.arguments.dropFirst().map { URL(fileURLWithPath: $0) }
guard arguments.count == 2 else {
  print("usage: Sampler RUN PICTURE.png")
  exit(64)
}
do {
  // An actor: a server would hold it, and any number of requests ask it.
  let sampler = try RunSampler(arguments[0])
  let pictures = try await sampler.pictures(seeds: Array(0..<16))
  try ImageGrid(pictures).tiled().write(to: arguments[1])
} catch {
  FileHandle.standardError.write(Data("Sampler: \(error)\n".utf8))
  exit(1)
}
