import Foundation
import GAN
import NN
import Torch

/// What a generator's first layer says of the directions of its noise.
public struct FirstLayerDirections: Sendable {
  /// The path to the layer in the network.
  public let layer: String
  /// The directions, that of the largest eigenvalue first.
  public let directions: LatentDirections
}

extension RecipeGame {
  /// Numbers of z up to which ``directions(_:)`` are found: eigenvectors of matrices that are larger take minutes.
  public static let directionLimit = 2_048

  /// The first principal directions of G's first layer; nil where G takes z in by no single linear layer, nothing
  /// depends on z, or z has more than ``directionLimit`` numbers.
  ///
  /// - Parameter count: how many, at most; there are as many as z has numbers.
  /// - Throws: `TensorError`.
  public func directions(_ count: Int) throws -> FirstLayerDirections? {
    let noise = recipe.makeNoise()
    guard noise.dimensions <= Self.directionLimit else { return nil }
    // As few rows as a layer that looks at the batch can do with.
    let rows = 4
    let z = try checkingTensors {
      noise(rows, RandomStream(seed: recipe.seed).stream("directions"), device: generator.flat.device)
    }
    let classes = labelled((0..<rows).map { $0 % max(1, self.classes ?? 1) })
    let found = try generator.inputLayer(of: z) { z in try withoutRecording { generator.model(z, classes) } }
    return try found.map { name, map in
      FirstLayerDirections(layer: name, directions: try LatentDirections(of: map.matrix, count: count))
    }
  }

  /// The standard deviation of one number of z.
  public var noiseDeviation: Double {
    switch recipe.makeNoise() {
    case .normal: 1
    case .uniform(let low, let high, _), .stratified(let low, let high, _): (high - low) / 12.0.squareRoot()
    }
  }
}
