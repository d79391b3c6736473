/// A number that lines of measurements have, as other programs are told of it.
public struct MeasuredQuantity: Sendable {
  /// Its key in `measurements.jsonl`; of a score behind `scores.`.
  public let key: String
  /// Its name in programs that group by what stands before a slash.
  public let tag: String
  /// Nil where a line does not have it.
  public let value: @Sendable (RunFolder.Measurement) -> Double?

  private init(_ key: String, _ tag: String, _ value: @escaping @Sendable (RunFolder.Measurement) -> Double?) {
    (self.key, self.tag, self.value) = (key, tag, value)
  }

  /// All that may be there, in the order in which they are shown, but for steps and scores.
  public static let all: [MeasuredQuantity] = [
    MeasuredQuantity("seconds", "progress/seconds") { $0.seconds },
    MeasuredQuantity("discriminatorLoss", "loss/discriminator") { $0.discriminatorLoss },
    MeasuredQuantity("generatorLoss", "loss/generator") { $0.generatorLoss },
    MeasuredQuantity("labelledLoss", "loss/labelled") { $0.labelledLoss },
    MeasuredQuantity("unlabelledLoss", "loss/unlabelled") { $0.unlabelledLoss },
    MeasuredQuantity("probabilityOfReal", "discriminator/of real") { $0.probabilityOfReal },
    MeasuredQuantity("probabilityOfGenerated", "discriminator/of generated") { $0.probabilityOfGenerated },
    MeasuredQuantity("accuracy", "discriminator/accuracy") { $0.accuracy },
    MeasuredQuantity("featureSpread", "samples/spread to D") { $0.featureSpread },
    MeasuredQuantity("nearDuplicates", "samples/near-duplicates") { $0.nearDuplicates },
    MeasuredQuantity("precision", "samples/precision") { $0.precision },
    MeasuredQuantity("recall", "samples/recall") { $0.recall },
    MeasuredQuantity("density", "samples/density") { $0.density },
    MeasuredQuantity("coverage", "samples/coverage") { $0.coverage },
    MeasuredQuantity("modes", "samples/modes found") { $0.modes.map(Double.init) },
    MeasuredQuantity("discriminatorGradient", "gradient/discriminator") { $0.discriminatorGradient },
    MeasuredQuantity("generatorGradient", "gradient/generator") { $0.generatorGradient },
    MeasuredQuantity("testErrors", "test/errors") { $0.testErrors.map(Double.init) },
    MeasuredQuantity("testErrorsOfAverage", "test/errors of averaged weights") {
      $0.testErrorsOfAverage.map(Double.init)
    },
  ]

  /// - Precondition: one of ``all`` has the key.
  public static func named(_ key: String) -> MeasuredQuantity { all.first { $0.key == key }! }

  /// The score that has this name.
  public static func score(_ name: String) -> MeasuredQuantity {
    MeasuredQuantity("scores.\(name)", "score/\(name)") { $0.scores?[name] }
  }

  /// What any of these lines has, scores in alphabetical order behind the others.
  public static func found(in lines: [RunFolder.Measurement]) -> [MeasuredQuantity] {
    let scores = Set(lines.flatMap { $0.scores.map { Array($0.keys) } ?? [] }).sorted()
    return all.filter { quantity in lines.contains { quantity.value($0) != nil } } + scores.map(score)
  }
}
