import Settings

/// N(0, 1), as `data.source: normal`.
public struct NormalSource: PointSource {
  public static let kind = "normal"
  public static let keys: [SettingsKey] = []
  public init() {}
  public var title: String { "N(0, 1)" }
  public var dimensions: Int { 1 }
  public var density: Density? { Density(known: [.init(mean: 0, standardDeviation: 1)]) }
}

/// Half N(-2, 0.5), half N(2, 0.5), as `data.source: two-humped`.
public struct TwoHumpedSource: PointSource {
  public static let kind = "two-humped"
  public static let keys: [SettingsKey] = []
  public init() {}
  public var title: String { "half N(−2, 0.5), half N(2, 0.5)" }
  public var dimensions: Int { 1 }
  public var density: Density? {
    Density(known: [
      .init(weight: 0.5, mean: -2, standardDeviation: 0.5), .init(weight: 0.5, mean: 2, standardDeviation: 0.5),
    ])
  }
}

/// N(4, 0.5), as `data.source: far-normal`.
public struct FarNormalSource: PointSource {
  public static let kind = "far-normal"
  public static let keys: [SettingsKey] = []
  public init() {}
  public var title: String { "N(4, 0.5)" }
  public var dimensions: Int { 1 }
  public var density: Density? { Density(known: [.init(mean: 4, standardDeviation: 0.5)]) }
}

/// Eight narrow Gaussians on a circle, as `data.source: ring`.
public struct RingSource: PointSource {
  public static let kind = "ring"
  public static let keys: [SettingsKey] = []
  public init() {}
  public var title: String { "A ring of 8 Gaussians" }
  public var dimensions: Int { 2 }
  public var mixture: GaussianMixture? { try? .ring() }
}

/// 5 x 5 narrow Gaussians, as `data.source: grid`.
public struct GridSource: PointSource {
  public static let kind = "grid"
  public static let keys: [SettingsKey] = []
  public init() {}
  public var title: String { "A 5 × 5 grid of Gaussians" }
  public var dimensions: Int { 2 }
  public var mixture: GaussianMixture? { try? .grid() }
}
