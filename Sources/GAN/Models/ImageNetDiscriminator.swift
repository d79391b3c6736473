import NN
import Settings
import Torch

/// The discriminator that *Improved Techniques for Training GANs* has for ImageNet at 128 x 128: [N, channels, size,
/// size] -> logits [N, outputs].
///
/// Gaussian noise of 0.1 on the input; 3 x 3 convolutions of w / 2, 2 w / 2, 4 w / 2, 4 w, 4 w, 8 w / 2 and 8 w / 2
/// channels with w = 64, where "/ 2" is a stride of 2; a dense layer of 40 w, which is f(x); minibatch features
/// (published: 300 of 50 dimensions); a dense layer. Leaky ReLU of slope 0.2; batch norm after each layer but the last.
/// Weights are N(0, 0.02), gains N(1, 0.02).
///
/// In two things the released code differs: its batch norm takes a half's statistics from the other half, and its
/// minibatch layer compares each example with both real and generated ones. Here a batch is normalised by itself and
/// compared with itself.
public struct ImageNetDiscriminator: Discriminator {
  /// What each layer but the last is normalised by.
  public enum Normalization: String, Codable, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// Batch norm with the batch's own statistics.
    case batch
  }

  /// On the image, while training.
  public let inputNoise: GaussianNoise
  /// The seven convolutions, in the order that the image passes them.
  public let layers: [Conv2d]
  /// From the pixels that are left to f(x), [N, 40 w].
  public let dense: Linear
  /// With batch norm, one for each of `layers`.
  public let normalizations: [BatchNorm2d]
  /// Of `dense`, with batch norm.
  public let denseNormalization: BatchNorm?
  /// After f(x).
  public let minibatch: MinibatchDiscrimination?
  /// From f(x), and the minibatch features where there are any, to the logits.
  public let output: Linear
  private let misfit: Parameter?

  /// Whether there is a network for pictures of `size` x `size` pixels: a multiple of 32.
  public static func allows(size: Int) -> Bool { size > 0 && size % 32 == 0 }

  /// - Parameters:
  ///   - size: height and width of the images, a multiple of 32.
  ///   - width: w.
  ///   - inputNoise: standard deviation of the noise on the input, while training.
  ///   - normalization: with batch norm the layers but the last have no bias.
  ///   - minibatch: makes the minibatch layer for the given number of features.
  public init(
    size: Int = 128, channels: Int = 3, outputs: Int = 1, width: Int = 64, inputNoise: Double = 0.1,
    normalization: Normalization = .batch, minibatch: ((_ features: Int) -> MinibatchDiscrimination)? = nil,
    weights: Initializer = .normal(standardDeviation: 0.02)
  ) {
    misfit = .unless(Self.allows(size: size), "has the size \(size), which is no multiple of 32")
    self.inputNoise = GaussianNoise(inputNoise)
    let bias = normalization == .none
    let widths = [1, 2, 4, 4, 4, 8, 8].map { $0 * width }
    let strides = [2, 2, 2, 1, 1, 2, 2]
    layers = zip(zip([channels] + widths, widths), strides).map { sizes, stride in
      Conv2d(sizes.0, sizes.1, kernel: 3, stride: stride, padding: 1, weight: weights, bias: bias)
    }
    let side = size / 32
    let features = 40 * width
    dense = Linear(widths.last! * side * side, features, weight: weights, bias: bias)
    let gains = Initializer.normal(mean: 1, standardDeviation: 0.02)
    normalizations = bias ? [] : widths.map { BatchNorm2d($0, gains: gains) }
    denseNormalization = bias ? nil : BatchNorm(features, gains: gains)
    self.minibatch = minibatch?(features)
    output = Linear(features + (self.minibatch?.kernels ?? 0), outputs, weight: weights)
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
    var h = inputNoise(x, context)
    for (index, layer) in layers.enumerated() {
      h = layer(h)
      h = leakyReLU(normalizations.isEmpty ? h : normalizations[index](h, context))
    }
    let rows = dense(h.reshaped([-1, h.size(1) * h.size(2) * h.size(3)]))
    return judged(leakyReLU(denseNormalization?(rows, context) ?? rows), minibatch, output, context)
  }
}

extension ImageNetDiscriminator {
  /// What a recipe says of it, as `discriminator.network: imagenet`.
  public struct Settings: DiscriminatorSettings {
    public static let kind = "imagenet"
    public static let keys: [SettingsKey] = [.width, .normalization(Normalization.self), .inputNoise]
    public static let layout = ExampleLayout.images

    /// Channels after the first layer.
    public var width: Int
    /// What each layer but the last is normalised by.
    public var normalization: Normalization
    /// Standard deviation of the noise while training.
    public var inputNoise: Double

    public init() { self.init(width: 64) }

    /// - Parameters:
    ///   - width: channels after the first layer.
    ///   - inputNoise: standard deviation, while training.
    public init(width: Int, normalization: Normalization = .batch, inputNoise: Double = 0.1) {
      self.width = width
      self.normalization = normalization
      self.inputNoise = inputNoise
    }

    public var looksAtBatch: Bool { normalization == .batch }
    public var summary: String { "the published one for ImageNet, width \(width)" }

    public var noiseSummary: String? { inputNoise > 0 ? "\(inputNoise) on the input" : nil }

    public var assignmentForNoise: String? { inputNoise > 0 ? nil : "inputNoise=0.1" }

    public func validate(_ check: SettingsCheck) throws {
      try check.size("width", width, atMost: 10_000)
      try check.number("inputNoise", inputNoise, atLeast: 0)
    }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      let size = try check.squareSide(example, for: Self.kind)
      guard ImageNetDiscriminator.allows(size: size) else {
        try check.fail(
          "network", "\(Self.kind) takes images whose sides are multiples of 32; these have \(size) x \(size) pixels")
      }
    }

    public func make(_ task: DiscriminatorTask) -> any Discriminator {
      ImageNetDiscriminator(
        size: task.example.dimensions[1], channels: task.example.dimensions[0], outputs: task.outputs, width: width,
        inputNoise: inputNoise, normalization: normalization, minibatch: task.minibatch)
    }
  }
}
