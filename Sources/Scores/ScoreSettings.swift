import Metrics

/// Everything that scores depend on beside the pictures and the network.
public struct ScoreSettings: Sendable, Hashable, Codable {
  /// Of the covariance.
  public var divisor = FeatureStatistics.Divisor.unbiased
  /// Pairs of subsets that KID is the mean over.
  public var kernelSubsets = 100
  /// Pictures in a subset; fewer where a side has fewer.
  public var kernelSubsetSize = 1_000
  /// Of the draws of subsets, and of the order in which the Inception score takes the pictures.
  public var seed: UInt32 = 2_020
  /// The k of precision, recall, density and coverage.
  public var neighbours = PrecisionRecall.Neighbours()
  /// Of the Inception score.
  public var splits = 10
  /// Whether the Inception score's classes are told with the bias of the last layer.
  public var outputBias = false
  /// Whether intervals are computed.
  public var intervals = true

  /// Every setting as it is unless stated otherwise: see the properties.
  public init() {}
}

/// Whose numbers scores are to be.
public enum ScoreConvention: String, Sendable, Codable, CaseIterable {
  /// The default: TensorFlow 1's resizing and (x - 128) / 128.
  case torchFidelity = "torch-fidelity"
  /// PyTorch's resizing and 2 x / 255 - 1.
  case pytorchFID = "pytorch-fid"
  /// clean-fid's mode `clean`, its default.
  case clean
  /// clean-fid's mode `legacy_pytorch`: what pytorch-fid does.
  case legacyPyTorch = "legacy_pytorch"
  /// clean-fid's mode `legacy_tensorflow`: TensorFlow 1's resizing.
  case legacyTensorFlow = "legacy_tensorflow"
  /// As torch-fidelity, with covariances divided by N.
  case stylegan3
  /// As torch-fidelity, with k = 5 throughout and balls without their surface.
  case prdc

  /// How FID's Inception network sees pictures.
  public var resizing: PictureResizing {
    switch self {
    case .torchFidelity, .legacyTensorFlow, .stylegan3, .prdc: .tensorFlow1
    case .pytorchFID, .legacyPyTorch: .pyTorch
    case .clean: .clean
    }
  }

  /// How FID's Inception network makes its inputs of bytes.
  public var scaling: InceptionNetwork.Reading {
    switch self {
    case .pytorchFID, .legacyPyTorch: .symmetric
    default: .byHalf
    }
  }

  /// What scores are computed with.
  public var settings: ScoreSettings {
    var settings = ScoreSettings()
    switch self {
    case .stylegan3: settings.divisor = .count
    case .prdc: settings.neighbours = .init(precisionRecall: 5, densityCoverage: 5, isStrict: true)
    default: break
    }
    return settings
  }
}
