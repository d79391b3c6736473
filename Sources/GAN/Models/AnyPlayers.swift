import NN
import Torch

/// Any generator, in the layout that its game uses. Its parameters have the names that they have in `body`.
public struct AnyGenerator: Generator, ModuleWrapper {
  /// The network itself, which holds all parameters.
  public let body: any Generator
  private let dimensions: [Int]?

  /// - Parameter images: the shape of the game's examples [C, H, W] where `body` makes rows and the game wants images.
  public init(_ body: any Generator, asImages dimensions: [Int]? = nil) {
    self.body = body
    self.dimensions = dimensions
  }

  public var wrapped: any Module { body }

  public func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    let made = body(z, context)
    return dimensions.map { made.reshaped([-1] + $0) } ?? made
  }
}

/// Any discriminator, in the layout that its game uses. Its parameters have the names that they have in `body`.
public struct AnyDiscriminator: Discriminator, ModuleWrapper {
  /// The network itself, which holds all parameters.
  public let body: any Discriminator
  private let flattens: Bool

  /// - Parameter flattens: whether `body` wants rows where the game has images [N, C, H, W].
  public init(_ body: any Discriminator, flattens: Bool = false) {
    self.body = body
    self.flattens = flattens
  }

  public var wrapped: any Module { body }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
    body(flattens ? x.reshaped([-1, x.size(1) * x.size(2) * x.size(3)]) : x, context)
  }
}
