import Files
import Foundation
import Images
import NN
import Torch

/// The generator of a trained run, for any number of tasks at once: what a server holds.
///
/// ```swift
/// let sampler = try RunSampler(URL(fileURLWithPath: "runs/pictures-1"))
/// let pictures = try await sampler.pictures(seeds: [7, 8, 9])
/// ```
///
/// A seed gives the same picture whoever asks, whatever others are asked for beside it.
public actor RunSampler {
  /// What is known of the run.
  public nonisolated let description: RunFolder.Description
  /// Steps that G had played; nil in runs of earlier versions.
  public nonisolated let step: Int?
  let game: RecipeGame
  /// What the generator's batch norm goes by, in the place of a batch.
  let standing: StandingStatistics?
  /// Those that were asked for, once they have been.
  var directions: FirstLayerDirections?

  /// Loads the run's networks.
  ///
  /// - Parameters:
  ///   - run: its folder.
  ///   - standingRows: where given, batch norm of the generator goes by the means and variances of so many rows of
  ///     noise or a few more, gathered now, as in an exported network; so many samples can be made in one pass. Without
  ///     it a sample is what `gan sample` makes of its seed, and with batch norm takes a pass of a whole batch.
  /// - Throws: `FileError` naming the file that is missing or does not fit; `TensorError`.
  public init(
    _ run: URL, weights: SavedWeights = SavedWeights(), device: Device = .cpu, standingRows: Int? = nil
  ) throws {
    let saved = try RunFolder(run).load(device: device, weights: weights)
    (description, game, step) = (saved.description, saved.game, saved.step)
    standing = try standingRows.flatMap { try saved.game.gatheredStatistics(rows: max(1, $0)) }
  }

  /// Channels, height and width of the pictures; nil where the run is one on points.
  public nonisolated var imageShape: [Int]? { description.imageShape }

  /// One picture for each seed.
  ///
  /// - Parameter classes: the class of each, where the run is one of classes; one of each in turn where they are
  ///   missing.
  /// - Throws: `TensorError`, also where the run is one on points, or there is not a class for each seed.
  public func pictures(seeds: [UInt64], classes: [Int]? = nil) throws -> [Image] {
    guard !seeds.isEmpty else { return [] }
    return try game.pictures(of: samples(seeds, classes))
  }

  /// One point for each seed: rows of as many numbers as an example of the run has.
  ///
  /// - Throws: `TensorError`.
  public func points(seeds: [UInt64]) throws -> [[Double]] {
    guard !seeds.isEmpty else { return [] }
    let values = try samples(seeds, nil).values(Double.self)
    let width = game.example.count
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  private func samples(_ seeds: [UInt64], _ classes: [Int]?) throws -> Tensor {
    let latents = try seeds.map { try game.latent(seed: $0) }
    // The network itself holds the weights that were asked for.
    return try game.samples(of: concatenated(latents, 0), classes: classes, averaged: false, standing: standing)
  }
}

extension RecipeGame {
  /// Samples or examples of a game on images as pictures, each number rounded to the nearest of 256 levels.
  ///
  /// - Throws: `TensorError`, also where the game is one on points.
  public func pictures(of examples: Tensor) throws -> [Image] {
    let bytes = try asImages(examples).imageBytes().values(UInt8.self)
    let (shape, size) = (example.dimensions, example.count)
    return try stride(from: 0, to: bytes.count, by: size).map { first in
      try Image(width: shape[2], height: shape[1], channels: shape[0], samples: Array(bytes[first..<first + size]))
    }
  }
}
