import Datasets
import GAN
import Settings

/// A key whose value a recipe leaves to the software, which chooses it by the data when training begins.
///
/// A recipe lists such keys under `automatic`; whoever sets one of them takes it off the list.
public enum AutomaticKey: String, Codable, Sendable, CaseIterable {
  /// Height and width of the pictures.
  case size = "data.size"
  /// How what D sees is augmented.
  case augmentation = "augmentation.policies"
  /// Pictures of a batch. Before the length, which is counted in batches.
  case batch = "batchSize"
  /// Length of the run.
  case length = "duration.count"
}

/// What is known of pictures before they are opened.
public struct PictureSurvey: Sendable, Hashable {
  /// Pictures that can be used.
  public let count: Int
  /// The median over the pictures of the shorter side, in pixels.
  public let shorterSide: Int

  /// - Parameter shorterSide: the median over the pictures, in pixels.
  public init(count: Int, shorterSide: Int) {
    self.count = count
    self.shorterSide = shorterSide
  }

  /// - Precondition: there is a picture.
  public init(_ scan: PictureScan) {
    let sides = scan.pictures.map { min($0.width, $0.height) }.sorted()
    self.init(count: sides.count, shorterSide: sides[sides.count / 2])
  }
}

extension Recipe {
  /// This recipe with values for its automatic keys, and what they are and why, a line for each that is chosen.
  ///
  /// - Throws: ``RecipeError`` where a key does not go with the recipe's data.
  public func choosing(for survey: PictureSurvey) throws -> (recipe: Recipe, reasons: [String]) {
    var (recipe, reasons) = (self, [String]())
    for key in automatic {
      guard let (value, reason) = recipe.choice(of: key, for: survey) else { continue }
      recipe = try recipe.setting("\(key.rawValue)=\(value)")
      reasons.append("\(key.rawValue): \(value), \(reason)")
    }
    recipe.automatic = []
    return (recipe, reasons)
  }

  /// As YAML, and why; nil where the recipe's own value stands.
  private func choice(of key: AutomaticKey, for survey: PictureSurvey) -> (value: String, reason: String)? {
    let pictures = "\(survey.count) \(survey.count == 1 ? "picture" : "pictures")"
    switch key {
    case .size:
      return survey.shorterSide < 64
        ? ("32", "since the shorter side of most is \(survey.shorterSide) pixels")
        : ("64", "which two cores can train; data.size=128 takes four times as long")
    case .augmentation:
      // Zhao et al. 2020 find gains at all sizes up to CIFAR-10's 50 000; with hundreds of pictures there is no game
      // without.
      return survey.count < 20_000
        ? ("[color, translation, cutout]", "since a D that sees \(pictures) unchanged soon knows them by heart")
        : ("[]", "since \(pictures) are enough")
    case .batch:
      return survey.count < batchSize ? ("\(survey.count)", "since there are no more pictures") : nil
    case .length:
      // As often as 400 times for few, and 20 times for many; at least 128 000 and at most 2 million pictures.
      let shown = min(2_000_000, max(128_000, min(400 * survey.count, 20 * survey.count + 200_000)))
      return (
        "\(shown / batchSize)", "in which D sees \(shown) pictures, each about \(shown / max(1, survey.count)) times"
      )
    }
  }
}
