import NN
import Settings
import Torch

/// The discriminator that *Improved Techniques for Training GANs* has for CIFAR-10 and SVHN: [N, channels, H, W] ->
/// logits [N, outputs]. H and W are at least 9.
///
/// 3 x 3 convolutions of w, w and w / 2 channels, dropout, 2 w, 2 w and 2 w / 2, dropout, 2 w without padding, then 1 x
/// 1 ones of 2 w and 2 w, where "/ 2" is a stride of 2; the mean over all pixels, which is f(x); a dense layer. Each is
/// weight-normalised, with leaky ReLU of slope 0.2 between them; the gain is trained in the last layer only. CIFAR-10:
/// w = 96, SVHN: 64. Directions are N(0, 0.05) and `Context/Mode/initialization` gives the logits a deviation of 0.1,
/// as the released code does.
///
/// The input has dropout of 0.2; the published setting with minibatch discrimination has Gaussian noise of 0.2 instead.
public struct ConvDiscriminator: Discriminator {
  /// Of the image, before its noise.
  public let inputDropout: Dropout
  /// On the image, while training.
  public let inputNoise: GaussianNoise
  /// Before the fourth and the seventh convolution.
  public let hiddenDropout: Dropout
  /// The nine convolutions, in the order that the image passes them.
  public let layers: [WeightNormConv2d]
  /// After f(x).
  public let minibatch: MinibatchDiscrimination?
  /// From f(x), and the minibatch features where there are any, to the logits.
  public let output: WeightNormLinear

  /// - Parameters:
  ///   - outputs: K, the classes; or 1.
  ///   - width: w, channels of the first three layers.
  ///   - inputDropout: its rate, while training.
  ///   - inputNoise: standard deviation of Gaussian noise on the input, while training.
  ///   - hiddenDropout: its rate, while training.
  ///   - minibatch: makes the minibatch layer for the given number of features.
  ///   - weights: the distribution of the directions.
  public init(
    channels: Int = 3, outputs: Int, width: Int = 96, inputDropout: Double = 0.2, inputNoise: Double = 0,
    hiddenDropout: Double = 0.5, minibatch: ((_ features: Int) -> MinibatchDiscrimination)? = nil,
    weights: Initializer = .normal(standardDeviation: 0.05)
  ) {
    self.inputDropout = Dropout(inputDropout)
    self.inputNoise = GaussianNoise(inputNoise)
    self.hiddenDropout = Dropout(hiddenDropout)
    let wide = 2 * width
    let shapes: [(inputs: Int, outputs: Int, kernel: Int, stride: Int, padding: Int)] = [
      (channels, width, 3, 1, 1), (width, width, 3, 1, 1), (width, width, 3, 2, 1),
      (width, wide, 3, 1, 1), (wide, wide, 3, 1, 1), (wide, wide, 3, 2, 1),
      (wide, wide, 3, 1, 0), (wide, wide, 1, 1, 0), (wide, wide, 1, 1, 0),
    ]
    layers = shapes.map {
      WeightNormConv2d(
        $0.inputs, $0.outputs, kernel: $0.kernel, stride: $0.stride, padding: $0.padding, direction: weights,
        trainsGain: false, leakySlope: 0.2)
    }
    self.minibatch = minibatch?(wide)
    output = WeightNormLinear(
      wide + (self.minibatch?.kernels ?? 0), outputs, direction: weights, initialDeviation: 0.1)
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
    var h = inputNoise(inputDropout(x, context), context)
    for (index, layer) in layers.enumerated() {
      if index == 3 || index == 6 { h = hiddenDropout(h, context) }
      h = layer(h, context)
    }
    return judged(GlobalMeanPool()(h, context), minibatch, output, context)
  }
}

extension ConvDiscriminator {
  /// What a recipe says of it, as `discriminator.network: conv`. Without another word it is the one published for
  /// CIFAR-10.
  public struct Settings: DiscriminatorSettings {
    public static let kind = "conv"
    public static let keys: [SettingsKey] = [
      .width,
      SettingsKey("inputDropout", "the share of the input that is dropped while D trains"),
      SettingsKey("hiddenDropout", "the share of activations that are dropped inside D while it trains"),
      .inputNoise,
    ]
    public static let layout = ExampleLayout.images

    /// Channels of the first three layers.
    public var width: Int
    /// Rates of dropout while training.
    public var inputDropout: Double
    /// Before the fourth and the seventh convolution.
    public var hiddenDropout: Double
    /// Standard deviation of the noise while training.
    public var inputNoise: Double

    public init() { self.init(width: 96) }

    /// - Parameters:
    ///   - width: channels of the first three layers.
    ///   - inputDropout: its rate, while training.
    ///   - hiddenDropout: its rate, while training.
    ///   - inputNoise: standard deviation, while training.
    public init(width: Int, inputDropout: Double = 0.2, hiddenDropout: Double = 0.5, inputNoise: Double = 0) {
      self.width = width
      self.inputDropout = inputDropout
      self.hiddenDropout = hiddenDropout
      self.inputNoise = inputNoise
    }

    public var takesFirstValuesFromData: Bool { true }
    public var summary: String { "convolutions, \(width), \(2 * width)" }

    private var isNoisy: Bool { inputDropout > 0 || hiddenDropout > 0 || inputNoise > 0 }

    public var noiseSummary: String? {
      guard isNoisy else { return nil }
      let noise = inputNoise > 0 ? "noise \(inputNoise) on the input, " : ""
      return noise + "dropout \(inputDropout) on the input, \(hiddenDropout) between layers"
    }

    public var assignmentForNoise: String? { isNoisy ? nil : "inputDropout=0.2" }

    public func validate(_ check: SettingsCheck) throws {
      try check.size("width", width, atMost: 100_000)
      try check.number("inputDropout", inputDropout, atLeast: 0, below: 1)
      try check.number("hiddenDropout", hiddenDropout, atLeast: 0, below: 1)
      try check.number("inputNoise", inputNoise, atLeast: 0)
    }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      guard case .image(_, let height, let width) = example else {
        try check.fail("network", "\(Self.kind) is for images")
      }
      guard min(height, width) >= 9 else {
        try check.fail(
          "network", "\(Self.kind) takes images of 9 x 9 pixels or more; these have \(height) x \(width)")
      }
    }

    public func make(_ task: DiscriminatorTask) -> any Discriminator {
      ConvDiscriminator(
        channels: task.example.dimensions[0], outputs: task.outputs, width: width, inputDropout: inputDropout,
        inputNoise: inputNoise, hiddenDropout: hiddenDropout, minibatch: task.minibatch)
    }
  }
}
