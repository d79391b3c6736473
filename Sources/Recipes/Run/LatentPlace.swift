import Foundation
import GAN
import Images
import Torch

/// A place among all noise that a run's generator can be given: that of a seed, or between two, moved along directions
/// of its first layer.
public struct LatentPlace: Sendable, Hashable {
  /// Of the noise, as in ``RunSampler/pictures(seeds:classes:)``.
  public var seed: UInt64
  /// Another seed, to which the place lies on the way.
  public var other: UInt64?
  /// The share of the way to ``other``, 0 ... 1.
  public var share: Double
  /// How far it is moved along each of ``RunSampler/findDirections(_:)``, in standard deviations of the noise; the rest
  /// are not moved along.
  public var moves: [Double]
  /// The class of the picture, where the run is one of classes.
  public var label: Int?

  /// The place of a seed, unless something else is said.
  public init(seed: UInt64, other: UInt64? = nil, share: Double = 0, moves: [Double] = [], label: Int? = nil) {
    (self.seed, self.other, self.share, self.moves, self.label) = (seed, other, share, moves, label)
  }
}

extension RunSampler {
  /// The first principal directions of the generator's first layer, `count` at most: what ``LatentPlace/moves`` of
  /// later calls mean. Nil where G takes its noise in by no single linear layer, or the noise has more than
  /// ``RecipeGame/directionLimit`` numbers.
  ///
  /// - Throws: `TensorError`.
  public func findDirections(_ count: Int) throws -> FirstLayerDirections? {
    directions = try game.directions(count)
    return directions
  }

  /// The picture of a place. That of a seed, unmoved, is the one of ``pictures(seeds:classes:)``.
  ///
  /// - Throws: `TensorError`, also where the run is one on points, there is no such class, or there are more moves than
  ///   directions have been found.
  public func picture(of place: LatentPlace) throws -> Image {
    var z = try game.latent(seed: place.seed)
    if let other = place.other, place.share > 0 {
      z = try game.interpolated(from: z, to: game.latent(seed: other), shares: [place.share])
    }
    let vectors = directions?.directions.vectors ?? []
    if place.moves.count > vectors.count {
      z = .failed("a picture moved along \(place.moves.count) directions: \(vectors.count) have been found")
    }
    if place.moves.contains(where: { $0 != 0 }) {
      var sum = [Double](repeating: 0, count: z.size(-1))
      for (move, vector) in zip(place.moves, vectors) where move != 0 {
        for index in sum.indices { sum[index] += move * game.noiseDeviation * vector[index] }
      }
      z = z + Tensor(sum.map(Float.init), shape: [1, sum.count], device: z.device)
    }
    let sample = try game.samples(
      of: z, classes: place.label.map { [$0] }, averaged: false, standing: standing)
    return try game.pictures(of: sample)[0]
  }
}
