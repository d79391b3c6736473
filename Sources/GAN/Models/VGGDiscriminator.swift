import NN
import Settings
import Torch

/// A discriminator of stacked 3 x 3 convolutions (Simonyan and Zisserman 2015, *Very Deep Convolutional Networks*) with
/// the parts of the one that *Improved Techniques for Training GANs* has for CIFAR-10: [N, channels, H, W] -> logits
/// [N, outputs].
///
/// At each size so many convolutions of so many channels, the last of them with a stride of 2 but at the smallest size;
/// the mean over all pixels, which is f(x); a dense layer. Each is weight-normalised, with leaky ReLU of slope 0.2
/// between them; the gain is trained in the last layer only. Directions are N(0, 0.05) and
/// `Context/Mode/initialization` gives the logits a deviation of 0.1. Dropout on the input and before the first layer
/// of every size but the largest.
///
/// ``ConvDiscriminator`` spends two thirds of its work on the largest size; this one can go to smaller ones sooner.
public struct VGGDiscriminator: Discriminator {
  /// Of the image.
  public let inputDropout: Dropout
  /// Before the first layer of every size but the largest.
  public let hiddenDropout: Dropout
  /// The convolutions, size by size.
  public let layers: [[WeightNormConv2d]]
  /// After f(x).
  public let minibatch: MinibatchDiscrimination?
  /// From f(x), and the minibatch features where there are any, to the logits.
  public let output: WeightNormLinear

  /// - Parameters:
  ///   - outputs: K, the classes; or 1.
  ///   - widths: channels, size by size; at least one.
  ///   - convolutions: layers at each size, as many as `widths`.
  ///   - inputDropout: its rate, while training.
  ///   - hiddenDropout: its rate, while training.
  ///   - minibatch: makes the minibatch layer for the given number of features.
  public init(
    channels: Int = 3, outputs: Int, widths: [Int], convolutions: [Int], inputDropout: Double = 0.2,
    hiddenDropout: Double = 0.5, minibatch: ((_ features: Int) -> MinibatchDiscrimination)? = nil
  ) {
    let weights = Initializer.normal(standardDeviation: 0.05)
    self.inputDropout = Dropout(inputDropout)
    self.hiddenDropout = Dropout(hiddenDropout)
    var inputs = channels
    layers = zip(widths, convolutions).enumerated().map { size, layers in
      (0..<layers.1).map { index in
        let shrinks = index == layers.1 - 1 && size < widths.count - 1
        defer { inputs = layers.0 }
        return WeightNormConv2d(
          inputs, layers.0, kernel: 3, stride: shrinks ? 2 : 1, padding: 1, direction: weights, trainsGain: false,
          leakySlope: 0.2)
      }
    }
    self.minibatch = minibatch?(inputs)
    output = WeightNormLinear(
      inputs + (self.minibatch?.kernels ?? 0), outputs, direction: weights, initialDeviation: 0.1)
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
    var h = inputDropout(x, context)
    for (size, layers) in layers.enumerated() {
      if size > 0 { h = hiddenDropout(h, context) }
      for layer in layers { h = layer(h, context) }
    }
    return judged(GlobalMeanPool()(h, context), minibatch, output, context)
  }
}

extension VGGDiscriminator {
  /// What a recipe says of it, as `discriminator.network: vgg`.
  public struct Settings: DiscriminatorSettings {
    public static let kind = "vgg"
    public static let keys: [SettingsKey] = [
      .widths,
      SettingsKey("convolutions", "layers at each size, the last of them to the next smaller size"),
      SettingsKey("inputDropout", "the share of the input that is dropped while D trains"),
      SettingsKey("hiddenDropout", "the share of activations that are dropped before each smaller size while D trains"),
    ]
    public static let layout = ExampleLayout.images

    /// Channels, size by size.
    public var widths: [Int]
    /// Layers at each size.
    public var convolutions: [Int]
    /// Rates of dropout while training.
    public var inputDropout: Double
    /// Before the first layer of every size but the largest.
    public var hiddenDropout: Double

    public init() { self.init(widths: [32, 96, 192, 256]) }

    /// - Parameters:
    ///   - widths: channels, size by size.
    ///   - convolutions: layers at each size, as many as `widths`.
    ///   - inputDropout: its rate, while training.
    ///   - hiddenDropout: its rate, while training.
    public init(
      widths: [Int], convolutions: [Int] = [2, 2, 2, 1], inputDropout: Double = 0.2, hiddenDropout: Double = 0.5
    ) {
      self.widths = widths
      self.convolutions = convolutions
      self.inputDropout = inputDropout
      self.hiddenDropout = hiddenDropout
    }

    public var takesFirstValuesFromData: Bool { true }
    public var summary: String { "convolutions, \(widths.map(String.init).joined(separator: ", "))" }

    private var isNoisy: Bool { inputDropout > 0 || hiddenDropout > 0 }

    public var noiseSummary: String? {
      isNoisy ? "dropout \(inputDropout) on the input, \(hiddenDropout) between sizes" : nil
    }

    public var assignmentForNoise: String? { isNoisy ? nil : "inputDropout=0.2" }

    public func validate(_ check: SettingsCheck) throws {
      try check.widths("widths", widths)
      try check.widths("convolutions", convolutions)
      if convolutions.count != widths.count {
        try check.fail(
          "convolutions", "must be as many numbers as widths, \(widths.count), are \(convolutions.count)")
      }
      if convolutions.contains(where: { $0 > 100 }) { try check.fail("convolutions", "must be at most 100 a size") }
      try check.number("inputDropout", inputDropout, atLeast: 0, below: 1)
      try check.number("hiddenDropout", hiddenDropout, atLeast: 0, below: 1)
    }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      guard case .image(_, let height, let width) = example else {
        try check.fail("network", "\(Self.kind) is for images")
      }
      let least = 1 << min(widths.count - 1, 20)
      guard min(height, width) >= least else {
        try check.fail(
          "widths",
          "has \(widths.count) sizes, for images of \(least) x \(least) pixels or more; these have "
            + "\(height) x \(width)")
      }
    }

    public func make(_ task: DiscriminatorTask) -> any Discriminator {
      VGGDiscriminator(
        channels: task.example.dimensions[0], outputs: task.outputs, widths: widths, convolutions: convolutions,
        inputDropout: inputDropout, hiddenDropout: hiddenDropout, minibatch: task.minibatch)
    }
  }
}
