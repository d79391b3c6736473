import Settings

/// What a recipe says of its objective: one type per objective, in that objective's file, and one line in
/// ``ObjectiveFamily``.
public protocol ObjectiveSettings: Choice {
  /// Whether D tells classes apart, and has a logit for each.
  static var tellsClasses: Bool { get }
  /// What D's probability of a real example is to be (see ``Objective/probability(_:)``).
  var realTarget: Double { get }
  /// With one-sided label smoothing; nil where the objective has no target to smooth.
  func smoothed(to realTarget: Double) -> Self?
  /// - Throws: `SettingsError`.
  func validate(_ check: SettingsCheck) throws
  /// - Precondition: the settings are valid.
  func make() -> any Objective
}

extension ObjectiveSettings {
  public static var tellsClasses: Bool { false }
  public var realTarget: Double { 1 }
  public func smoothed(to realTarget: Double) -> Self? { nil }
  public func validate(_ check: SettingsCheck) throws {}
}

/// Keys that several objectives have, each with one meaning.
extension SettingsKey {
  static let realTarget = SettingsKey(
    "realTarget", "what D is to say of real examples: below 1 is one-sided label smoothing")
  static let generatorLoss = SettingsKey(
    "generatorLoss", "what G's loss is made of: non-saturating gives a gradient also where D is sure",
    of: Logistic.GeneratorLoss.self)
}

/// The objectives that a recipe can name, under `objective.kind`.
public enum ObjectiveFamily: ChoiceFamily {
  public typealias Member = any ObjectiveSettings
  public static let tag = "kind"
  /// A target for real examples means the same in all that have one.
  public static let keepsSharedKeys = true
  public static let kinds: [any Choice.Type] = [
    Logistic.Settings.self,
    SemiSupervised.Settings.self,
    LeastSquares.Settings.self,
    Hinge.Settings.self,
    Relativistic.Settings.self,
    Wasserstein.Settings.self,
  ]
}
