/// Watches a run's measurements as they come and says, once each, which signs of a game that falls apart have stayed for so
/// long that waiting will hardly help. They are hints: a verdict takes fresh samples (see ``Diagnosis``).
public struct SignWatch {
  private struct Sign {
    let sentence: String
    let holds: (RunFolder.Measurement) -> Bool
    var since: Int?
    var lines = 0
    var isTold = false
  }

  private var signs: [Sign]
  /// A sign has to hold for so many measurements in a row.
  private let patience: Int

  /// - Parameter steps: of the whole run: a fifth of it is not too long to wait for a game that finds its feet.
  public init(_ recipe: Recipe, steps: Int) {
    patience = max(Diagnosis.Limits.persistence, steps / recipe.output.measurementInterval / 5)
    typealias Limits = Diagnosis.Limits
    signs = [
      Sign(sentence: "samples are nearly all the same, to D at least") {
        ($0.featureSpread ?? 1) < Limits.spread || ($0.nearDuplicates ?? 0) > Limits.duplicates
      },
      Sign(sentence: "samples miss most of the data") { ($0.coverage ?? 1) < Limits.coverage },
      Sign(sentence: "D is right about nearly all examples") { ($0.accuracy ?? 0) > Limits.accuracy },
      Sign(sentence: "G's gradients have vanished") { $0.generatorGradient == 0 },
    ]
  }

  /// What to say after `line`; a sign that goes away may be told of again.
  public mutating func warnings(after line: RunFolder.Measurement) -> [String] {
    signs.indices.compactMap { index in
      guard signs[index].holds(line) else {
        (signs[index].since, signs[index].lines, signs[index].isTold) = (nil, 0, false)
        return nil
      }
      signs[index].since = signs[index].since ?? line.step
      signs[index].lines += 1
      guard signs[index].lines >= patience, !signs[index].isTold else { return nil }
      signs[index].isTold = true
      return "step \(line.step): \(signs[index].sentence), since step \(signs[index].since!)"
    }
  }
}
