import Files
import Foundation
import GAN
import NN
import Torch

/// One of a run's networks, to be used outside.
public enum ExportedNetwork: String, Sendable, CaseIterable {
  /// z [N, Z] -> examples, [N, F] or images [N, C, H, W].
  case generator
  /// Examples -> D's outputs [N, 1], whose meaning is the objective's: with the logistic one D(x) = sigmoid(output),
  /// with least squares the output itself is held against the targets, with hinge it is above 0 for what seems real,
  /// and with the relativistic one and Wasserstein's only differences of two examples mean something. Of a
  /// semi-supervised run the classes' logits [N, K].
  case discriminator
  /// Images -> the logits [N, K] of the classes; semi-supervised runs have one.
  case classifier
}

/// A run's network as what is written of it, and what is said of it there.
public struct NetworkExport {
  /// What it is written as.
  public let contents: Contents
  /// What is said of the network, in the files as well.
  public let origin: Origin

  /// Files with their bytes.
  public enum Contents: Sendable {
    /// One file.
    case file(Data)
    /// A folder's files, by name.
    case folder([String: Data])
  }

  /// What batch norm normalises by.
  public enum Statistics: String, Codable, Sendable {
    /// The means and variances of many rows, the same for every batch.
    case standing
    /// The batch's own.
    case batch
  }

  /// Rows of noise that standing statistics are gathered from, in batches of the recipe's size; or a few more, to fill
  /// the last.
  public static let standingRows = 10_000

  /// What is known of the network: `swift-gan.json` in a file of TorchScript and of ONNX, and the beginning of a
  /// folder's `config.json`.
  public struct Origin: Codable, Sendable {
    /// The kind of this description, and its version.
    public var format = "swift-gan network 1"
    /// The raw value of an ``ExportedNetwork``.
    public var network: String
    /// The name of the run's recipe; all of it is in `recipe.yaml` beside this.
    public var recipe: String
    /// Steps played; nil for a run of an earlier version, which did not write it down.
    public var step: Int?
    /// Whether the weights are averages over training.
    public var averaged: Bool
    /// The kind of the recipe's objective, which says what D's outputs mean.
    public var objective: String
    /// K of a network that is told classes: their numbers, int64 [N], are its second argument.
    public var classes: Int?
    /// The shape of one input and of one output.
    public var input: [Int]
    /// Without the dimension of rows.
    public var output: [Int]
    /// How z is drawn, for a generator.
    public var noise: Recipe.Noise?
    /// The rows that training and `gan sample` give to the network at once. Where ``statistics`` are the batch's,
    /// outputs depend on the others of their batch.
    public var batchSize: Int
    /// What its batch norm normalises by; nil where it has none.
    public var statistics: Statistics?
    /// Of the parameters: SHA-256 over their elements, little endian and row by row, one after the other in the order
    /// of their names.
    public var sha256: String
    /// Of the program that wrote the file.
    public var version = swiftGanVersion
    /// The version of libtorch that recorded the network.
    public var libtorch = Libtorch.version
  }
}

extension RunFolder {
  /// A network of the run, in the form in which samples are drawn and classes told.
  ///
  /// - Parameters:
  ///   - format: what it is written as.
  ///   - weights: which of those that the run has saved.
  ///   - standingStatistics: whether a generator's batch norm gets standing statistics. A discriminator's, for which
  ///     the data would be needed, goes by the batch.
  /// - Throws: `FileError` for a folder that is no run, that has not saved its networks yet, or that lacks the network;
  ///   `ScriptError` where the recording does not compute what the network does, or the network nothing that is finite;
  ///   `ONNXError` naming the operation that ONNX does not have.
  public func export(
    _ network: ExportedNetwork, as format: ExportFormat = .torchscript, weights: SavedWeights = SavedWeights(),
    standingStatistics: Bool = true
  ) throws -> NetworkExport {
    // On the CPU: who reads the file takes it from there to any device.
    let run = try load(device: .cpu, weights: weights)
    let recipe = run.game.recipe
    guard network != .classifier || recipe.tellsClasses else {
      throw FileError(
        path: url.path, reason: "is a run of '\(recipe.name)', which tells no classes apart: it has no classifier")
    }
    let isGenerator = network == .generator
    let hasAverage = isGenerator ? run.game.average != nil : run.game.discriminatorAverage != nil
    return try run.game.export(
      network, as: format, step: isGenerator ? run.step : run.discriminatorStep,
      averaged: weights.averaged && hasAverage, standingStatistics: standingStatistics)
  }
}

extension RecipeGame {
  /// A network of the game with the weights that it has.
  ///
  /// - Parameters:
  ///   - step: steps that it has played.
  ///   - averaged: whether these weights are averages over training.
  ///   - standingStatistics: as ``RunFolder/export(_:as:weights:standingStatistics:)`` has it.
  /// - Throws: as there.
  public func export(
    _ network: ExportedNetwork, as format: ExportFormat = .torchscript, step: Int? = nil, averaged: Bool = false,
    standingStatistics: Bool = true
  ) throws -> NetworkExport {
    let isGenerator = network == .generator
    let gathers = isGenerator && standingStatistics
    let gathered =
      try isGenerator
      ? gatheredStatistics(rows: gathers ? NetworkExport.standingRows : 1) : judgedStatistics()
    let standing = gathers ? gathered : nil
    let example = example.dimensions
    let state = isGenerator ? generator.state : discriminator.state
    let origin = NetworkExport.Origin(
      network: network.rawValue, recipe: recipe.name, step: step, averaged: averaged, objective: recipe.objective.kind,
      classes: recipe.isConditional ? classes : nil, input: isGenerator ? [recipe.noise.dimensions] : example,
      output: isGenerator ? example : [recipe.tellsClasses ? classes ?? 1 : 1],
      noise: isGenerator ? recipe.noise : nil, batchSize: isGenerator ? recipe.generatedBatchSize : recipe.batchSize,
      statistics: gathered.map { _ in standing == nil ? .batch : .standing }, sha256: try Self.checksum(state))
    let written = WrittenNetwork(
      game: self, network: network, origin: origin, state: state,
      statistics: standing.map { generator.named($0) } ?? [:],
      record: { try record(network, standing) })
    return NetworkExport(contents: try format.contents(of: written), origin: origin)
  }

  private static func checksum(_ state: [String: Tensor]) throws -> String {
    var hash = SHA256Hash()
    for (_, value) in state.sorted(by: { $0.key < $1.key }) {
      try value.rawBytes().withUnsafeBytes { hash.update($0) }
    }
    return hash.digits()
  }

  /// The network's pass, operation by operation.
  private func record(_ network: ExportedNetwork, _ standing: StandingStatistics?) throws -> ScriptModule {
    let (dimensions, classes) = (example.dimensions, recipe.isConditional ? classes : nil)
    guard network == .generator else {
      return try discriminator.script(
        named: "Discriminator", input: { RandomStream(seed: UInt64($0)).uniform([$0] + dimensions) }, classes: classes
      ) { model, x, labels in
        model(
          dimensions.count == 1 || recipe.layout == .images ? x : x.reshaped([-1, example.count]),
          .evaluation(labels: labels)
        ).logits
      }
    }
    return try generator.script(
      named: "Generator", input: { recipe.makeNoise()($0, RandomStream(seed: UInt64($0))) }, classes: classes
    ) { model, z, labels in
      let x = model(z, standing.map { .evaluation(labels: labels, standing: $0) } ?? .evaluation(labels: labels))
      return dimensions.count == 1 ? x : x.reshaped([-1] + dimensions)
    }
  }

  /// Of the generator's batch norm; nil where it has none.
  func gatheredStatistics(rows: Int) throws -> StandingStatistics? {
    let standing = StandingStatistics()
    let random = RandomStream(seed: recipe.seed).stream("standing statistics")
    try checkingTensors {
      withoutGradient {
        let noise = recipe.makeNoise()
        for batch in 0..<(rows + recipe.generatedBatchSize - 1) / recipe.generatedBatchSize {
          let labels = classesInTurn(recipe.generatedBatchSize, from: batch * recipe.generatedBatchSize)
          _ = generator.model(
            noise(recipe.generatedBatchSize, random.at(batch)), .evaluation(labels: labels, standing: standing))
          if standing.layers == 0 { return }
        }
        standing.finish()
      }
    }
    return standing.layers > 0 ? standing : nil
  }

  /// The same of the discriminator, of a batch of nothing in particular: what counts is whether it has batch norm.
  private func judgedStatistics() throws -> StandingStatistics? {
    let standing = StandingStatistics()
    try checkingTensors {
      withoutGradient {
        let x = arranged(RandomStream(seed: 0).uniform([2, example.count]))
        _ = discriminator.model(x, .evaluation(labels: classesInTurn(2), standing: standing))
      }
    }
    return standing.layers > 0 ? standing : nil
  }
}
