import NN
import Settings
import Torch

/// The discriminator of R3GAN (Huang et al. 2024), convolutions without normalisation: [N, channels, S, S] -> logits
/// [N, outputs].
///
/// ``R3GANGenerator`` backwards: a 1 x 1 convolution; residual blocks (``ResidualBottleneck``), half the sides, blocks,
/// and so on down to 4 x 4; the product of each channel with a learned image of 4 x 4 pixels, which is f(x), [N,
/// widths[0]]; a dense layer without bias. Convolutions do not take a dimension over seeds.
public struct R3GANDiscriminator: Discriminator {
  /// At one size of the image.
  public struct Stage: Module {
    /// In the order that the image passes them.
    public let blocks: [ResidualBottleneck]
    /// 1 x 1, after the sides are halved, where the number of channels changes.
    public let channels: Conv2d?
  }

  /// 1 x 1, from the image's channels to those of the first stage.
  public let input: Conv2d
  /// The largest image's first.
  public let stages: [Stage]
  /// A convolution of each channel by itself that sees all of it.
  public let basis: Conv2d
  /// After f(x).
  public let minibatch: MinibatchDiscrimination?
  /// From f(x), and the minibatch features where there are any, to the logits; without bias.
  public let output: Linear
  /// Of a network that is told the classes.
  public let projection: ProjectionHead?
  private let misfit: Parameter?

  /// - Parameters:
  ///   - widths: channels at 4 x 4, 8 x 8 and so on, the generator's.
  ///   - outputs: logits of an example.
  ///   - blocks: residual blocks at each of them.
  ///   - expansion: how many times as many channels a block has inside.
  ///   - groupWidth: channels of a group there.
  ///   - classes: how many the network is told of, by the context's labels, and judges each example as one of
  ///     (`ProjectionHead`). It then has one output.
  ///   - minibatch: makes the minibatch layer for the given number of features.
  public init(
    widths: [Int], channels: Int, outputs: Int = 1, blocks: Int = 2, expansion: Int = 2, groupWidth: Int = 16,
    classes: Int? = nil, minibatch: ((_ features: Int) -> MinibatchDiscrimination)? = nil
  ) {
    let hasWidths = !widths.isEmpty
    let widths = hasWidths ? widths : [1]
    misfit =
      .unless(hasWidths && blocks >= 0, "has \(hasWidths ? "\(blocks) blocks" : "no widths")")
      ?? .unless(
        classes == nil || outputs == 1,
        "has \(outputs) outputs, and is told the classes: it judges an example as one of them, by one output")
    input = Conv2d(channels, widths.last!, kernel: 1, weight: .unitGain(channels), bias: false)
    stages = widths.indices.reversed().map { index in
      let (here, next) = (widths[index], widths[max(index - 1, 0)])
      return Stage(
        blocks: (0..<max(0, blocks)).map { _ in
          ResidualBottleneck(here, expansion: expansion, groupWidth: groupWidth, blocks: blocks * widths.count)
        }, channels: here == next ? nil : Conv2d(here, next, kernel: 1, weight: .unitGain(here), bias: false))
    }
    let features = widths[0]
    basis = Conv2d(features, features, kernel: 4, groups: features, weight: .unitGain(4 * 4), bias: false)
    self.minibatch = minibatch?(features)
    let inputs = features + (self.minibatch?.kernels ?? 0)
    output = Linear(inputs, outputs, weight: .unitGain(inputs), bias: false)
    projection = classes.map { ProjectionHead($0, features: features, weight: .unitGain(features)) }
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
    var h = input(x)
    for (index, stage) in stages.enumerated() {
      h = stage.blocks.reduce(h) { $1($0, context) }
      if index < stages.count - 1 { h = Downsample2d()(h, context) }
      if let channels = stage.channels { h = channels(h) }
    }
    return judged(basis(h).reshaped([-1, h.size(1)]), minibatch, output, context, projection: projection)
  }
}

extension R3GANDiscriminator {
  /// What a recipe says of it, as `discriminator.network: r3gan`.
  public struct Settings: DiscriminatorSettings {
    public static let kind = "r3gan"
    public static let keys: [SettingsKey] = [.widths, .blocks, .expansion, .groupWidth]
    public static let layout = ExampleLayout.images
    public static let takesClasses = true

    /// Channels at 4 x 4, 8 x 8 and so on, one for each size up to the images'.
    public var widths: [Int]
    /// Residual blocks at each size.
    public var blocks: Int
    /// How many times as many channels a block has inside.
    public var expansion: Int
    /// Channels of a group there.
    public var groupWidth: Int

    public init() { self.init(widths: [128, 128, 128, 128]) }

    /// - Parameters:
    ///   - widths: channels at 4 x 4, 8 x 8 and so on.
    ///   - blocks: residual blocks at each of them.
    ///   - expansion: how many times as many channels a block has inside.
    ///   - groupWidth: channels of a group there.
    public init(widths: [Int], blocks: Int = 2, expansion: Int = 2, groupWidth: Int = 16) {
      self.widths = widths
      self.blocks = blocks
      self.expansion = expansion
      self.groupWidth = groupWidth
    }

    public var summary: String { "R3GAN, \(widths.map(String.init).joined(separator: ", "))" }

    public func validate(_ check: SettingsCheck) throws {
      try check.residual(widths: widths, blocks: blocks, expansion: expansion, groupWidth: groupWidth)
    }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      try check.residual(widths: widths, for: example, of: Self.kind)
    }

    public func make(_ task: DiscriminatorTask) -> any Discriminator {
      R3GANDiscriminator(
        widths: widths, channels: task.example.dimensions[0], outputs: task.outputs, blocks: blocks,
        expansion: expansion, groupWidth: groupWidth, classes: task.classes, minibatch: task.minibatch)
    }
  }
}
