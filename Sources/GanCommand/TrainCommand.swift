import ArgumentParser
import Datasets
import Files
import Foundation
import GAN
import Recipes
import Report
import Torch

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a recipe and keeps the run in a folder.",
    discussion: """
      The folder gets the resolved recipe, measurements as JSON lines, pictures of samples as training goes, and the \
      networks' parameters as safetensors.

        gan train mnist --data ~/.cache/swift-gan/mnist
        gan train mnist --set featureMatching.role=joins --epochs 5
        gan train my-recipe.yaml --dry-run
      """)

  @Argument(help: "A built-in recipe (see `gan recipes`) or a YAML file.")
  var recipe: String

  @Option(help: "Folder with the data files. (default: where `gan data get` puts them)", completion: .directory)
  var data: String?

  @OptionGroup var options: TrainingOptions

  func run() throws {
    let recipe = try options.resolved(findRecipe(self.recipe))
    let device = try options.machine.apply()
    if options.dryRun && recipe.data.source == .mnist && data == nil {
      return try printPlan(recipe, width: 784, stepsPerEpoch: 60_000 / recipe.batchSize, device: device)
    }
    let examples = try load(recipe, device: device)
    if options.dryRun {
      return try printPlan(recipe, width: examples.width, stepsPerEpoch: examples.stepsPerEpoch, device: device)
    }
    try train(recipe, examples, device: device)
  }

  private func load(_ recipe: Recipe, device: Device) throws -> RecipeExamples {
    if let density = recipe.data.source.density {
      return RecipeExamples(density: density, recipe: recipe, device: device)
    }
    let folder = data.map { URL(fileURLWithPath: $0) } ?? MNIST.defaultDirectory
    return try RecipeExamples(images: MNIST.load(directory: folder, split: .train), recipe: recipe, device: device)
  }

  private func printPlan(_ recipe: Recipe, width: Int, stepsPerEpoch: Int?, device: Device) throws {
    print(try RecipeFile.text(recipe))
    let game = try checkingTensors {
      RecipeGame(recipe, width: width, stepsPerEpoch: stepsPerEpoch, device: device)
    }
    print("generator:", terminator: "")
    printNetwork(game.generator.summary)
    print("discriminator:", terminator: "")
    printNetwork(game.discriminator.summary)
    print("steps: \(game.steps)")
  }

  private func printNetwork(_ parameters: [(name: String, shape: [Int], count: Int, isFixed: Bool)]) {
    print(" \(parameters.filter { !$0.isFixed }.reduce(0) { $0 + $1.count }) trained parameters")
    let width = parameters.map(\.name.count).max() ?? 0
    for parameter in parameters {
      let name = parameter.name + String(repeating: " ", count: width - parameter.name.count)
      print("  \(name)  \(parameter.shape)  \(parameter.count)\(parameter.isFixed ? "  fixed" : "")")
    }
  }

  private func train(_ recipe: Recipe, _ examples: RecipeExamples, device: Device) throws {
    let game = try checkingTensors {
      RecipeGame(recipe, width: examples.width, stepsPerEpoch: examples.stepsPerEpoch, device: device)
    }
    let trainer = try game.trainer(examples)
    let folder = try RunFolder.create(at: options.out.map { URL(fileURLWithPath: $0) }, name: recipe.name)
    try folder.write(
      recipe,
      RunFolder.Description(
        width: examples.width, imageShape: examples.imageShape, steps: game.steps, libtorch: Libtorch.version,
        device: device.rawValue, threads: Libtorch.threads))

    let random = RandomStream(seed: recipe.seed).stream("measurements")
    let start = ContinuousClock.now
    var bar = ProgressBar(recipe.name, total: game.steps, unit: "steps")
    var sums = (discriminator: 0.0, generator: 0.0, count: 0.0)
    try drawSamples(game, examples.imageShape, step: 0, folder)
    while let report = try trainer.next() {
      let step = report.step + 1
      game.average?.update()
      sums.discriminator += report.discriminatorLoss[0]
      sums.generator += report.generatorLoss[0]
      sums.count += 1
      if step % recipe.output.measurementInterval == 0 || step == game.steps {
        let real = try checkingTensors { examples.batches(report.step, random.stream("data")) }
        let probabilities = try game.probabilities(real, random.stream("noise").at(step))
        try folder.append(
          RunFolder.Measurement(
            step: step, seconds: (ContinuousClock.now - start) / .seconds(1),
            discriminatorLoss: sums.discriminator / sums.count, generatorLoss: sums.generator / sums.count,
            probabilityOfReal: probabilities.real, probabilityOfGenerated: probabilities.generated))
        sums = (0, 0, 0)
      }
      if step % recipe.output.sampleInterval == 0 || step == game.steps {
        try drawSamples(game, examples.imageShape, step: step, folder)
        try folder.write(game)
      }
      bar.update(
        step, note: String(format: "D %.3f  G %.3f", report.discriminatorLoss[0], report.generatorLoss[0]))
    }
    bar.finish(game.steps)
    print(folder.url.relativePath)
  }

  /// 64 samples of the same noise at every step; nothing where examples are no images.
  private func drawSamples(_ game: RecipeGame, _ imageShape: [Int]?, step: Int, _ folder: RunFolder) throws {
    guard let imageShape else { return }
    let random = RandomStream(seed: game.recipe.seed).stream("samples")
    let grid = try imageGrid(game.samples(64, random), shape: imageShape)
    try grid.write(to: folder.samplesFile(step: step))
  }
}
