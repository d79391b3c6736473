import ArgumentParser
import Foundation
import Recipes

struct Explore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a run's generator can make, on a page with sliders.",
    discussion: """
      Prints the page's address on this machine and hands it out until it is ended. Sliders move a sample along the \
      directions in which the generator's first layer changes most, and from one sample to another; a generator that \
      is told classes has a button for each. Seeds are those of `gan sample --seeds`. The weights are those that the \
      run has saved by now.

        gan explore runs/pictures-1
        gan explore runs/mnist-1 --directions 16 --raw
      """)

  @Argument(help: ArgumentHelp("The folder of a run on pictures.", valueName: "run"), completion: .directory)
  var runFolder: String

  @Option(parsing: .unconditional, help: "How many directions have a slider, at most.")
  var directions = 8

  @Option(parsing: .unconditional, help: "The port of the page, or the next that is free; 0 for any.")
  var port: UInt16 = 8421

  @OptionGroup var weights: WeightOptions
  @OptionGroup var machine: MachineOptions

  func validate() throws {
    guard (1...64).contains(directions) else {
      throw ValidationError("--directions must be between 1 and 64, is \(directions).")
    }
  }

  func run() async throws {
    let folder = RunFolder(URL(fileURLWithPath: runFolder))
    try folder.requireFolder()
    let recipe = try folder.recipe()
    let description = try folder.description()
    guard let shape = description.imageShape else {
      throw ValidationError(
        "gan explore is for pictures; '\(recipe.name)' makes points, which gan watch shows and gan sample writes.")
    }
    let sampler = try RunSampler(folder.url, weights: weights.weights, device: machine.apply(for: recipe))
    let names =
      recipe.isConditional ? description.classes.map { description.classNames ?? (0..<$0).map { "\($0)" } } : nil
    let name = folder.url.relativePath
    let page = ExplorePage(
      name: name, summary: recipe.summary, step: sampler.step, shape: shape, classes: names,
      directions: try await sampler.findDirections(directions),
      command: "gan sample \(shellPath(name))" + (weights.raw ? " --raw" : "")
        + (weights.checkpoint.name.map { " --checkpoint \(shellWord($0))" } ?? ""))
    let server = try LocalServer(ExploreSite(sampler, page), port: port)
    try await server.run { try Output.print(server.address) }
  }
}
