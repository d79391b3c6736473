/// What a line of measurements can show of a game that falls apart.
enum Sign: CaseIterable {
  case sameness, missedData, missedModes, offData, discriminatorWins, vanishingGradient

  /// Whether `line` shows it.
  ///
  /// - Parameters:
  ///   - modes: of the data, where they are a mixture.
  ///   - largestGradient: of G, in any line up to now.
  func holds(_ line: RunFolder.Measurement, modes: Int?, largestGradient: Double) -> Bool {
    typealias Limits = Diagnosis.Limits
    guard !line.generatorRests else { return false }
    return switch self {
    case .sameness:
      (line.featureSpread ?? 1) < Limits.spread || (line.nearDuplicates ?? 0) > Limits.duplicates
    case .missedData: (line.coverage ?? 1) < Limits.coverage
    case .missedModes: modes.map { (line.modes ?? $0) < $0 } ?? false
    case .offData: (line.precision ?? 1) < Limits.precision
    case .discriminatorWins: (line.accuracy ?? 0) > Limits.accuracy
    case .vanishingGradient: (line.generatorGradient ?? .infinity) < Limits.gradient * largestGradient
    }
  }

  /// What it is a sign of.
  var condition: Diagnosis.Condition {
    switch self {
    case .sameness: .collapsed
    case .missedData, .missedModes: .lostModes
    case .offData: .offData
    case .discriminatorWins: .discriminatorWins
    case .vanishingGradient: .vanishingGradient
    }
  }

  /// What to say of it while a run goes on; nil for what one batch does not show well enough.
  var warning: String? {
    switch self {
    case .sameness: "samples are nearly all the same, to D at least"
    case .missedData: "samples miss most of the data"
    case .discriminatorWins: "D is right about nearly all examples"
    case .vanishingGradient: "G's gradients have all but vanished"
    case .missedModes, .offData: nil
    }
  }
}
