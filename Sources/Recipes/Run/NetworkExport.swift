import Files
import Foundation
import GAN
import NN
import Torch

/// One of a run's networks, to be used outside.
public enum ExportedNetwork: String, Sendable, CaseIterable {
  /// z [N, Z] -> examples, [N, F] or images [N, C, H, W].
  case generator
  /// Examples -> logits [N, 1] of D(x) = sigmoid(logit); of a semi-supervised run the classes' [N, K].
  case discriminator
  /// Images -> the logits [N, K] of the classes; semi-supervised runs have one.
  case classifier
}

/// A run's network as the bytes of a TorchScript file, and what is said of it in the file.
public struct NetworkExport {
  public let file: Data
  public let origin: Origin

  /// The file's `extra/swift-gan.json`.
  public struct Origin: Codable, Sendable {
    public var format = "swift-gan network 1"
    public var network: String
    public var recipe: String
    /// Steps played; nil for a run of an earlier version, which did not write it down.
    public var step: Int?
    /// Whether the weights are averages over training.
    public var averaged: Bool
    /// The shape of one input and of one output.
    public var input: [Int]
    public var output: [Int]
    /// How z is drawn, for a generator.
    public var noise: Recipe.Noise?
    /// The rows that training and `gan sample` give to the network at once. With batch norm outputs depend on the others of
    /// their batch.
    public var batchSize: Int
    public var version = swiftGanVersion
    public var libtorch = Libtorch.version
  }
}

extension RunFolder {
  /// A network of the run as TorchScript, in the form in which samples are drawn and classes told.
  ///
  /// - Parameter averaged: whether with the averaged weights, where the run has them, or with those of the last step.
  /// - Throws: `FileError` for a folder that is no run, that has not saved its networks yet, or that lacks the network;
  ///   `ScriptError` where the module does not compute what the network does, or the network nothing that is finite.
  public func export(_ network: ExportedNetwork, averaged: Bool) throws -> NetworkExport {
    // On the CPU: PyTorch takes the module from there to any device.
    let run = try load(device: .cpu, averaged: averaged)
    let (game, description) = (run.game, run.description)
    let recipe = game.recipe
    let isSemiSupervised = recipe.tellsClasses
    guard network != .classifier || isSemiSupervised else {
      throw FileError(
        path: url.path, reason: "is a run of '\(recipe.name)', which tells no classes apart: it has no classifier")
    }
    let example = description.imageShape ?? [description.width]
    let isGenerator = network == .generator
    let isAveraged = averaged && (isGenerator ? game.average != nil : game.discriminatorAverage != nil)
    let origin = NetworkExport.Origin(
      network: network.rawValue, recipe: recipe.name,
      step: isGenerator ? run.step : run.discriminatorStep, averaged: isAveraged,
      input: isGenerator ? [recipe.noise.dimensions] : example,
      output: isGenerator ? example : [isSemiSupervised ? description.classes ?? 1 : 1],
      noise: isGenerator ? recipe.noise : nil, batchSize: recipe.batchSize)
    let module =
      if isGenerator {
        try game.generator.script(
          named: "Generator", input: { recipe.makeNoise()($0, RandomStream(seed: UInt64($0))) }
        ) { model, z in
          let x = model(z, .evaluation)
          return example.count == 1 ? x : x.reshaped([-1] + example)
        }
      } else {
        try game.discriminator.script(
          named: "Discriminator", input: { RandomStream(seed: UInt64($0)).uniform([$0] + example) }
        ) { model, x in
          model(example.count == 1 ? x : x.reshaped([-1, description.width]), .evaluation).logits
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
}
