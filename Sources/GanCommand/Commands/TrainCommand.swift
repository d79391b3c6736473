import ArgumentParser
import Datasets
import Files
import Foundation
import GAN
import Recipes
import Report
import Torch

struct Train: ParsableCommand, SharedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a recipe and keeps the run in a folder.",
    discussion: """
      The folder gets the resolved recipe, measurements as JSON lines, pictures of samples as training goes, and the \
      networks' parameters as safetensors.

        gan train mnist --data ~/.cache/swift-gan/mnist
        gan train mnist-semisupervised-fast --labels 100
        gan train mnist --set featureMatching.role=joins --epochs 5
        gan train my-recipe.yaml --dry-run
        gan recipes mnist | sed 's/batchSize: .*/batchSize: 50/' | gan train -
        gan train --resume runs/mnist-1
        gan train --resume runs/mnist-1 --steps 200%
        gan train --branch runs/mnist-1 --checkpoint 3000 --set featureMatching.weight=2
        torchrun --no-python --standalone --nproc-per-node=2 gan train mnist --out runs/two

      Control-C, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 or SIGXCPU ends a run after the step it is at, with a checkpoint; a \
      second control-C or SIGTERM ends it at once. A resumed run keeps to the options that it was begun with, unless \
      they are given anew; with --steps or --epochs it gets another length, also once it is over. A run that is \
      resumed, from whatever moment, ends with the same bytes as one that was never interrupted, on the same machine \
      with as many threads. With --branch a new run begins where another one stood at a checkpoint, and goes on with \
      what is set anew: what one setting is worth in the middle of a game.

      Started by torchrun or srun, or by anything that sets RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, the \
      processes play the game of one together: each has its part of every batch, the first writes the folder. Started \
      again with the same command line they go on from the newest checkpoint. See Docs/Processes.md.
      """)

  @Argument(
    help: "A built-in recipe (see `gan recipes`), a YAML file, or - for standard input.",
    completion: RecipeArgument.completion)
  var recipe: String?

  @Option(help: "Go on with an interrupted run, from its newest valid checkpoint.", completion: .directory)
  var resume: String?

  @Option(
    help: "Begin a new run, with other settings, where this one stood at its newest valid checkpoint.",
    completion: .directory)
  var branch: String?

  @OptionGroup(title: "With --branch") var checkpoint: CheckpointOption

  @Option(
    parsing: .unconditional,
    help: "Stop with a checkpoint once so many steps of the run are played, to be resumed later.")
  var stopAfter: Int?

  @Flag(help: "Hand out the run's page while it trains, as `gan watch` does, and print its address.")
  var watch = false

  @OptionGroup var data: DataOption

  @Option(
    parsing: .unconditional,
    help: "How many training examples D sees the class of, the same number of each; for the semi-supervised recipes.")
  var labels: Int?

  @OptionGroup var checkpoints: CheckpointOptions
  @OptionGroup var options: TrainingOptions

  func validate() throws {
    if let stopAfter, stopAfter < 1 { throw ValidationError("--stop-after must be at least 1, is \(stopAfter).") }
    if let labels, labels < 1 { throw ValidationError("--labels must be at least 1, is \(labels).") }
  }

  func run() throws {
    // Not in `validate()`: there it would be said before a misspelt option.
    if let resume {
      guard branch == nil, checkpoint.name == nil else {
        throw ValidationError("--resume goes on in the run's own folder; --branch and --checkpoint begin a new one.")
      }
      let fixed = [recipe.map { _ in "a recipe" }, labels.map { _ in "--labels" }].compactMap { $0 } + options.given
      guard fixed.isEmpty else {
        throw ValidationError(
          "--resume goes on with the run's own recipe, into its own folder: leave out \(fixed.joined(separator: ", "))."
        )
      }
      return try Processes.together { try goOn(RunFolder(URL(fileURLWithPath: resume)), $0) }
    }
    if let branch {
      let fixed = [recipe.map { _ in "a recipe" }, labels.map { _ in "--labels" }].compactMap { $0 }
      guard fixed.isEmpty else {
        throw ValidationError("--branch goes on with the run's own recipe: leave out \(fixed.joined(separator: ", ")).")
      }
      return try Processes.together { try begin(in: RunFolder(URL(fileURLWithPath: branch)), $0) }
    }
    guard checkpoint.name == nil else { throw ValidationError("--checkpoint is for --branch.") }
    guard let name = recipe else {
      throw ValidationError("Name a recipe, such as mnist (see `gan recipes`), or a run with --resume.")
    }
    let resolved = try resolvedRecipe(name)
    if options.dryRun { return try begin(resolved, nil) }
    try Processes.together { try begin(resolved, $0) }
  }

  private func begin(_ resolved: Recipe, _ processes: ProcessGroup?) throws {
    // Before the first chooses for all.
    try processes?.require(Agreement([.init("recipe", try RecipeFile.text(resolved))]))
    let recipe = try processes.fromFirst(
      "choosing settings by the pictures", { try data.settling(resolved) }, text: RecipeFile.text,
      read: { try RecipeFile.parse($0) })
    let runOptions = try checkpoints.resolved(for: recipe)
    let device = try options.machine.apply(for: recipe, processes: processes)
    try recipe.validate(on: device)
    // Of a published set all that a plan needs is known.
    if options.dryRun, data.path == nil, let published = recipe.data.images?.published {
      try recipe.validate(for: published.shape)
      return try printPlan(
        recipe, published.shape, classes: published.classes, stepsPerEpoch: published.count / recipe.batchSize,
        device: device)
    }
    let (examples, test, place) = try openedData(recipe, nil, device, processes)
    if options.dryRun {
      return try printPlan(
        recipe, examples.shape, classes: examples.classes, stepsPerEpoch: examples.stepsPerEpoch, device: device)
    }
    guard let folder = try folder(for: recipe, processes) else { return }
    try train(recipe, examples, test, from: place, in: folder, runOptions, device: device, processes)
  }

  /// What is trained and tested on; where there are others, the first opens it before them, since that may fetch and
  /// pack it.
  private func openedData(
    _ recipe: Recipe, _ run: RunFolder.Description?, _ device: Device, _ processes: ProcessGroup?
  ) throws -> (examples: RecipeExamples, test: TestSet?, place: URL?) {
    func open() throws -> (RecipeExamples, TestSet?, URL?) { try data.examples(for: recipe, run: run, device: device) }
    return try processes.fromFirst("opening the data", open, text: { _ in "" }, read: { _ in try open() })
  }

  /// The folder of a new run; of one that several processes had begun by the same command line, before a launcher
  /// started them again, that one. Nil where such a run is over.
  private func folder(for recipe: Recipe, _ processes: ProcessGroup?) throws -> RunFolder? {
    let out = options.out.map { URL(fileURLWithPath: $0) }
    guard let processes else { return try RunFolder.create(at: out, name: recipe.name) }
    let key = "run-folder"
    func choose() throws -> RunFolder? {
      let earlier =
        try out ?? processes.lastingStore.flatMap { try $0.value(of: key) }.map { URL(fileURLWithPath: $0) }
      guard let earlier, case let folder = RunFolder(earlier), folder.hasCheckpoint else {
        let folder = try RunFolder.create(at: earlier, name: recipe.name)
        try processes.lastingStore?.set(key, folder.url.path)
        return folder
      }
      guard try folder.isComplete() && folder.recipe() == recipe else { return folder }
      Output.say("all \(try folder.description().steps) steps are played")
      try Output.print(folder.url.relativePath)
      return nil
    }
    return try Optional(processes).fromFirst(
      "choosing the run's folder", choose, text: { $0?.url.path ?? "" },
      read: { $0.isEmpty ? nil : RunFolder(URL(fileURLWithPath: $0)) })
  }

  /// A run that begins in another one.
  private func begin(in other: RunFolder, _ processes: ProcessGroup?) throws {
    try other.requireFolder()
    let recipe = try options.resolved(other.recipe())
    try processes?.require(Agreement([.init("recipe", try RecipeFile.text(recipe))]))
    let description = try other.description()
    let runOptions = try checkpoints.resolved(for: recipe, run: description)
    let device = try options.machine.apply(for: recipe, run: description, processes: processes)
    try recipe.validate(on: device)
    if options.dryRun { return try Output.print(RecipeFile.text(recipe)) }
    let (examples, test, place) = try openedData(recipe, description, device, processes)
    guard let folder = try folder(for: recipe, processes) else { return }
    try processes.alone("beginning in another run") {
      // As after a restart by a launcher.
      if processes != nil, folder.hasCheckpoint { return }
      do {
        let step = try other.branch(
          into: folder, recipe, from: checkpoint.weights(averaged: false).checkpoint, examples, device: device)
        Output.say("begins where \(shellPath(other.url.relativePath)) stood after \(step) steps")
      } catch {
        // Only what is empty goes.
        rmdir(folder.url.path)
        throw error
      }
    }
    try train(recipe, examples, test, from: place, in: folder, runOptions, device: device, processes)
  }

  private func goOn(_ folder: RunFolder, _ processes: ProcessGroup?) throws {
    if processes != nil, case .percent = options.steps {
      throw ValidationError(
        "--steps with a share of the run's length is for one process: processes that are started again would multiply "
          + "once more.")
    }
    var recipe = try folder.recipe()
    let description = try folder.description()
    let command = "gan train --resume \(shellPath(folder.url.relativePath))"
    let duration = options.duration(recipe.duration)
    let isOver = try folder.isComplete() && duration == recipe.duration
    // As after a restart in the last moment.
    if processes != nil, isOver { return try Output.print(folder.url.relativePath) }
    guard !isOver else {
      throw FileError(
        path: folder.url.path,
        reason:
          "the run is over: all \(description.steps) steps are played; \(command) --steps 200% goes on to twice as many"
      )
    }
    guard folder.hasCheckpoint else {
      throw FileError(path: folder.url.path, reason: "there is no checkpoint to go on from")
    }
    recipe.duration = duration
    try recipe.validate()
    let runOptions = try checkpoints.resolved(for: recipe, run: description)
    let device = try options.machine.apply(for: recipe, run: description, processes: processes)
    try recipe.validate(on: device)
    sayWhatDiffers(description, device, processes)
    let (examples, test, place) = try openedData(recipe, description, device, processes)
    try train(recipe, examples, test, from: place, in: folder, runOptions, device: device, processes)
  }

  /// What of this machine ends exactness, or makes it dear.
  private func sayWhatDiffers(_ description: RunFolder.Description, _ device: Device, _ processes: ProcessGroup?) {
    let differences = description.differences(
      device: device, threads: Libtorch.threads, processes: processes?.count ?? 1)
    if !differences.isEmpty {
      Output.say("the run may not end with the bytes that it would have had: \(differences.joined(separator: "; "))")
    }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    if options.machine.threads == nil, processes == nil, Libtorch.threads > cores {
      Output.say(
        "the run was begun with \(Libtorch.threads) threads, and so it goes on, on \(cores) cores: --threads \(cores) "
          + "is faster, with other last bits")
    }
  }

  private func resolvedRecipe(_ name: String) throws -> Recipe {
    try RecipeArgument(name).naming { recipe in
      var recipe = recipe
      if let labels {
        guard recipe.tellsClasses else {
          throw ValidationError("--labels: the recipe '\(recipe.name)' learns without labels.")
        }
        recipe.labels.count = labels
      }
      return try options.resolved(recipe)
    }
  }

  private func printPlan(_ recipe: Recipe, _ example: ExampleShape, classes: Int?, stepsPerEpoch: Int?, device: Device)
    throws
  {
    try Output.print(RecipeFile.text(recipe))
    let game = try RecipeGame(recipe, example: example, classes: classes, stepsPerEpoch: stepsPerEpoch, device: device)
    try Output.print("generator:", terminator: "")
    try printNetwork(game.generator.summary)
    try Output.print("discriminator:", terminator: "")
    try printNetwork(game.discriminator.summary)
    try Output.print("steps: \(game.steps)")
  }

  private func printNetwork(_ parameters: [(name: String, shape: [Int], count: Int, isFixed: Bool)]) throws {
    try Output.print(" \(parameters.filter { !$0.isFixed }.reduce(0) { $0 + $1.count }) trained parameters")
    let width = parameters.map(\.name.count).max() ?? 0
    for parameter in parameters {
      let name = parameter.name + String(repeating: " ", count: width - parameter.name.count)
      try Output.print("  \(name)  \(parameter.shape)  \(parameter.count)\(parameter.isFixed ? "  fixed" : "")")
    }
  }

  private func train(
    _ recipe: Recipe, _ examples: RecipeExamples, _ test: TestSet?, from place: URL?, in folder: RunFolder,
    _ runOptions: RunFolder.Options, device: Device, _ processes: ProcessGroup?
  ) throws {
    Interruption.watch()
    if processes == nil { announce(recipe, examples, device) }
    let scorer = try runOptions.scores.map { try trainingScorer($0, recipe, place, device: device, processes) }
    let run = try TrainingRun(
      recipe, examples, test: test, scorer: scorer, data: place, in: folder, device: device,
      checkpoints: runOptions.checkpoints, onFault: runOptions.onFault, logs: runOptions.logs, processes: processes)
    guard run.writes else { return try follow(run) }
    for defect in run.passedOver {
      let isBest = defect.path == folder.checkpoints.best.path
      Output.say("\(defect); \(isBest ? "the next best takes its place" : "an older checkpoint is taken")")
    }
    if let weakness = run.weakness { Output.say(weakness) }
    let game = run.game
    var bar = ProgressBar(recipe.name, total: game.steps, unit: "steps", first: run.step)
    var epoch = EpochLosses()
    let pictures = try RunPictures(game, examples, in: folder)
    if folder.realPicture == nil { try pictures.drawReal() }
    if pictures.isDue(run.step), !folder.pictures.contains(where: { $0.step == run.step }) {
      // The first, or one that the process before this was ended before it could draw.
      try pictures.drawSamples(step: run.step)
    }
    var logs = RunLogKeeper(runOptions.logs ?? [], of: folder) { line in
      bar.clear()
      Output.say(line)
    }
    var rollbacks = 0
    var signs = SignWatch(recipe, steps: game.steps)
    for line in try folder.measurements() { _ = signs.warnings(after: line) }
    // One that nobody took note of.
    _ = folder.takeRequest()
    var lastLook = ContinuousClock.now
    if watch { RunPage.serve(folder, port: Self.pagePort) { Output.say($0) } }
    while let progress = try next(of: run, runOptions, &logs) {
      for fault in run.rollbacks.dropFirst(rollbacks) {
        bar.clear()
        Output.say("\(fault); taken back to step \(progress.report.step), on at half the learning rates")
      }
      if run.rollbacks.count > rollbacks {
        // With what has been measured since.
        logs.makeAnew()
        rollbacks = run.rollbacks.count
      } else if let measurement = progress.measurement {
        logs.add(measurement)
      }
      let (report, step) = (progress.report, progress.step)
      epoch.add(report)
      if pictures.isDue(step) {
        try pictures.drawSamples(step: step)
        logs.addPicture(step: step)
      }
      if let errors = progress.errors {
        let position = examples.stepsPerEpoch.map { Double(step) / Double($0) }
        bar.clear()
        Output.report(epoch.line(position: position, step: step, errors))
        epoch = EpochLosses()
      }
      if let scores = progress.scores {
        bar.clear()
        let text = scores.sorted { $0.key < $1.key }.map { "\($0) \(PictureScoreReport.number($1))" }
        Output.report("step \(step)  \(text.joined(separator: "  "))")
      }
      for warning in progress.measurement.map({ signs.warnings(after: $0) }) ?? [] {
        bar.clear()
        Output.say("\(warning); gan doctor \(shellPath(folder.url.relativePath)) says more")
      }
      let generator = report.generatorLoss.first.map { String(format: "G %.3f", $0) } ?? "G rests"
      bar.update(step, note: String(format: "D %.3f  %@", report.discriminatorLoss[0], generator))
      var isAskedToStop = false
      if ContinuousClock.now - lastLook > .milliseconds(100) {
        lastLook = .now
        switch folder.takeRequest() {
        case .stop: isAskedToStop = true
        case .checkpoint where processes == nil: saveAsAsked(run, &bar)
        case .checkpoint: run.wishes.insert(.checkpoint)
        case nil: break
        }
      }
      if Interruption.signalNumber != nil { isAskedToStop = true }
      if processes != nil {
        // What one wants all do, after the step at whose end they know it.
        if isAskedToStop { run.wishes.insert(.stop) }
        isAskedToStop = run.wished.contains(.stop)
        if run.wished.contains(.checkpoint), run.wishes.remove(.checkpoint) != nil { saveAsAsked(run, &bar) }
      }
      if step < game.steps, isAskedToStop || stopAfter.map({ step >= $0 }) == true { return try stop(run, &bar) }
    }
    logs.finish()
    bar.finish(game.steps)
    try Output.print(folder.url.relativePath)
  }

  private func next(
    of run: TrainingRun, _ runOptions: RunFolder.Options, _ logs: inout RunLogKeeper
  ) throws -> TrainingRun.Progress? {
    do {
      return try run.next()
    } catch let fault as TrainingFault {
      // With the fault.
      logs.makeAnew()
      // Saved by the run.
      throw FileError(
        path: run.folder.url.relativePath,
        reason: "\(fault); what was before, after step \(run.step), is saved in checkpoints. "
          + "Lower learning rates may help" + (runOptions.rollbacks == nil ? ", and so may --on-nan rollback" : ""))
    } catch {
      // Half a step may have been played: only a checkpoint is a state to go on from.
      guard let kept = run.folder.checkpoints.files.first?.step else { throw error }
      throw FileError(
        path: run.folder.url.relativePath,
        reason:
          "stopped in step \(run.attempted): \(error). Its checkpoint of step \(kept) is untouched; once the cause is "
          + "gone, \(resumeCommand(run)) goes on from there")
    }
  }

  /// What a process does that leaves writing, and speaking, to the first.
  private func follow(_ run: TrainingRun) throws {
    while let progress = try run.next() {
      if Interruption.signalNumber != nil { run.wishes.insert(.stop) }
      if run.wished.contains(.checkpoint) { try run.save() }
      guard progress.step < run.game.steps else { continue }
      if run.wished.contains(.stop) || stopAfter.map({ progress.step >= $0 }) == true {
        try run.save()
        if let number = Interruption.signalNumber { throw Interruption.exitCode(number) }
        return
      }
    }
  }

  /// The port of a run's page, or the next that is free.
  private static let pagePort: UInt16 = 8421

  /// Saves a checkpoint for somebody who watches the run, and goes on, also where it cannot be saved.
  private func saveAsAsked(_ run: TrainingRun, _ bar: inout ProgressBar) {
    bar.clear()
    do {
      try run.save()
      Output.say("checkpoint of step \(run.step), as asked for")
    } catch {
      Output.say("no checkpoint of step \(run.step), which was asked for: \(error); the run goes on")
    }
  }

  /// Saves the run where it stands and says how to go on.
  private func stop(_ run: TrainingRun, _ bar: inout ProgressBar) throws {
    try run.save()
    bar.finish(run.step)
    Output.say("stopped after step \(run.step) of \(run.game.steps); go on with: \(resumeCommand(run))")
    if let number = Interruption.signalNumber { throw Interruption.exitCode(number) }
  }

  private func resumeCommand(_ run: TrainingRun) -> String {
    "gan train --resume \(shellPath(run.folder.url.relativePath))"
  }

  /// How long a run on images takes and how much memory, by a few steps of a game that is thrown away; nothing of one
  /// that is over in a minute.
  private func announce(_ recipe: Recipe, _ examples: RecipeExamples, _ device: Device) {
    guard case .image = examples.shape, let trial = try? TrialSteps(recipe, examples, device: device),
      trial.seconds >= 60
    else { return }
    let minutes = Int((trial.seconds / 60).rounded(.up))
    let length = minutes < 120 ? "\(minutes) minutes" : String(format: "%.1f hours", trial.seconds / 3600)
    Output.say(
      String(
        format: "about %@ as the machine is now (%.0f ms a step), in %.1f GB of memory", length,
        trial.secondsPerStep * 1000, Double(trial.memory) / 1e9))
  }
}

/// Means of the losses between two tests of a classifier.
private struct EpochLosses {
  private var sums = (labelled: 0.0, unlabelled: 0.0, generator: 0.0, count: 0.0, generatorCount: 0.0)

  mutating func add(_ report: StepReport) {
    let labelled = report.labelledLoss?[0] ?? 0
    sums.labelled += labelled
    sums.unlabelled += report.discriminatorLoss[0] - labelled
    if let loss = report.generatorLoss.first {
      sums.generator += loss
      sums.generatorCount += 1
    }
    sums.count += 1
  }

  /// Such as `epoch 12  labelled 0.0012  unlabelled 0.21  G 0.93  test errors 131 raw, 120 averaged`.
  func line(position: Double?, step: Int, _ errors: TestErrors) -> String {
    let place = position.map { String(format: $0 == $0.rounded() ? "epoch %.0f" : "epoch %.2f", $0) } ?? "step \(step)"
    let losses = lossesText(
      labelled: sums.labelled / sums.count, unlabelled: sums.unlabelled / max(1, sums.generatorCount),
      generator: sums.generatorCount > 0 ? sums.generator / sums.generatorCount : nil)
    let averaged = errors.averaged.map { ", \($0) averaged" } ?? ""
    return "\(place)  \(losses)  test errors \(errors.raw) raw\(averaged)"
  }
}

/// Such as `labelled 0.0012  unlabelled 0.21  G 0.93`; while G rests there is no unlabelled part either.
func lossesText(labelled: Double, unlabelled: Double, generator: Double?) -> String {
  guard let generator else { return String(format: "labelled %.4f  G rests", labelled) }
  return String(format: "labelled %.4f  unlabelled %.3f  G %.3f", labelled, unlabelled, generator)
}
