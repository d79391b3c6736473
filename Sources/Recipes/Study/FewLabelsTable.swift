/// A table of test errors with few labels: what it is of, and the figures that were published, where any were.
///
/// Each is a type of its own in a file under `Tables`, listed in ``FewLabelsTables``.
public protocol FewLabelsTable: Sendable {
  /// The command: `gan reproduce NAME`. That of the data as well, as a recipe calls it (`data.source`).
  static var name: String { get }
  /// Of the page.
  static var title: String { get }
  /// Where the figures stand; what the command's help says it trains.
  static var origin: String { get }
  /// What the images are called, in the plural.
  static var images: String { get }
  /// A built-in recipe that is trained if nobody says another.
  static var recipe: String { get }
  /// Numbers of labels, one row each, if nobody says others.
  static var labelCounts: [Int] { get }
  /// What the published figures count.
  static var unit: TestErrorUnit { get }
  /// How long the published runs were, in epochs; nil where nothing was published.
  static var publishedEpochs: Int? { get }
  /// One network, by the number of labels.
  static var oneNetwork: [Int: PublishedFigure] { get }
  /// Ten networks together, by the number of labels.
  static var ensemble: [Int: PublishedFigure] { get }
}

/// The tables that `gan reproduce` knows.
public enum FewLabelsTables {
  /// In the order of the help text.
  public static let all: [any FewLabelsTable.Type] = [
    MNISTTable.self, CIFAR10Table.self, SVHNTable.self, FashionMNISTTable.self,
  ]
}

/// What a table of test errors counts.
public enum TestErrorUnit: Sendable {
  /// Test examples that are told wrongly.
  case errors
  /// The same as a share of all test examples, in percent.
  case percent

  /// So many errors in this unit.
  ///
  /// - Parameter count: the number of test examples.
  public func value(_ errors: Double, of count: Int) -> Double {
    switch self {
    case .errors: errors
    case .percent: 100 * errors / Double(max(1, count))
    }
  }
}

/// A published figure: a mean over draws of labels, and the standard deviation.
public struct PublishedFigure: Sendable, Hashable {
  /// In the table's unit.
  public let mean: Double
  /// In the table's unit.
  public let deviation: Double

  init(_ mean: Double, _ deviation: Double) {
    self.mean = mean
    self.deviation = deviation
  }
}
