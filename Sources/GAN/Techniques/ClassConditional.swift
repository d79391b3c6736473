import Settings

/// A game of classes (Mirza and Osindero 2014, *Conditional Generative Adversarial Nets*): G is told the class that it
/// is to make, D the class of what it judges. How a network takes it in is its own affair: see ``ClassConditioning``
/// for the generators of this package and `ProjectionHead` for the discriminators.
public enum ClassConditional {
  /// What a recipe says of it, under `classConditional`.
  public struct Settings: TechniqueSettings {
    public static let key = "classConditional"
    public static let keys: [SettingsKey] = [SettingsKey("enabled", "G and D are told the class of each example")]

    /// Whether the players are told classes.
    public var enabled: Bool

    public init() { self.init(enabled: false) }

    /// - Parameter enabled: whether the players are told classes.
    public init(enabled: Bool) { self.enabled = enabled }

    public var isOn: Bool { enabled }
    public var tellsPlayersClasses: Bool { enabled }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      guard enabled else { return }
      if !game.hasImages { try check.fail("enabled", "must be false: points have no classes") }
      if game.tellsClasses {
        try check.fail("enabled", "must be false where D tells classes apart: it must not be told them")
      }
      if !game.takeClasses {
        try check.fail("enabled", "needs networks that take classes in, such as dcgan and r3gan, for both players")
      }
    }
  }
}
