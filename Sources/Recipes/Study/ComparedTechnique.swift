import GAN
import Settings

/// A technique, or a pair of them, as a change to a recipe that has none.
public enum ComparedTechnique: String, CaseIterable, Sendable, Codable {
  /// The recipe without any technique that is compared.
  case plain
  /// In the place of the objective's loss of G.
  case featureMatching = "feature-matching"
  /// The layer before D's logits.
  case minibatchDiscrimination = "minibatch-discrimination"
  /// Feature matching and minibatch discrimination.
  case both
  /// The penalty on both players' distance from their own past.
  case historicalAveraging = "historical-averaging"
  /// One-sided, to 0.9.
  case labelSmoothing = "label-smoothing"
  /// In G, in the place of batch norm where there is such.
  case virtualBatchNorm = "virtual-batch-norm"
  /// DiffAugment in both players' steps, with all its policies; of images.
  case diffAugment = "diff-augment"
  /// Every second real image mirrored; of images.
  case mirroring
  /// R1 with gamma 1; of images, as the others are looked at in the tutorial's game.
  case gradientPenalty = "gradient-penalty"

  /// Those that games on points, or on images, are compared by where none are named.
  public static func usual(hasImages: Bool) -> [ComparedTechnique] {
    allCases.filter { hasImages || !$0.isOfImages }
  }

  /// Whether it is for images alone.
  public var isOfImages: Bool { [.diffAugment, .mirroring, .gradientPenalty].contains(self) }

  /// As tables have it.
  public var title: String {
    switch self {
    case .plain: "Plain"
    case .featureMatching: "Feature matching"
    case .minibatchDiscrimination: "Minibatch discrimination"
    case .both: "Both (features, minibatch)"
    case .historicalAveraging: "Historical averaging"
    case .labelSmoothing: "One-sided label smoothing"
    case .virtualBatchNorm: "Virtual batch normalisation"
    case .diffAugment: "DiffAugment"
    case .mirroring: "Mirrored images"
    case .gradientPenalty: "Gradient penalty (R1)"
    }
  }

  /// What it changes, in the words of a recipe. A recipe that cannot have it stays as it is, or fails its validation.
  public func apply(to recipe: inout Recipe) {
    switch self {
    case .plain: break
    case .featureMatching: recipe.techniques[FeatureMatching.Settings.self].role = .replaces
    case .minibatchDiscrimination: recipe.techniques[MinibatchDiscrimination.Settings.self].enabled = true
    case .both:
      recipe.techniques[FeatureMatching.Settings.self].role = .joins
      recipe.techniques[MinibatchDiscrimination.Settings.self].enabled = true
    case .historicalAveraging:
      recipe.techniques[HistoricalAveraging.Settings.self] = .init(generator: 0.001, discriminator: 0.001)
    case .labelSmoothing:
      if let smoothed = recipe.objective.settings.smoothed(to: 0.9) { recipe.objective = Chosen(any: smoothed) }
    case .virtualBatchNorm:
      if let normalized = recipe.generator.network.settings.withVirtualBatchNorm() {
        recipe.generator.network = Chosen(any: normalized)
      }
    case .diffAugment: recipe.techniques[DiffAugment.Settings.self].policies = DiffAugment.Policy.allCases
    case .mirroring: recipe.techniques[DataAugmentation.Settings.self].mirrors = true
    case .gradientPenalty: recipe.techniques[GradientPenalty.Settings.self] = .init(real: 1, generated: 0)
    }
  }

  /// Takes from a recipe what the technique would give it, so that the plain game is plain. What networks normalise by
  /// stays.
  public func remove(from recipe: inout Recipe) {
    switch self {
    case .plain, .virtualBatchNorm: break
    case .featureMatching: recipe.techniques[FeatureMatching.Settings.self].role = .none
    case .minibatchDiscrimination: recipe.techniques[MinibatchDiscrimination.Settings.self].enabled = false
    case .both:
      for technique in [Self.featureMatching, .minibatchDiscrimination] { technique.remove(from: &recipe) }
    case .historicalAveraging: recipe.techniques[HistoricalAveraging.Settings.self] = .init()
    case .labelSmoothing:
      if let plain = recipe.objective.settings.smoothed(to: 1) { recipe.objective = Chosen(any: plain) }
    case .diffAugment: recipe.techniques[DiffAugment.Settings.self] = .init()
    case .mirroring: recipe.techniques[DataAugmentation.Settings.self].mirrors = false
    case .gradientPenalty: recipe.techniques[GradientPenalty.Settings.self] = .init()
    }
  }
}
