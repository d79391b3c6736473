import Datasets
import Files
import Foundation
import GAN
import NN
import Torch

/// A training run on disk:
///
/// | file | what it holds |
/// | --- | --- |
/// | `recipe.yaml` | the resolved recipe |
/// | `run.json` | shape of the examples, versions, device, threads |
/// | `measurements.jsonl` | one JSON object per line, as training goes |
/// | `samples/real.png` | real examples: pictures, or points on a line or in a plane |
/// | `samples/step-000600.png` | what G makes of the same noise after that many steps |
/// | `generator.safetensors`, `discriminator.safetensors` | the parameters |
/// | `generator-average.safetensors`, `discriminator-average.safetensors` | averages of them, where asked for |
/// | `labels.json` | which training examples were seen with their labels, where any were |
/// | `faults.jsonl` | what stopped the run or took it back, if anything did |
/// | `doctor.html`, `doctor.json` | what `gan doctor` said last |
/// | `score.json` | what `gan score --json` said, where somebody put it there for `gan watch` |
/// | `events.out.tfevents.*` | the measurements for TensorBoard, where it was asked for |
/// | `wandb/offline-run-*` | what `gan log --format wandb-offline` wrote for Weights & Biases |
/// | `checkpoints/step-000600.safetensors` | all that a run needs to go on from that step (see ``Checkpoint``) |
/// | `checkpoints/best.safetensors` | the same of the best test, where it was asked for |
/// | `.request` | what the process that trains is asked for, until it takes note |
/// | `.lock` | held by the process that trains |
public struct RunFolder: Sendable {
  /// The moment of another run in which a run began.
  public struct Branch: Codable, Sendable, Equatable {
    /// The other's folder, a full path.
    public var run: String
    /// Steps that it had played.
    public var step: Int
  }

  /// The folder itself.
  public let url: URL

  /// - Parameter url: need not exist yet; ``requireFolder()`` asks whether it does.
  public init(_ url: URL) { self.url = url }

  /// What a run needs to be used again, beside its recipe.
  public struct Description: Codable, Sendable {
    /// Numbers per example.
    public var width: Int
    /// Channels, height and width of an image; nil for points.
    public var imageShape: [Int]?
    /// K, where the examples have classes.
    public var classes: Int?
    /// Their names, where they have any.
    public var classNames: [String]?
    /// Of the test set that a classifier is tested on.
    public var testExamples: Int?
    /// Of the whole run, however its recipe counts them.
    public var steps: Int
    /// A checksum of the examples that are read from files; nil where they are drawn without end.
    public var examples: String?
    /// Where these files were, a full path; nil where there are none, and in runs of earlier versions.
    public var dataPath: String?
    /// A checksum of the test examples; nil where there are none, and in runs of earlier versions.
    public var tests: String?
    /// The version of libtorch that it was begun with.
    public var libtorch: String
    /// The raw value of the `Device` that it was begun on.
    public var device: String
    /// That tensor operations were spread over.
    public var threads: Int
    /// Processes that it was begun with; nil for one.
    public var processes: Int?
    /// What the run keeps to when it goes on; nil in runs of earlier versions.
    public var options: Options?
    /// Where the run began, where that was in another one; nil for one that began at its own first step.
    public var branch: Branch?

    /// - Parameters:
    ///   - width: numbers per example.
    ///   - imageShape: channels, height and width; nil for points.
    ///   - classes: of the data, where they have any.
    ///   - testExamples: in the test set that a classifier is tested on.
    ///   - steps: of the whole run.
    ///   - examples: a checksum of the examples that are read from files.
    ///   - dataPath: where these files were.
    ///   - tests: a checksum of the test examples.
    ///   - processes: that play it together; nil for one.
    ///   - options: what the run keeps to when it goes on.
    public init(
      width: Int, imageShape: [Int]?, classes: Int?, classNames: [String]? = nil, testExamples: Int? = nil, steps: Int,
      examples: String?, dataPath: String? = nil, tests: String? = nil, libtorch: String, device: String,
      threads: Int, processes: Int? = nil, options: Options? = nil
    ) {
      self.width = width
      self.imageShape = imageShape
      self.classes = classes
      self.classNames = classNames
      self.testExamples = testExamples
      self.steps = steps
      self.examples = examples
      self.dataPath = dataPath
      self.tests = tests
      self.options = options
      self.libtorch = libtorch
      self.device = device
      self.threads = threads
      self.processes = processes
    }

    /// The shape of one example.
    public var example: ExampleShape {
      imageShape.map { .image(channels: $0[0], height: $0[1], width: $0[2]) } ?? .vector(width)
    }

    /// - Parameter purpose: what these examples are no good for: a clause.
    /// - Throws: `FileError` where the run was begun on other examples.
    func requireExamples(_ fingerprint: String?, in folder: RunFolder, purpose: String) throws {
      guard examples == fingerprint else {
        throw FileError(
          path: folder.url.path,
          reason: """
            the run was begun on other examples than the data files hold now: \(purpose); --data says where its own are
            """)
      }
    }

    /// What of a machine is another one than that which the run was begun on, so that its numbers need not come out the
    /// same to the last bit: clauses.
    public func differences(device: Device, threads: Int, processes: Int = 1) -> [String] {
      [
        device.rawValue == self.device ? nil : "it was begun on \(self.device) and goes on on \(device.rawValue)",
        threads == self.threads ? nil : "it was begun with \(count(self.threads)) and goes on with \(count(threads))",
        processes == self.processes ?? 1
          ? nil
          : """
          it was begun with \(count(processes: self.processes ?? 1)) and goes on with \(count(processes: processes))
          """,
        libtorch == Libtorch.version
          ? nil : "it was begun with libtorch \(libtorch) and goes on with \(Libtorch.version)",
      ].compactMap { $0 }
    }

    private func count(_ threads: Int) -> String { threads == 1 ? "1 thread" : "\(threads) threads" }
    private func count(processes: Int) -> String { processes == 1 ? "1 process" : "\(processes) processes" }
  }

  /// What a run was told that does not change what it computes: it keeps to it when it goes on, unless told otherwise.
  public struct Options: Codable, Sendable, Hashable {
    /// Steps between checkpoints, or seconds; where both are missing the recipe says it.
    public var checkpointSteps: Int?
    /// The other way to say it.
    public var checkpointSeconds: Double?
    /// The newest so many checkpoints stay.
    public var keptCheckpoints: Int
    /// What the best checkpoint is kept by, if it is.
    public var keptBest: CheckpointPolicy.Measure?
    /// How often the run may go back from numbers that are not finite; nil where it stops instead.
    public var rollbacks: Int?
    /// Scores of samples while it trains.
    public var scores: ScorePlan?
    /// Names of ``RunLogs`` that are kept beside the measurements.
    public var logs: [String]?

    /// What a run was told when it began.
    public init(
      _ checkpoints: CheckpointPolicy, onFault: FaultPolicy, scores: ScorePlan? = nil, logs: [String]? = nil
    ) {
      (self.scores, self.logs) = (scores, logs)
      switch checkpoints.interval {
      case .steps(let steps): checkpointSteps = steps
      case .seconds(let seconds): checkpointSeconds = seconds
      case nil: break
      }
      keptCheckpoints = checkpoints.kept
      keptBest = checkpoints.best
      if case .rollback(let limit) = onFault { rollbacks = limit }
    }

    /// When checkpoints are saved, and which are kept.
    public var checkpoints: CheckpointPolicy {
      CheckpointPolicy(
        interval: checkpointSteps.map { .steps($0) } ?? checkpointSeconds.map { .seconds($0) }, kept: keptCheckpoints,
        best: keptBest)
    }

    /// What the run does when a number is not finite any more.
    public var onFault: FaultPolicy { rollbacks.map { .rollback(limit: $0) } ?? .stop }
  }

  /// One line of `measurements.jsonl`.
  public struct Measurement: Codable, Sendable {
    /// Steps played.
    public var step: Int
    /// Of training so far, those before an interruption included.
    public var seconds: Double
    /// Means over the steps since the line before.
    public var discriminatorLoss: Double
    /// The same of G; nil where it rested.
    public var generatorLoss: Double?
    /// The two parts of D's loss, where it has labelled examples.
    public var labelledLoss: Double?
    /// Of real and generated examples without labels.
    public var unlabelledLoss: Double?
    /// Mean D(x) over a batch of real and one of generated examples, without D's noise.
    public var probabilityOfReal: Double
    /// Mean D(G(z)), in the same way.
    public var probabilityOfGenerated: Double
    /// How D(x) of the same two batches lies in 0 ... 1: `BatchSigns.outputsOfReal`; nil in runs of earlier versions.
    public var outputsOfReal: [Int]?
    /// The same of generated examples.
    public var outputsOfGenerated: [Int]?
    /// `BatchSigns` of the same two batches; nil in runs of earlier versions.
    public var accuracy: Double?
    /// The spread of D's features of generated examples, as a share of that of real ones.
    public var featureSpread: Double?
    /// The share of generated examples that have another one next to them, in 0 ... 1.
    public var nearDuplicates: Double?
    /// The share of generated examples in the ball of a real one; see `NeighbourScores`.
    public var precision: Double?
    /// The share of real examples in the ball of a generated one.
    public var recall: Double?
    /// The balls of real examples that a generated one is in, by their k.
    public var density: Double?
    /// The share of real examples with a generated one in their ball.
    public var coverage: Double?
    /// What earlier versions called precision; ``RunFolder/measurements()`` moves it there.
    var fidelity: Double?
    /// Modes of a mixture that the generated examples have found (see `Diagnosis.Limits.modeShare`).
    public var modes: Int?
    /// Root mean squares of the players' gradients in the last step.
    public var discriminatorGradient: Double?
    /// The same of G.
    public var generatorGradient: Double?
    /// Of a classifier on the test set, where the step ended with a test.
    public var testErrors: Int?
    /// The same of the average of D's weights.
    public var testErrorsOfAverage: Int?
    /// Of samples, by the names of `PictureMetrics`, where the step ended with them.
    public var scores: [String: Double]?

    /// Whether G has rested in all steps since the line before: D has learnt from labelled examples alone.
    public var generatorRests: Bool { generatorLoss == nil }

    /// All else is nil.
    public init(
      step: Int, seconds: Double, discriminatorLoss: Double, generatorLoss: Double?, probabilityOfReal: Double,
      probabilityOfGenerated: Double
    ) {
      self.step = step
      self.seconds = seconds
      self.discriminatorLoss = discriminatorLoss
      self.generatorLoss = generatorLoss
      self.probabilityOfReal = probabilityOfReal
      self.probabilityOfGenerated = probabilityOfGenerated
    }
  }

  /// One line of `faults.jsonl`: what a run could not go on with.
  public struct Fault: Codable, Sendable, Hashable {
    /// What kind of trouble it was.
    public enum Kind: String, Codable, Sendable {
      /// A number that is NaN or infinite.
      case number
      /// What the machine could not do: no memory, no room, a file that is gone.
      case machine
    }
    /// What became of the run.
    public enum Outcome: String, Codable, Sendable {
      /// It ended the process, and nobody has gone on since.
      case stopped
      /// The run was taken back to a checkpoint and went on at half the learning rates.
      case rolledBack = "rolled back"
      /// It ended the process, and the run was resumed.
      case resumed
    }
    /// The step in whose playing or saving it happened, counted from 1.
    public var step: Int
    /// What kind of trouble it was.
    public var kind: Kind
    /// What went wrong, as a clause or a sentence for people.
    public var reason: String
    /// What became of the run.
    public var outcome: Outcome

    /// - Parameters:
    ///   - step: counted from 1.
    ///   - reason: for people.
    public init(step: Int, kind: Kind, reason: String, outcome: Outcome) {
      self.step = step
      self.kind = kind
      self.reason = reason
      self.outcome = outcome
    }
  }

  /// A new folder at `requested`, or the next free `NAME-1`, `NAME-2`, ... under `runs`.
  ///
  /// - Throws: `FileError` where the folder exists already and is not empty, or cannot be made.
  public static func create(at requested: URL?, name: String) throws -> RunFolder {
    let manager = FileManager.default
    if let requested {
      if let contents = try? manager.contentsOfDirectory(atPath: requested.path), !contents.isEmpty {
        throw FileError(path: requested.path, reason: "exists and is not empty: name another output folder")
      }
      try makeFolder(at: requested)
      return RunFolder(requested)
    }
    let runs = URL(fileURLWithPath: "runs")
    try makeFolder(at: runs)
    var number = 0
    while true {
      number += 1
      let folder = runs.appendingPathComponent("\(name)-\(number)")
      // Making the folder is what claims the number: two runs that start at once get two.
      if mkdir(folder.path, 0o755) == 0 { return RunFolder(folder) }
      guard errno == EEXIST else { throw FileError(path: folder.path, reason: systemReason("cannot be made")) }
    }
  }

  // MARK: Writing

  /// Writes `recipe.yaml` and `run.json`, each whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func write(_ recipe: Recipe, _ description: Description) throws {
    try replaceFile(at: url.appendingPathComponent("recipe.yaml"), with: Data(try RecipeFile.text(recipe).utf8))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try replaceFile(at: url.appendingPathComponent("run.json"), with: try encoder.encode(description))
  }

  /// Adds one line to the measurements.
  public func append(_ measurement: Measurement) throws { try append(line(measurement), to: measurementsFile) }

  /// Adds one line to the faults.
  func append(_ fault: Fault) throws { try append(line(fault), to: faultsFile) }

  private func append(_ line: Data, to file: URL) throws {
    let path = file.path
    // Not through a link, and not into a pipe, which would wait for its reader.
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
    guard descriptor >= 0 else { throw FileError(path: path, reason: systemReason("cannot be written")) }
    defer { close(descriptor) }
    let size = lseek(descriptor, 0, SEEK_END)
    // One write per line, so that a reader never meets half of one; where there is no room for all of it, a second one
    // says why.
    var count = 0
    for _ in 1...2 where count < line.count {
      let written = line.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress! + count, $0.count - count) }
      if written > 0 { count += written }
    }
    guard count == line.count else {
      let error = FileError(path: path, reason: systemReason("cannot be written"))
      // Not half a line, which the next one would be glued to.
      if size >= 0 { ftruncate(descriptor, size) }
      throw error
    }
  }

  /// Measurements as they stand in their file, a line each.
  public static func text(of measurements: [Measurement]) throws -> Data {
    try measurements.reduce(into: Data()) { $0 += try line($1) }
  }

  private func line(_ value: some Encodable) throws -> Data { try Self.line(value) }

  private static func line(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value) + Data("\n".utf8)
  }

  /// The pictures of samples that are there, by the steps after which they were drawn, in ascending order. Those after
  /// the run's last step are of a future that has been given up.
  public var pictures: [(step: Int, url: URL)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: samples.path)) ?? []
    return names.compactMap { name in
      guard let match = name.wholeMatch(of: /step-([0-9]{6,18})\.png/), let step = Int(match.1) else { return nil }
      let file = samples.appendingPathComponent(name)
      return isOwn(file) ? (step, file) : nil
    }.sorted { $0.step < $1.step }
  }

  /// The picture of real examples; nil where there is none.
  public var realPicture: URL? {
    let file = samples.appendingPathComponent("real.png")
    return isOwn(file) ? file : nil
  }

  /// Whether a picture is a file of the run itself: who shows a run that came from somebody else, or hands on its page,
  /// shows no file that a link in it leads to.
  private func isOwn(_ picture: URL) -> Bool {
    func kind(_ place: URL) -> mode_t? {
      var status = stat()
      return lstat(place.path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
    return kind(samples) == S_IFDIR && kind(picture) == S_IFREG
  }

  /// Removes the pictures after `step`: the run goes on from there, and another way where it was taken back.
  func discardPictures(after step: Int) {
    for picture in pictures where picture.step > step { try? FileManager.default.removeItem(at: picture.url) }
  }

  /// Where the picture after `step` steps belongs; makes its folder.
  public func samplesFile(step: Int) throws -> URL {
    try makeFolder(at: samples, makesParents: false)
    return samples.appendingPathComponent("step-\(paddedStep(step)).png")
  }

  /// Where the picture of real examples belongs; makes its folder.
  public func realSamplesFile() throws -> URL {
    try makeFolder(at: samples, makesParents: false)
    return samples.appendingPathComponent("real.png")
  }

  /// The networks after `step` steps; a copy of an average that has to be corrected is all the memory that it takes.
  public func write(_ game: RecipeGame, step: Int) throws {
    func write(_ state: [String: Tensor], to file: URL) throws {
      let origin = ["recipe": game.recipe.name, "step": "\(step)", "version": swiftGanVersion]
      try Safetensors(tensors: state, metadata: origin).write(to: file)
    }
    try write(game.generator.currentValues, to: generatorFile)
    if let average = game.average {
      try write(game.generator.with(average.values) { game.generator.currentValues }, to: averageFile)
    }
    if let average = game.discriminatorAverage {
      let state = game.discriminator.with(average.values) { game.discriminator.currentValues }
      try write(state, to: discriminatorAverageFile)
    }
    try write(game.discriminator.currentValues, to: discriminatorFile)
  }

  func write(_ draw: LabelDraw) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try replaceFile(at: url.appendingPathComponent("labels.json"), with: try encoder.encode(draw) + Data("\n".utf8))
  }

  /// Its checkpoints; the folder is made with the first of them.
  public var checkpoints: CheckpointFolder { CheckpointFolder(url.appendingPathComponent("checkpoints")) }
  /// Whether an interrupted run may go on from here.
  public var hasCheckpoint: Bool { !checkpoints.files.isEmpty }

  /// The run is taken up again: what had stopped it has been got over.
  func closeFaults() throws {
    var known = try faults()
    guard !known.isEmpty else { return }
    for index in known.indices where known[index].outcome == .stopped { known[index].outcome = .resumed }
    try replaceFile(at: faultsFile, with: try known.reduce(Data()) { try $0 + line($1) })
  }

  /// Forgets what was measured after `step`: the run goes on from there and measures it again.
  func truncateMeasurements(after step: Int) throws {
    let kept = try measurements().filter { $0.step <= step }
    try replaceFile(at: measurementsFile, with: try kept.reduce(Data()) { try $0 + line($1) })
  }

  // MARK: Reading

  /// Every line of the measurements, in the order of the steps. A last line that does not end is one whose writing was
  /// interrupted: it is left out.
  ///
  /// - Throws: `FileError` for a file that cannot be read, naming the line that is not one; a missing file has none.
  public func measurements() throws -> [Measurement] {
    try lines(of: measurementsFile, "is no measurement").map(Self.current)
  }

  /// A line with the names that this version has.
  private static func current(_ line: Measurement) -> Measurement {
    var line = line
    if line.precision == nil { (line.precision, line.fidelity) = (line.fidelity, nil) }
    return line
  }

  /// The measurements in a part of their file that ends with a line, and how many lines it has.
  ///
  /// - Parameter first: the lines before it.
  /// - Throws: `FileError` naming the line that is no measurement.
  static func measurements(in text: Data, after first: Int, path: String) throws -> ([Measurement], Int) {
    let (found, count): ([Measurement], Int) = try lines(in: text, after: first, path: path, "is no measurement")
    return (found.map(current), count)
  }

  /// What stopped the run or took it back, in the order in which it happened.
  ///
  /// - Throws: `FileError` for a file that cannot be read, naming the line that is none; a missing file has none.
  public func faults() throws -> [Fault] { try lines(of: faultsFile, "is no fault") }

  private func lines<Line: Decodable>(of file: URL, _ otherwise: String) throws -> [Line] {
    var status = stat()
    if lstat(file.path, &status) != 0, errno == ENOENT { return [] }
    return try Self.lines(in: Data(readText(at: file).utf8), after: 0, path: file.path, otherwise).0
  }

  private static func lines<Line: Decodable>(in text: Data, after first: Int, path: String, _ otherwise: String) throws
    -> ([Line], Int)
  {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    // Split by bytes: as characters a line feed behind a carriage return is none.
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
    let found: [Line] = try lines.enumerated().compactMap { index, line in
      if line.isEmpty { return nil }
      do {
        return try decoder.decode(Line.self, from: Data(line))
      } catch {
        throw FileError(path: path, reason: "\(otherwise): \(decodingReason(error))", at: .line(first + index + 1))
      }
    }
    return (found, lines.count)
  }

  /// Whether the run has saved networks that can be used: they appear with its first picture or checkpoint after the
  /// start.
  public var hasNetworks: Bool {
    [generatorFile, discriminatorFile].allSatisfy { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// Whether all steps of the run have been played, and all that it keeps of them is written.
  public func isComplete() throws -> Bool {
    guard let description = try? description(), try measurements().last?.step == description.steps else { return false }
    // Ended after the last measurement and before the last checkpoint, the run has that still to write.
    return checkpoints.files.first.map { $0.step == description.steps } ?? true
  }

  /// The recipe that the run was begun with.
  ///
  /// - Throws: `FileError`, ``RecipeError``.
  public func recipe() throws -> Recipe { try RecipeFile.read(recipeFile) }

  /// - Throws: `FileError`.
  public func labelDraw() throws -> LabelDraw {
    try decoded(LabelDraw.self, "labels.json", limit: 1 << 26, "a label draw")
  }

  /// The run's game with its trained networks.
  ///
  /// - Parameter averaged: whether the networks get their averaged weights, where the run has them, or those of the
  ///   last step.
  /// - Throws: `FileError` naming the file that is missing or does not fit.
  public func load(device: Device, averaged: Bool = true) throws -> SavedRun {
    try load(device: device, weights: SavedWeights(averaged: averaged))
  }

  /// The run's game with its trained networks, also as they were when a checkpoint was saved.
  ///
  /// - Throws: `FileError` naming the file that is missing or does not fit.
  public func load(device: Device, weights: SavedWeights) throws -> SavedRun {
    let averaged = weights.averaged
    try requireFolder()
    let recipe = try RecipeFile.read(recipeFile)
    if let fault = RecipeFile.fault(in: recipeFile) { throw fault.asOfFile }
    let description = try description()
    do {
      try recipe.validate(for: description.example)
    } catch let error as RecipeError {
      throw FileError(path: descriptionFile.path, reason: "does not fit recipe.yaml: \(error)")
    }
    let game = try RecipeGame(
      recipe, example: description.example, classes: description.classes,
      // Of use for epochs alone, of which the run has as many as its recipe.
      stepsPerEpoch: description.steps / recipe.duration.count, device: device)
    if let choice = weights.checkpoint {
      let step = try game.load(checkpoint: checkpoints.file(choice), averaged: averaged, device: device)
      return SavedRun(game: game, description: description, step: step, discriminatorStep: step)
    }
    func load<M>(_ network: Network<M>, _ average: WeightAverage<M>?, _ file: URL, _ averageFile: URL) throws -> Int? {
      let file = averaged && average != nil ? averageFile : file
      var status = stat()
      if lstat(file.path, &status) != 0, errno == ENOENT {
        throw FileError(path: file.path, reason: "there is no such file: the run has saved no networks yet")
      }
      let stored = try Safetensors(contentsOf: file, device: device)
      do {
        // The shapes of two recipes may well be the same.
        if let name = stored.metadata["recipe"], name != recipe.name {
          throw FileError(path: file.path, reason: "is of the recipe '\(name)', the run is of '\(recipe.name)'")
        }
        // Weights that somebody has rewritten in half precision are weights.
        try network.load(
          checkingTensors { stored.tensors.mapValues { $0.dtype == .bfloat16 ? $0.to(.float32) : $0 } })
      } catch let error as StateError {
        throw FileError(path: file.path, reason: "does not fit recipe.yaml: \(error)")
      }
      try average?.reset()
      return stored.metadata["step"].flatMap { Int($0) }
    }
    let step = try load(game.generator, game.average, generatorFile, averageFile)
    let other = try load(game.discriminator, game.discriminatorAverage, discriminatorFile, discriminatorAverageFile)
    return SavedRun(game: game, description: description, step: step, discriminatorStep: other)
  }

  /// What ``load(device:averaged:)`` finds.
  public struct SavedRun {
    /// Both networks, with the weights that were saved.
    public let game: RecipeGame
    /// What `run.json` says.
    public let description: Description
    /// Steps played when G's, and D's, weights were saved; nil for a run of an earlier version, which did not write it
    /// down.
    public let step: Int?
    /// The same of D.
    public let discriminatorStep: Int?
  }

  /// - Throws: `FileError`.
  public func requireFolder() throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw FileError(path: url.path, reason: "is not a run folder: there is no such folder")
    }
    guard isFolder.boolValue else { throw FileError(path: url.path, reason: "is not a run folder, but a file") }
  }

  /// - Throws: `FileError`.
  public func description() throws -> Description {
    let description = try decoded(
      Description.self, descriptionFile.lastPathComponent, limit: 1 << 20, "the description of a run")
    func require(_ key: String, _ holds: Bool, _ reason: String) throws {
      guard holds else {
        throw FileError(
          path: descriptionFile.path, reason: "is not the description of a run: its '\(key)' \(reason)", at: .line(1))
      }
    }
    let width = description.width
    let shape = description.imageShape ?? [1, 1, width]
    try require("width", (1...1_000_000).contains(width), "is not in 1...1000000, but \(width)")
    try require("classes", (1...1_000_000).contains(description.classes ?? 1), "is not in 1...1000000")
    try require("steps", description.steps > 0, "is not above 0, but \(description.steps)")
    if let options = description.options {
      try require("options.keptCheckpoints", options.keptCheckpoints > 0, "is not above 0")
      try require("options.checkpointSteps", options.checkpointSteps ?? 1 > 0, "is not above 0")
      try require("options.checkpointSeconds", options.checkpointSeconds ?? 1 > 0, "is not above 0")
      try require("options.rollbacks", options.rollbacks ?? 0 >= 0, "is below 0")
    }
    // Each at most a million, and three of them: the product fits.
    try require(
      "imageShape", shape.count == 3 && shape.allSatisfy { $0 > 0 && $0 <= width } && shape.reduce(1, *) == width,
      "is not three numbers that make \(width)")
    return description
  }

  private func decoded<Value: Decodable>(_: Value.Type, _ name: String, limit: Int, _ what: String) throws -> Value {
    let file = url.appendingPathComponent(name)
    let data = withoutByteOrderMark(try readFile(at: file, limit: limit))
    do {
      return try JSONDecoder().decode(Value.self, from: data)
    } catch {
      throw FileError(path: file.path, reason: "is not \(what): \(decodingReason(error))", at: .line(1))
    }
  }

  /// Whoever trains here removes old files from these folders, and adds new ones: in a folder elsewhere that a link
  /// leads to they could be another run's.
  ///
  /// - Throws: `FileError` naming the link.
  func refuseLinkedFolders() throws {
    for folder in [checkpoints.url, url.appendingPathComponent("samples")] {
      var status = stat()
      guard lstat(folder.path, &status) != 0 || status.st_mode & S_IFMT != S_IFLNK else {
        throw FileError(path: folder.path, reason: "is a link; a run keeps it as a folder of its own")
      }
    }
  }

  private var recipeFile: URL { url.appendingPathComponent("recipe.yaml") }
  private var descriptionFile: URL { url.appendingPathComponent("run.json") }
  var samples: URL { url.appendingPathComponent("samples") }
  private var faultsFile: URL { url.appendingPathComponent("faults.jsonl") }
  var measurementsFile: URL { url.appendingPathComponent("measurements.jsonl") }
  private var generatorFile: URL { url.appendingPathComponent("generator.safetensors") }
  private var averageFile: URL { url.appendingPathComponent("generator-average.safetensors") }
  /// Where D's weights are, or their average.
  public func discriminatorFile(averaged: Bool) -> URL { averaged ? discriminatorAverageFile : discriminatorFile }

  private var discriminatorAverageFile: URL { url.appendingPathComponent("discriminator-average.safetensors") }
  private var discriminatorFile: URL { url.appendingPathComponent("discriminator.safetensors") }
}

/// What a JSON decoder found wrong, with the key.
private func decodingReason(_ error: any Error) -> String {
  let context: DecodingError.Context
  var last: [any CodingKey] = []
  switch error {
  case DecodingError.typeMismatch(_, let inner), DecodingError.valueNotFound(_, let inner),
    DecodingError.dataCorrupted(let inner):
    context = inner
  case DecodingError.keyNotFound(let key, let inner): (context, last) = (inner, [key])
  default: return "\(error)"
  }
  let path = (context.codingPath + last).map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
  if !last.isEmpty { return "it has no '\(path)'" }
  return path.isEmpty ? "it is not JSON of that kind" : "its '\(path)' has a value of the wrong kind"
}
