import Files
import Foundation
import GAN
import NN
import Scores
import Torch

/// A recipe being trained in its run folder: the game with its averages, measurements, tests and checkpoints.
///
/// ```swift
/// while let progress = try run.next() { show(progress) }
/// ```
public final class TrainingRun {
  /// Where the run writes; locked as long as it lives.
  public let folder: RunFolder
  /// The real examples that it plays against.
  public let examples: RecipeExamples
  /// Both networks and their averages, as they stand.
  public let game: RecipeGame
  private let test: TestSet?
  private let scorer: RunScorer?
  /// Of training, when scores were last taken.
  private var lastScores = 0.0
  private let trainer: Trainer<AnyGenerator, AnyDiscriminator>
  private let random: RandomStream
  private var sums = Sums()
  private var secondsBefore = 0.0
  private let start = ContinuousClock.now
  private let policy: CheckpointPolicy
  private let device: Device
  /// Nil in a process that leaves writing to the first.
  private let lock: FolderLock?
  /// Those that play the run together; nil where this one plays by itself.
  private let processes: ProcessGroup?
  private var lastCheckpoint: (step: Int, time: ContinuousClock.Instant)
  private var bestMeasure = Double.infinity
  private let faultPolicy: FaultPolicy
  /// What the run was taken back from in this process, each time to a checkpoint and at half the learning rates.
  public private(set) var rollbacks: [TrainingFault] = []
  /// The step that was last begun, counted from 1.
  public private(set) var attempted = 0
  /// Checkpoints that were passed over because they do not hold what they should, with the reason.
  public private(set) var passedOver: [FileError] = []

  /// What whoever plays the run wants of it after the next step.
  public enum Wish: Int, Sendable, CaseIterable {
    /// That it ends there.
    case stop
    /// A checkpoint.
    case checkpoint
  }

  /// What this process wants after the step that is played next.
  public var wishes: Set<Wish> = []
  /// What any process had wanted after the last step. All processes know the same: what they do about it they do after
  /// the same step.
  public private(set) var wished: Set<Wish> = []

  /// Whether this process writes the folder.
  public var writes: Bool { processes?.isFirst ?? true }

  /// What happened in one step.
  public struct Progress: Sendable {
    /// The losses of the step.
    public let report: StepReport
    /// Where the step ended with a test.
    public let errors: TestErrors?
    /// Where the step ended with scores of samples.
    public let scores: [String: Double]?
    /// Where the step ended with a measurement.
    public let measurement: RunFolder.Measurement?
    /// Steps played.
    public var step: Int { report.step + 1 }
  }

  /// Begins a run in `folder`, or goes on from the newest valid checkpoint that is there.
  ///
  /// A run goes on with the recipe that it was begun with, but for its length: with another one (``Recipe/Duration``)
  /// it ends earlier or later than was meant, and what declines towards the end of a run does so towards the new one.
  ///
  /// - Parameters:
  ///   - test: examples to count a classifier's errors on.
  ///   - scorer: what scores samples, of a run of pictures.
  ///   - data: where the examples were read from, to be found again.
  ///   - logs: names of ``RunLogs`` that whoever plays the run keeps, to be remembered.
  ///   - processes: those that play the run together, each of which makes a run of the same folder: the first writes,
  ///     the others read.
  /// - Throws: `ProcessError`, such as that the processes have different recipes, data or programs; `FileError`, among
  ///   them that another process trains in the folder or that the run was begun on other examples; `TensorError`,
  ///   ``RecipeError``.
  public init(
    _ recipe: Recipe, _ examples: RecipeExamples, test: TestSet?, scorer: RunScorer? = nil, data: URL? = nil,
    in folder: RunFolder, device: Device,
    checkpoints policy: CheckpointPolicy = CheckpointPolicy(), onFault faultPolicy: FaultPolicy = .stop,
    logs: [String]? = nil, processes: ProcessGroup? = nil
  ) throws {
    self.processes = processes
    try processes?.require(Self.agreement(recipe, examples, test, scorer, device))
    lock = try processes.alone("opening the run's folder") {
      let lock = try FolderLock(folder.url)
      try folder.refuseLinkedFolders()
      for place in [folder.url, folder.checkpoints.url, folder.samples] { removeLeftovers(in: place) }
      return lock
    }
    self.folder = folder
    self.policy = policy
    self.faultPolicy = faultPolicy
    self.device = device
    lastCheckpoint = (0, start)
    self.examples = examples
    self.test = recipe.tellsClasses ? test : nil
    self.scorer = scorer
    game = try RecipeGame(
      recipe, example: examples.shape, classes: examples.classes, stepsPerEpoch: examples.stepsPerEpoch,
      device: device)
    trainer = try game.trainer(examples, processes: processes)
    random = RandomStream(seed: recipe.seed).stream("measurements")
    let found = try Self.newest(in: folder, device, processes)
    passedOver = found.passedOver
    let options = RunFolder.Options(policy, onFault: faultPolicy, scores: scorer?.plan, logs: logs)
    let dataPath = data?.standardizedFileURL.path
    if let checkpoint = found.checkpoint {
      var description = try folder.description()
      try description.requireExamples(examples.fingerprint, in: folder, purpose: "it cannot go on with these")
      try restore(checkpoint)
      if writes { folder.discardPictures(after: checkpoint.step) }
      guard game.steps >= checkpoint.step else {
        throw RecipeError(
          key: "duration.count", reason: "must be at least what is played, \(checkpoint.step) steps, is \(game.steps)")
      }
      guard writes else { return }
      try folder.closeFaults()
      let isOfAnotherLength = try folder.recipe() != recipe || description.steps != game.steps
      if isOfAnotherLength || description.options != options || description.dataPath != dataPath {
        (description.steps, description.options, description.dataPath) = (game.steps, options, dataPath)
        try folder.write(recipe, description)
      }
    } else {
      if writes {
        try folder.write(
          recipe,
          RunFolder.Description(
            width: examples.width, imageShape: examples.imageShape, classes: examples.classes,
            classNames: examples.classNames,
            testExamples: self.test?.labels.count, steps: game.steps,
            examples: examples.fingerprint, dataPath: dataPath, tests: self.test?.fingerprint,
            libtorch: Libtorch.version, device: device.rawValue, threads: Libtorch.threads,
            processes: processes?.count, options: options))
        if let draw = examples.labelled?.draw { try folder.write(draw) }
        try folder.truncateMeasurements(after: 0)
      }
      // Before anything can go wrong, there is something to go back to.
      try saveCheckpoint(isBest: false, measure: nil)
    }
  }

  /// Steps played so far.
  public var step: Int { trainer.step }

  /// The seconds of training so far, those before an interruption included.
  public var seconds: Double { secondsBefore + (ContinuousClock.now - start) / .seconds(1) }

  /// Plays one step, and measures, tests and saves where the recipe says so; `nil` once all are played.
  ///
  /// Where a number is not finite any more, the run goes back: to the step before, which is saved, and the error is
  /// thrown; or, as ``FaultPolicy`` says, to the last checkpoint, from which it goes on at half the learning rates.
  ///
  /// Whatever it was that ended the run or took it back is added to the folder's faults, if that can be written.
  ///
  /// - Throws: `TrainingFault`; `TensorError` naming the operation that failed, `FileError`.
  public func next() throws -> Progress? {
    attempted = step + 1
    do {
      return try play()
    } catch let fault as TrainingFault {
      // After one more fault than is allowed, or without leave to go on, the run stands where it last was sound.
      var goesOn = false
      if case .rollback(let limit) = faultPolicy { goesOn = rollbacks.count < limit }
      note(.number, fault.reason, goesOn ? .rolledBack : .stopped)
      let factor = trainer.learningRateFactor
      do {
        try goBack()
        if !goesOn {
          while step < fault.step { _ = try play() }
          try save()
        }
      } catch {
        note(.machine, "\(error)", .stopped)
        throw error
      }
      guard goesOn else { throw fault }
      // What the pictures showed will not come to be.
      if writes { folder.discardPictures(after: step) }
      trainer.learningRateFactor = factor / 2
      rollbacks.append(fault)
      return try next()
    } catch {
      note(.machine, "\(error)", .stopped)
      throw error
    }
  }

  private func note(_ kind: RunFolder.Fault.Kind, _ reason: String, _ outcome: RunFolder.Fault.Outcome) {
    guard writes else { return }
    try? folder.append(RunFolder.Fault(step: attempted, kind: kind, reason: reason, outcome: outcome))
  }

  /// To the newest checkpoint.
  private func goBack() throws {
    let found = try Self.newest(in: folder, device, processes)
    guard let checkpoint = found.checkpoint else {
      throw FileError(path: folder.checkpoints.url.path, reason: "there is no checkpoint to go back to")
    }
    try restore(checkpoint)
  }

  private func play() throws -> Progress? {
    var own = wishes
    // The first process's clock is everybody's.
    if processes != nil, writes, isDueByTheClock { own.insert(.checkpoint) }
    trainer.asks = Wish.allCases.map { own.contains($0) }
    guard let report = try trainer.next() else { return nil }
    wished = Set(zip(Wish.allCases, trainer.asked).filter(\.1).map(\.0))
    let output = game.recipe.output
    let step = report.step + 1
    let isLast = step == game.steps
    func isDue(_ interval: Int) -> Bool { step % interval == 0 || isLast }
    try game.updateAverages()
    sums.add(report)

    let errors = try test.flatMap { isDue(output.evaluationInterval) ? try game.errors(on: $0, among: processes) : nil }
    let scores = try takeScores(step, isLast: isLast)
    var isBest = beatsTheBest(errors, scores)
    // The first process knows what was best before it began.
    if let processes, policy.best != nil, errors != nil || scores != nil {
      isBest = try processes.any(writes && isBest)
    }
    let saves = isLast || isBest || isCheckpointDue(step)
    // The last measurement is what says that a run is complete, so the networks are on disk before it.
    if writes, saves || isDue(output.sampleInterval) { try folder.write(game, step: step) }
    let measurement =
      writes && (isDue(output.measurementInterval) || errors != nil || scores != nil)
      ? try measure(report, step, errors, scores) : nil
    if saves { try saveCheckpoint(isBest: isBest, measure: isBest ? bestMeasure : nil) }
    if writes, isLast && !policy.keepsFinal { folder.checkpoints.removeAll() }
    return Progress(report: report, errors: errors, scores: scores, measurement: measurement)
  }

  private func takeScores(_ step: Int, isLast: Bool) throws -> [String: Double]? {
    guard let scorer else { return nil }
    var isDue = isLast || scorer.isDue(step: step, seconds: seconds, last: lastScores)
    guard let processes else {
      guard isDue else { return nil }
      let scores = try scorer.score(game)
      lastScores = seconds
      return scores
    }
    if !isLast, scorer.plan.seconds != nil { isDue = try processes.any(writes && isDue) }
    guard isDue else { return nil }
    processes.activity = "scoring samples after step \(step)"
    // All share the work, and come to the same numbers.
    let scores = try scorer.score(game)
    lastScores = seconds
    return scores
  }

  /// Saves where the run stands, so that it can go on from here.
  ///
  /// - Throws: `FileError`; what was saved before is then untouched.
  public func save() throws {
    // Processes decide alike: none looks at a folder that the first may be writing.
    guard lastCheckpoint.step != step || (processes == nil && !folder.hasCheckpoint) else { return }
    if writes { try folder.write(game, step: step) }
    try saveCheckpoint(isBest: false, measure: nil)
  }

  private func isCheckpointDue(_ step: Int) -> Bool {
    if case .steps(let interval) = checkpointInterval { return step % interval == 0 }
    return processes == nil ? isDueByTheClock : wished.contains(.checkpoint)
  }

  private var checkpointInterval: CheckpointPolicy.Interval {
    policy.interval ?? .steps(game.recipe.output.checkpointInterval)
  }

  private var isDueByTheClock: Bool {
    guard case .seconds(let seconds) = checkpointInterval else { return false }
    return (ContinuousClock.now - lastCheckpoint.time) / .seconds(1) >= seconds
  }

  private func beatsTheBest(_ errors: TestErrors?, _ scores: [String: Double]?) -> Bool {
    guard let best = policy.best,
      let measure = Self.measure(best, raw: errors?.raw, averaged: errors?.averaged, scores), measure < bestMeasure
    else { return false }
    bestMeasure = measure
    return true
  }

  /// What is to be as small as can be; nil where it was not taken.
  private static func measure(
    _ best: CheckpointPolicy.Measure, raw: Int?, averaged: Int?, _ scores: [String: Double]?
  ) -> Double? {
    switch best {
    case .testErrors: return raw.map(Double.init)
    case .testErrorsOfAverage: return (averaged ?? raw).map(Double.init)
    default:
      guard let name = best.score, let score = scores?[name] else { return nil }
      return PictureMetrics.named(name)?.moreIsBetter == true ? -score : score
    }
  }

  private func measure(
    _ report: StepReport, _ step: Int, _ errors: TestErrors?, _ scores: [String: Double]?
  ) throws -> RunFolder.Measurement {
    let real = try checkingTensors { examples.batch(report.step, random.stream("data")) }
    let (signs, modes, _) = try game.signs(real, random.stream("noise").at(step))
    let gradients = try trainer.gradientSizes()
    var measurement = RunFolder.Measurement(
      step: step, seconds: seconds, discriminatorLoss: sums.discriminator / sums.count,
      generatorLoss: sums.generatorSteps > 0 ? sums.generator / sums.generatorSteps : nil,
      probabilityOfReal: signs.probabilityOfReal,
      probabilityOfGenerated: signs.probabilityOfGenerated)
    measurement.labelledLoss = sums.labelled.map { $0 / sums.count }
    if sums.generatorSteps > 0 {
      measurement.unlabelledLoss = sums.labelled.map { (sums.discriminator - $0) / sums.generatorSteps }
    }
    (measurement.outputsOfReal, measurement.outputsOfGenerated) = (signs.outputsOfReal, signs.outputsOfGenerated)
    (measurement.accuracy, measurement.featureSpread) = (signs.accuracy, signs.featureSpread)
    measurement.nearDuplicates = signs.nearDuplicates
    measurement.modes = modes?.found(share: Diagnosis.Limits.modeShare)
    (measurement.precision, measurement.recall) = (signs.neighbours?.precision, signs.neighbours?.recall)
    (measurement.density, measurement.coverage) = (signs.neighbours?.density, signs.neighbours?.coverage)
    (measurement.discriminatorGradient, measurement.generatorGradient) = (
      gradients?.discriminator, gradients?.generator
    )
    (measurement.testErrors, measurement.testErrorsOfAverage) = (errors?.raw, errors?.averaged)
    measurement.scores = scores
    try folder.append(measurement)
    sums = Sums()
    return measurement
  }

  // MARK: Checkpoints

  private func saveCheckpoint(isBest: Bool, measure: Double?) throws {
    // No copies: they are written before the next step.
    var tensors = trainer.currentState
    func add(_ name: String, _ values: (tensor: Tensor, updates: Int)?) {
      guard let values else { return }
      tensors["\(name).values"] = values.tensor
      tensors["\(name).updates"] = Tensor([Int64(values.updates)])
    }
    add("generator-average", game.average.map { ($0.accumulated, $0.updates) })
    add("discriminator-average", game.discriminatorAverage.map { ($0.accumulated, $0.updates) })
    // As earlier versions have it, unless G rested.
    tensors["measurement-sums"] = Tensor(
      [sums.discriminator, sums.generator, sums.labelled ?? .nan, sums.count]
        + (sums.generatorSteps == sums.count ? [] : [sums.generatorSteps]))
    try requireAlike(tensors)
    guard writes else { return lastCheckpoint = (trainer.step, .now) }
    let origin = Checkpoint.Origin(
      seconds: seconds, recipe: try RecipeFile.text(game.recipe), version: swiftGanVersion, libtorch: Libtorch.version,
      device: device.rawValue, threads: Libtorch.threads, measure: measure)
    try folder.checkpoints.write(step: trainer.step, tensors, origin, kept: policy.kept, isBest: isBest)
    lastCheckpoint = (trainer.step, .now)
  }

  /// Processes that have come apart, by a fault of memory or of a machine that rounds otherwise, would never come
  /// together again: what the first would save is compared with what all have.
  private func requireAlike(_ tensors: [String: Tensor]) throws {
    guard let processes else { return }
    processes.activity = "comparing all parameters after step \(step)"
    var hash = SHA256Hash()
    // The sums of losses are the same as well, but for those that the first has measured already.
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) where name != "measurement-sums" {
      try tensor.rawBytes().withUnsafeBytes { hash.update($0) }
    }
    if let other = try processes.firstDifference(of: hash.digits()) {
      throw ProcessError(
        "after step \(step) process \(other) has other parameters than process 0, or its optimisers have: this "
          + "checkpoint is not written. All machines must compute alike: the same processor level (SWIFT_GAN_CPU) and "
          + "as many threads"
      )
    }
  }

  private func restore(_ checkpoint: Checkpoint) throws {
    let source = checkpoint.tensors
    try checkpoint.require(game.recipe, in: folder.url)
    do {
      // All is looked at before anything changes.
      let averages = try [
        game.average.map { try KeptAverage("generator-average", $0, source) },
        game.discriminatorAverage.map { try KeptAverage("discriminator-average", $0, source) },
      ].compactMap { $0 }
      let name = "measurement-sums"
      guard source.descriptions[name] != nil else { throw StateError(name: name, reason: "is missing") }
      let stored = try source.tensor(name).values(Double.self)
      guard 4...5 ~= stored.count else { throw StateError(name: name, reason: "has \(stored.count) numbers") }
      let others = Set(averages.flatMap(\.names) + [name])
      try trainer.restore(source.without(others.contains))
      for average in averages { try average.restore() }
      sums = Sums(
        discriminator: stored[0], generator: stored[1], generatorSteps: stored.last!,
        labelled: stored[2].isNaN ? nil : stored[2], count: stored[3])
    } catch let error as StateError {
      throw FileError(
        path: folder.checkpoints.url.path, reason: "the checkpoint of step \(checkpoint.step) does not fit: \(error)")
    }
    secondsBefore = checkpoint.origin.seconds
    lastCheckpoint = (trainer.step, .now)
    guard writes else { return }
    try findBest()
    try folder.truncateMeasurements(after: trainer.step)
    lastScores = try folder.measurements().last { $0.scores != nil }?.seconds ?? 0
  }

  /// What the best checkpoint so far has to be beaten by.
  private func findBest() throws {
    guard let measure = policy.best, FileManager.default.fileExists(atPath: folder.checkpoints.best.path) else {
      return
    }
    do {
      let best = try CheckpointFolder.read(folder.checkpoints.best, device: .cpu)
      // It may have been kept by another measure.
      let line = try folder.measurements().last { $0.step == best.step }
      bestMeasure =
        line.flatMap {
          Self.measure(measure, raw: $0.testErrors, averaged: $0.testErrorsOfAverage, $0.scores)
        } ?? best.origin.measure ?? .infinity
    } catch let error as FileError where error.path == folder.checkpoints.best.path {
      passedOver.append(error)
    }
  }

  /// Why another process could train in the folder at the same time, unnoticed; nil where it could not.
  public var weakness: String? { lock?.weakness }

  /// The newest valid checkpoint: the one that the first process finds.
  private static func newest(in folder: RunFolder, _ device: Device, _ processes: ProcessGroup?) throws -> (
    checkpoint: Checkpoint?, passedOver: [FileError]
  ) {
    guard let processes else { return folder.checkpoints.newest(device: device) }
    var found: (checkpoint: Checkpoint?, passedOver: [FileError]) = (nil, [])
    let step = try processes.first("looking for a checkpoint") {
      found = folder.checkpoints.newest(device: device)
      return found.checkpoint.map { "\($0.step)" } ?? ""
    }
    if !processes.isFirst, let step = Int(step) {
      found.checkpoint = try CheckpointFolder.read(folder.checkpoints.file(of: step), device: device)
    }
    return found
  }

  /// What all processes must have alike.
  private static func agreement(
    _ recipe: Recipe, _ examples: RecipeExamples, _ test: TestSet?, _ scorer: RunScorer?, _ device: Device
  ) throws -> Agreement {
    Agreement([
      .init("version of the program", "\(swiftGanVersion), libtorch \(Libtorch.version)"),
      .init("build of the program", try programChecksum()),
      .init("recipe", try RecipeFile.text(recipe)), .init("training data", examples.fingerprint ?? ""),
      .init("labels", examples.labelled.map { "\($0.draw.indices)" } ?? ""),
      .init("test data", test?.fingerprint ?? ""),
      .init("plan of scores", scorer.map { "\($0.plan)" } ?? ""), .init("device", device.rawValue),
      .init("threads", "\(Libtorch.threads)"),
    ])
  }

  private static func programChecksum() throws -> String {
    guard let program = try? Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"), options: .alwaysMapped) else {
      return ""
    }
    return sha256(program)
  }
}

extension ProcessGroup? {
  /// What `body` returns, run by the first process while the others wait; nil in these.
  ///
  /// - Throws: what `body` throws; `ProcessError` in the others.
  package func alone<Result>(_ what: String, _ body: () throws -> Result) throws -> Result? {
    guard let self else { return try body() }
    var result: Result?
    _ = try self.first(what) {
      result = try body()
      return ""
    }
    return result
  }
}

/// What a run does when a number is not finite any more.
public enum FaultPolicy: Sendable, Equatable {
  /// The run ends, with the fault as its error.
  case stop
  /// Back to the last checkpoint and on at half the learning rates, so many times.
  case rollback(limit: Int)
}

/// Of the steps since the last measurement.
private struct Sums {
  var discriminator = 0.0
  var generator = 0.0
  /// Those in which G did not rest.
  var generatorSteps = 0.0
  var labelled: Double?
  var count = 0.0

  mutating func add(_ report: StepReport) {
    discriminator += report.discriminatorLoss[0]
    if let loss = report.generatorLoss.first {
      generator += loss
      generatorSteps += 1
    }
    if let loss = report.labelledLoss?[0] { labelled = (labelled ?? 0) + loss }
    count += 1
  }
}
