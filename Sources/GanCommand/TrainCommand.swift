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
        gan train mnist-semisupervised --labels 100
        gan train mnist --set featureMatching.role=joins --epochs 5
        gan train my-recipe.yaml --dry-run
      """)

  @Argument(help: "A built-in recipe (see `gan recipes`) or a YAML file.")
  var recipe: String

  @Option(help: "Folder with the data files. (default: where `gan data get` puts them)", completion: .directory)
  var data: String?

  @Option(
    parsing: .unconditional,
    help: "How many training examples D sees the class of, the same number of each; for the semi-supervised recipes.")
  var labels: Int?

  @OptionGroup var options: TrainingOptions

  func validate() throws {
    if let labels, labels < 1 { throw ValidationError("--labels must be at least 1, is \(labels).") }
  }

  func run() throws {
    let recipe = try resolvedRecipe()
    let device = try options.machine.apply()
    if options.dryRun && recipe.data.source == .mnist && data == nil {
      return try printPlan(recipe, width: 784, classes: 10, stepsPerEpoch: 60_000 / recipe.batchSize, device: device)
    }
    let (examples, test) = try load(recipe, device: device)
    if options.dryRun {
      return try printPlan(
        recipe, width: examples.width, classes: examples.classes, stepsPerEpoch: examples.stepsPerEpoch, device: device)
    }
    try train(recipe, examples, test, device: device)
  }

  private func resolvedRecipe() throws -> Recipe {
    var recipe = try findRecipe(self.recipe)
    if let labels {
      guard recipe.objective.kind == .semiSupervised else {
        throw ValidationError("--labels: the recipe '\(recipe.name)' learns without labels.")
      }
      recipe.labels.count = labels
    }
    return try options.resolved(recipe)
  }

  private func load(_ recipe: Recipe, device: Device) throws -> (RecipeExamples, TestSet?) {
    if let examples = RecipeExamples(points: recipe, device: device) { return (examples, nil) }
    let folder = data.map { URL(fileURLWithPath: $0) } ?? MNIST.defaultDirectory
    let examples = try RecipeExamples(
      images: MNIST.load(directory: folder, split: .train), recipe: recipe, device: device)
    guard recipe.objective.kind == .semiSupervised else { return (examples, nil) }
    return (examples, TestSet(try MNIST.load(directory: folder, split: .test), device: device))
  }

  private func printPlan(_ recipe: Recipe, width: Int, classes: Int?, stepsPerEpoch: Int?, device: Device)
    throws
  {
    print(try RecipeFile.text(recipe))
    let game = try checkingTensors {
      RecipeGame(recipe, width: width, classes: classes, stepsPerEpoch: stepsPerEpoch, device: device)
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

  private func train(_ recipe: Recipe, _ examples: RecipeExamples, _ test: TestSet?, device: Device) throws {
    let folder = try RunFolder.create(at: options.out.map { URL(fileURLWithPath: $0) }, name: recipe.name)
    let run = try TrainingRun(recipe, examples, test: test, in: folder, device: device)
    let game = run.game
    var bar = ProgressBar(recipe.name, total: game.steps, unit: "steps")
    var epoch = EpochLosses()
    try drawSamples(game, examples.imageShape, step: 0, folder)
    while let progress = try run.next() {
      let (report, step) = (progress.report, progress.step)
      epoch.add(report)
      if step % recipe.output.sampleInterval == 0 || step == game.steps {
        try drawSamples(game, examples.imageShape, step: step, folder)
      }
      if let errors = progress.errors {
        let position = examples.stepsPerEpoch.map { Double(step) / Double($0) }
        bar.clear()
        print(epoch.line(position: position, step: step, errors))
        epoch = EpochLosses()
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

/// Means of the losses between two tests of a classifier.
private struct EpochLosses {
  private var sums = (labelled: 0.0, unlabelled: 0.0, generator: 0.0, count: 0.0)

  mutating func add(_ report: StepReport) {
    let labelled = report.labelledLoss?[0] ?? 0
    sums.labelled += labelled
    sums.unlabelled += report.discriminatorLoss[0] - labelled
    sums.generator += report.generatorLoss[0]
    sums.count += 1
  }

  /// Such as `epoch 12  labelled 0.0012  unlabelled 0.21  G 0.93  test errors 131 raw, 120 averaged`.
  func line(position: Double?, step: Int, _ errors: TestErrors) -> String {
    let place = position.map { String(format: $0 == $0.rounded() ? "epoch %.0f" : "epoch %.2f", $0) } ?? "step \(step)"
    let losses = String(
      format: "labelled %.4f  unlabelled %.3f  G %.3f", sums.labelled / sums.count, sums.unlabelled / sums.count,
      sums.generator / sums.count)
    let averaged = errors.averaged.map { ", \($0) averaged" } ?? ""
    return "\(place)  \(losses)  test errors \(errors.raw) raw\(averaged)"
  }
}
