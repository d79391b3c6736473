/// Watches a run's measurements as they come and says, once each, which signs of a game that falls apart have stayed
/// for so long that waiting will hardly help. They are hints: a verdict takes fresh samples (see ``Diagnosis``).
public struct SignWatch {
  private struct State {
    var since: Int?
    var lines = 0
    var isTold = false
  }

  private var states = [Sign: State]()
  private var largestGradient = 0.0
  private let modes: Int?
  /// A sign has to hold for so many measurements in a row: a fifth of the run's is not too long to wait for a game that
  /// finds its feet.
  public let patience: Int

  /// - Parameter steps: of the whole run.
  public init(_ recipe: Recipe, steps: Int) {
    patience = max(Diagnosis.Limits.persistence, steps / recipe.output.measurementInterval / 5)
    modes = recipe.data.points?.mixture?.modes.count
  }

  /// A sign that has been told of and is still there.
  public struct Standing: Sendable, Hashable {
    /// What it says: a clause.
    public let text: String
    /// What of ``Diagnosis`` it points to.
    public let condition: Diagnosis.Condition
    /// The step since which it is there.
    public let since: Int
  }

  /// All such signs, as of the last line.
  public var standing: [Standing] {
    Sign.allCases.compactMap { sign in
      guard let state = states[sign], state.isTold, let text = sign.warning, let since = state.since else { return nil }
      return Standing(text: text, condition: sign.condition, since: since)
    }
  }

  /// What to say after `line`; a sign that goes away may be told of again.
  public mutating func warnings(after line: RunFolder.Measurement) -> [String] {
    largestGradient = max(largestGradient, line.generatorGradient ?? 0)
    return Sign.allCases.compactMap { sign in
      guard let warning = sign.warning, sign.holds(line, modes: modes, largestGradient: largestGradient) else {
        states[sign] = nil
        return nil
      }
      var state = states[sign] ?? State()
      state.since = state.since ?? line.step
      state.lines += 1
      defer { states[sign] = state }
      guard state.lines >= patience, !state.isTold else { return nil }
      state.isTold = true
      return "step \(line.step): \(warning), since step \(state.since!)"
    }
  }
}
