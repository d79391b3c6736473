import Images
import Torch

/// A network that makes features of pictures, and perhaps says which class each is of: what scores are a function of.
public protocol PictureNetwork: AnyObject, Sendable {
  /// For people, such as the name of its file.
  var name: String { get }
  /// SHA-256 of what defines it: 64 lower-case hexadecimal digits.
  var hash: String { get }
  /// What becomes of pictures before it sees them.
  var resizing: PictureResizing { get }
  /// How its inputs are made of bytes, in words, such as "(x - 128) / 128".
  var reading: String { get }
  /// Whether it is the Inception network of FID, by its form.
  var isInception: Bool { get }

  /// What it makes of a batch; called on several threads at once.
  ///
  /// - Parameter pictures: one at least; of one size, where ``resizing`` leaves sizes as they are.
  /// - Throws: ``NetworkError``, `TensorError`.
  func callAsFunction(_ pictures: [Image]) throws -> NetworkOutputs
}

/// What a network makes of a batch of pictures.
public struct NetworkOutputs: Sendable {
  /// [N, D], row after row.
  public var features: [Float]
  /// D
  public var dimensions: Int
  /// [N, K], before the softmax and with the bias of the last layer; nil where the network tells no classes apart.
  public var logits: [Float]?
  /// [N, K], without that bias, where both are known.
  public var logitsWithoutBias: [Float]?

  /// - Parameters:
  ///   - features: [N, D], row after row.
  ///   - dimensions: D.
  ///   - logits: [N, K], with the bias of the last layer.
  ///   - logitsWithoutBias: [N, K].
  public init(features: [Float], dimensions: Int, logits: [Float]? = nil, logitsWithoutBias: [Float]? = nil) {
    self.features = features
    self.dimensions = dimensions
    self.logits = logits
    self.logitsWithoutBias = logitsWithoutBias
  }
}

/// A network that did not do its part: which one, and why.
public struct NetworkError: Error, CustomStringConvertible, Sendable {
  /// Its ``PictureNetwork/name``.
  public let network: String
  /// A clause without a full stop.
  public let reason: String

  /// - Parameters:
  ///   - network: its name.
  ///   - reason: a clause without a full stop.
  public init(network: String, reason: String) {
    self.network = network
    self.reason = reason
  }

  public var description: String { "network \(network): \(reason)" }
}
