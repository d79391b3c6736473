import GAN
import Settings

/// A technique, or a pair of them, as a change to a recipe that has none.
public enum ComparedTechnique: String, CaseIterable, Sendable, Codable {
  case plain
  case featureMatching = "feature-matching"
  case minibatchDiscrimination = "minibatch-discrimination"
  case both
  case historicalAveraging = "historical-averaging"
  case labelSmoothing = "label-smoothing"
  case virtualBatchNorm = "virtual-batch-norm"

  public var title: String {
    switch self {
    case .plain: "Plain"
    case .featureMatching: "Feature matching"
    case .minibatchDiscrimination: "Minibatch discrimination"
    case .both: "Both (features, minibatch)"
    case .historicalAveraging: "Historical averaging"
    case .labelSmoothing: "One-sided label smoothing"
    case .virtualBatchNorm: "Virtual batch normalisation"
    }
  }

  /// What it changes, in the words of a recipe.
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
    }
  }
}
