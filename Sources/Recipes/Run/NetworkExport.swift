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

/// A run's network as the bytes of a TorchScript file, and what is said of it in the file.
public struct NetworkExport {
  /// What `torch.jit.load` reads.
  public let file: Data
  /// What is said of the network, in the file as well.
  public let origin: Origin

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

  /// The file's `extra/swift-gan.json`.
  public struct Origin: Codable, Sendable {
    /// The kind of this description, and its version.
    public var format = "swift-gan network 1"
    /// The raw value of an ``ExportedNetwork``.
    public var network: String
    /// The name of the run's recipe; all of it is in the file's `extra/recipe.yaml`.
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
    /// Of the program that wrote the file.
    public var version = swiftGanVersion
    /// The version of libtorch that recorded the network.
    public var libtorch = Libtorch.version
  }
}

extension RunFolder {
  /// A network of the run as TorchScript, in the form in which samples are drawn and classes told.
  ///
  /// - Parameters:
  ///   - weights: which of those that the run has saved.
  ///   - standingStatistics: whether a generator's batch norm gets standing statistics. A discriminator's, for which
  ///     the data would be needed, goes by the batch.
  /// - Throws: `FileError` for a folder that is no run, that has not saved its networks yet, or that lacks the network;
  ///   `ScriptError` where the module does not compute what the network does, or the network nothing that is finite.
  public func export(
    _ network: ExportedNetwork, weights: SavedWeights = SavedWeights(), standingStatistics: Bool = true
  ) throws -> NetworkExport {
    // On the CPU: PyTorch takes the module from there to any device.
    let run = try load(device: .cpu, weights: weights)
    let (game, description) = (run.game, run.description)
    let recipe = game.recipe
    let isSemiSupervised = recipe.tellsClasses
    guard network != .classifier || isSemiSupervised else {
      throw FileError(
        path: url.path, reason: "is a run of '\(recipe.name)', which tells no classes apart: it has no classifier")
    }
    let example = description.imageShape ?? [description.width]
    let classes = recipe.isConditional ? description.classes : nil
    let isGenerator = network == .generator
    let isAveraged = weights.averaged && (isGenerator ? game.average != nil : game.discriminatorAverage != nil)
    let gathered = try isGenerator ? gatheredStatistics(of: game) : judgedStatistics(of: game)
    let standing = standingStatistics && isGenerator ? gathered : nil
    let origin = NetworkExport.Origin(
      network: network.rawValue, recipe: recipe.name,
      step: isGenerator ? run.step : run.discriminatorStep, averaged: isAveraged,
      objective: recipe.objective.kind, classes: classes, input: isGenerator ? [recipe.noise.dimensions] : example,
      output: isGenerator ? example : [isSemiSupervised ? description.classes ?? 1 : 1],
      noise: isGenerator ? recipe.noise : nil, batchSize: recipe.batchSize,
      statistics: gathered.map { _ in standing == nil ? .batch : .standing })
    let module =
      if isGenerator {
        try game.generator.script(
          named: "Generator", input: { recipe.makeNoise()($0, RandomStream(seed: UInt64($0))) }, classes: classes
        ) { model, z, labels in
          let x = model(
            z, standing.map { .evaluation(labels: labels, standing: $0) } ?? .evaluation(labels: labels))
          return example.count == 1 ? x : x.reshaped([-1] + example)
        }
      } else {
        try game.discriminator.script(
          named: "Discriminator", input: { RandomStream(seed: UInt64($0)).uniform([$0] + example) }, classes: classes
        ) { model, x, labels in
          model(
            example.count == 1 || recipe.layout == .images ? x : x.reshaped([-1, description.width]),
            .evaluation(labels: labels)
          ).logits
        }
      }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return NetworkExport(
      file: try module.encoded(extraFiles: [
        "swift-gan.json": String(decoding: try encoder.encode(origin), as: UTF8.self),
        "recipe.yaml": try RecipeFile.text(recipe),
      ]), origin: origin)
  }

  /// Of the generator's batch norm; nil where it has none.
  private func gatheredStatistics(of game: RecipeGame) throws -> StandingStatistics? {
    let (recipe, standing) = (game.recipe, StandingStatistics())
    let random = RandomStream(seed: recipe.seed).stream("standing statistics")
    try checkingTensors {
      withoutGradient {
        let noise = recipe.makeNoise()
        for batch in 0..<(NetworkExport.standingRows + recipe.batchSize - 1) / recipe.batchSize {
          let labels = game.classesInTurn(recipe.batchSize, from: batch * recipe.batchSize)
          _ = game.generator.model(
            noise(recipe.batchSize, random.at(batch)), .evaluation(labels: labels, standing: standing))
          if standing.layers == 0 { return }
        }
        standing.finish()
      }
    }
    return standing.layers > 0 ? standing : nil
  }

  /// The same of the discriminator, of a batch of nothing in particular: what counts is whether it has batch norm.
  private func judgedStatistics(of game: RecipeGame) throws -> StandingStatistics? {
    let standing = StandingStatistics()
    try checkingTensors {
      withoutGradient {
        let x = game.arranged(RandomStream(seed: 0).uniform([2, game.example.count]))
        _ = game.discriminator.model(x, .evaluation(labels: game.classesInTurn(2), standing: standing))
      }
    }
    return standing.layers > 0 ? standing : nil
  }
}
