import NN
import Settings
import Torch

/// The generator of R3GAN (Huang et al. 2024), convolutions without normalisation: [N, latent] -> [N, channels, S, S].
///
/// A learned image of 4 x 4 pixels for each channel, multiplied by a linear function of z; then residual blocks
/// (``ResidualBottleneck``), twice the sides, blocks, and so on; a 1 x 1 convolution to the image, without a
/// nonlinearity. S = 4 at one width, and twice as much with each further one. Convolutions do not take a dimension over
/// seeds.
public struct R3GANGenerator: Generator {
  /// At one size of the image.
  public struct Stage: Module {
    /// 1 x 1, before the sides are doubled, where the number of channels changes.
    public let channels: Conv2d?
    /// In the order that the image passes them.
    public let blocks: [ResidualBottleneck]
  }

  /// Of a network that is told the classes.
  public let conditioning: ClassConditioning?
  /// [widths[0], 4, 4]
  public let basis: Parameter
  /// From z to what each channel's learned image is multiplied by, [N, latent] -> [N, widths[0]]; without bias.
  public let input: Linear
  /// The smallest image's first.
  public let stages: [Stage]
  /// 1 x 1, from the channels of the last stage to those of the image.
  public let output: Conv2d
  private let misfit: Parameter?

  /// - Parameters:
  ///   - latent: dimensions of z.
  ///   - widths: channels at 4 x 4, 8 x 8 and so on.
  ///   - blocks: residual blocks at each of them.
  ///   - expansion: how many times as many channels a block has inside.
  ///   - groupWidth: channels of a group there.
  ///   - classes: how many the network is told of, by the context's labels.
  public init(
    widths: [Int], channels: Int, latent: Int = 64, blocks: Int = 2, expansion: Int = 2, groupWidth: Int = 16,
    classes: Int? = nil
  ) {
    let hasWidths = !widths.isEmpty
    let widths = hasWidths ? widths : [1]
    misfit = .unless(hasWidths && blocks >= 0, "has \(hasWidths ? "\(blocks) blocks" : "no widths")")
    conditioning = classes.map { ClassConditioning($0, latent: latent) }
    basis = Parameter([widths[0], 4, 4], .normal(standardDeviation: 1))
    input = Linear(latent, widths[0], weight: .unitGain(latent), bias: false)
    stages = widths.indices.map { index in
      let (before, here) = (widths[max(index - 1, 0)], widths[index])
      return Stage(
        channels: before == here ? nil : Conv2d(before, here, kernel: 1, weight: .unitGain(before), bias: false),
        blocks: (0..<max(0, blocks)).map { _ in
          ResidualBottleneck(here, expansion: expansion, groupWidth: groupWidth, blocks: blocks * widths.count)
        })
    }
    output = Conv2d(widths.last!, channels, kernel: 1, weight: .unitGain(widths.last!), bias: false)
  }

  public func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    let rows = conditioning?(z, context) ?? z
    var h = input(rows).unsqueezed(-1).unsqueezed(-1) * basis.value
    for (index, stage) in stages.enumerated() {
      if let channels = stage.channels { h = channels(h) }
      if index > 0 { h = Upsample2d()(h, context) }
      h = stage.blocks.reduce(h) { $1($0, context) }
    }
    return output(h)
  }
}

extension Initializer {
  /// N(0, 1 / inputs), which keeps the variance of inputs that have mean 0.
  static func unitGain(_ inputs: Int) -> Initializer { .normal(standardDeviation: 1 / Double(inputs).squareRoot()) }
}

extension R3GANGenerator {
  /// What a recipe says of it, as `generator.network: r3gan`.
  public struct Settings: GeneratorSettings {
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

    public var looksAtBatch: Bool { false }

    public func validate(_ check: SettingsCheck) throws {
      try check.residual(widths: widths, blocks: blocks, expansion: expansion, groupWidth: groupWidth)
    }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      try check.residual(widths: widths, for: example, of: Self.kind)
    }

    public func make(_ task: GeneratorTask) -> any Generator {
      R3GANGenerator(
        widths: widths, channels: task.example.dimensions[0], latent: task.latent, blocks: blocks, expansion: expansion,
        groupWidth: groupWidth, classes: task.classes)
    }
  }
}
