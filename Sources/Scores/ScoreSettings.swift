import Metrics

/// Everything that scores depend on beside the pictures and the network.
public struct ScoreSettings: Sendable, Hashable, Codable {
  /// Of the covariance.
  public var divisor = FeatureStatistics.Divisor.unbiased
  public var kernelSubsets = 100
  /// Pictures in a subset; fewer where a side has fewer.
  public var kernelSubsetSize = 1_000
  /// Of the draws of subsets, and of the order in which the Inception score takes the pictures.
  public var seed: UInt32 = 2_020
  public var neighbours = PrecisionRecall.Neighbours()
  /// Of the Inception score.
  public var splits = 10
  /// Whether the Inception score's classes are told with the bias of the last layer.
  public var outputBias = false
  /// Whether intervals are computed.
  public var intervals = true

  public init() {}
}

/// Whose numbers scores are to be.
public enum ScoreConvention: String, Sendable, Codable, CaseIterable {
  case torchFidelity = "torch-fidelity"
  case pytorchFID = "pytorch-fid"
  /// clean-fid's mode `clean`, its default.
  case clean
  case legacyPyTorch = "legacy_pytorch"
  case legacyTensorFlow = "legacy_tensorflow"
  case stylegan3
  case prdc

  /// How FID's Inception network sees pictures.
  public var resizing: PictureResizing {
    switch self {
    case .torchFidelity, .legacyTensorFlow, .stylegan3, .prdc: .tensorFlow1
    case .pytorchFID, .legacyPyTorch: .pyTorch
    case .clean: .clean
    }
  }

  public var scaling: InceptionNetwork.Reading {
    switch self {
    case .pytorchFID, .legacyPyTorch: .symmetric
    default: .byHalf
    }
  }

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
