import Recipes
import Report
import Scores

/// What is drawn of a run's measurements over its steps, on the doctor's page and on the live one.
struct MeasuredChart {
  let title: String
  let caption: String
  /// In plain words.
  let axis: String
  var isLogarithmic = false
  let lines: [(name: String, role: Role, quantity: MeasuredQuantity)]
  /// Where the doctor draws the line, if it does, and on which side of it a run is well.
  var limit: Limit?

  enum Limit {
    case above(Double), below(Double)

    var value: Double {
      switch self {
      case .above(let value), .below(let value): value
      }
    }
  }

  private typealias Limits = Diagnosis.Limits

  private static func line(_ name: String, _ role: Role, _ key: String) -> (
    name: String, role: Role, quantity: MeasuredQuantity
  ) { (name, role, MeasuredQuantity.named(key)) }

  /// A share between 0 and 1.
  private static func share(
    _ title: String, _ caption: String, role: Role = .generated, _ key: String, _ limit: Limit?
  ) -> MeasuredChart {
    MeasuredChart(title: title, caption: caption, axis: "share", lines: [line(title, role, key)], limit: limit)
  }

  static let losses = MeasuredChart(
    title: "Losses", caption: "Means over the steps between two measurements.", axis: "loss",
    lines: [line("D", .discriminator, "discriminatorLoss"), line("G", .generator, "generatorLoss")])
  static let accuracy = share(
    "D's accuracy", "The share of a batch that D is right about: a half where it cannot tell, 1 where it always can.",
    role: .discriminator, "accuracy", .below(Limits.accuracy))
  static let outputs = MeasuredChart(
    title: "What D says", caption: "Mean D(x) of a batch: how real it takes the examples to be. Alike is well.",
    axis: "D(x)",
    lines: [
      line("of real ones", .data, "probabilityOfReal"), line("of generated ones", .generated, "probabilityOfGenerated"),
    ])
  static let spread = share(
    "Spread to D", "How widely D's features of samples are spread, as a share of those of real examples: 1 is right.",
    "featureSpread", .above(Limits.spread))
  static let duplicates = share(
    "Near-duplicates", "Samples with another one closer than a tenth of what is usual in the data.", "nearDuplicates",
    .below(Limits.duplicates))
  static let coverage = share(
    "Coverage",
    "The share of real examples in a batch that have a sample as near as their fifth nearest real neighbour.",
    "coverage", .above(Limits.coverage))
  static let precision = share(
    "Precision", "The share of samples in a batch that are within the ball of any real example.", "precision",
    .above(Limits.precision))
  static let recall = share(
    "Recall", "The share of real examples in a batch that are within the ball of any sample.", "recall", nil)
  static let density = share(
    "Density", "In how many balls of real examples a sample is, of five that are expected; 1 is right.", "density", nil)
  static let modes = MeasuredChart(
    title: "Modes found", caption: "By the samples of one batch: a few may be missed by chance.", axis: "modes",
    lines: [line("modes", .generated, "modes")])
  static let gradients = MeasuredChart(
    title: "Gradients", caption: "Root mean square over all parameters.", axis: "gradient", isLogarithmic: true,
    lines: [line("D", .discriminator, "discriminatorGradient"), line("G", .generator, "generatorGradient")])
  static let testErrors = MeasuredChart(
    title: "Test errors", caption: "Of the classifier, on the test set.", axis: "errors", isLogarithmic: true,
    lines: [line("raw weights", .series(0), "testErrors"), line("averaged", .series(1), "testErrorsOfAverage")])

  static func score(_ name: String) -> MeasuredChart {
    let metric = PictureMetrics.named(name)
    let better = metric.map { $0.moreIsBetter ? " More is better." : " Less is better." } ?? ""
    return MeasuredChart(
      title: metric?.title ?? name, caption: "Of samples, as `gan train --score` took it.\(better)", axis: name,
      lines: [(name, .generated, MeasuredQuantity.score(name))])
  }

  /// The chart of one run.
  ///
  /// - Parameter values: the steps at which it was measured, and what was.
  func chart(_ values: (MeasuredQuantity) -> (x: [Double], y: [Double])) -> Chart {
    Chart(
      title: title, caption: caption, x: "step", y: Axis(axis, isLogarithmic: isLogarithmic),
      traces: lines.map { line in
        let (x, y) = values(line.quantity)
        return .line(line.name, line.role, x: x, y: y)
      })
  }
}
