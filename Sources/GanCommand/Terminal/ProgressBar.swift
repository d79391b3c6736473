import Foundation

/// How far a count has got, how fast it goes and how long it will take: one line on a terminal that is drawn over, or a
/// line now and then where standard error is no terminal, or one that cannot draw over a line.
struct ProgressBar {
  private let title: String
  private let total: Int
  private let unit: String
  private let drawsOver = Terminal.drawsOver
  private let start = ContinuousClock.now
  private var lastDrawn: ContinuousClock.Instant?
  /// How many were done before the start; they do not count towards the rate.
  var first: Int

  /// - Parameters:
  ///   - unit: what is counted, such as "steps".
  init(_ title: String, total: Int, unit: String, first: Int = 0) {
    self.title = title
    self.total = max(1, total)
    self.unit = unit
    self.first = first
  }

  /// Shows that `done` of the total are done, if it is time to draw again.
  ///
  /// - Parameter share: of the work, where not every unit takes as long; `done` of the total by default.
  mutating func update(_ done: Int, share: Double? = nil, note: String = "") {
    let now = ContinuousClock.now
    let interval: Duration = drawsOver ? .milliseconds(100) : .seconds(15)
    if let lastDrawn, now - lastDrawn < interval { return }
    guard lastDrawn != nil || drawsOver else {
      lastDrawn = now
      return
    }
    lastDrawn = now
    write(done, share, note)
  }

  /// Takes the line off a terminal, for other output in its place.
  func clear() { if drawsOver { Output.draw(Self.takeBack) } }

  /// Leaves the final state on the screen.
  func finish(_ done: Int, note: String = "") {
    write(done, nil, note)
    if drawsOver { Output.draw("\n") }
  }

  /// To the beginning of the line, which is emptied.
  private static let takeBack = "\r\u{1B}[2K"

  private func write(_ done: Int, _ share: Double?, _ note: String) {
    let seconds = max(1e-9, (ContinuousClock.now - start) / .seconds(1))
    let rate = Double(done - first) / seconds
    let share = min(1, share ?? Double(done) / Double(total))
    let shareBefore = min(share, Double(first) / Double(total))
    let left = share > shareBefore ? seconds * (1 - share) / (share - shareBefore) : .infinity
    let line = Line(
      title: title, share: share, rate: "\(Self.short(rate)) \(unit)/s",
      time: share >= 1 ? "in \(Self.clock(seconds))" : "\(Self.clock(left)) left", note: note)
    // A line that is wrapped could not be taken back, and the last column wraps on some terminals.
    if drawsOver {
      Output.draw(Self.takeBack + line.text(columns: Terminal.columns - 1))
    } else {
      Output.say(line.text(columns: .max))
    }
  }

  /// The parts of a progress line.
  struct Line {
    let title: String
    let share: Double
    let rate: String
    let time: String
    let note: String

    /// As much of it as `columns` hold: the note goes first, then the rate and the bar, at last the end of the title.
    func text(columns: Int) -> String {
      let percent = "\(Int(share * 100))%"
      func bar(_ cells: Int) -> String {
        let full = Int(share * Double(cells))
        return String(repeating: "█", count: full) + String(repeating: "░", count: cells - full) + " "
      }
      let forms = [
        "  \(bar(24))\(percent)  \(rate)  \(time)\(note.isEmpty ? "" : "  \(note)")",
        "  \(bar(24))\(percent)  \(rate)  \(time)", "  \(bar(10))\(percent)  \(rate)  \(time)",
        "  \(percent)  \(rate)  \(time)", "  \(percent)  \(time)", "  \(percent)",
      ]
      if let form = forms.first(where: { Terminal.width(title + $0) <= columns }) { return title + form }
      // The end of a narrow terminal: with the two that say most.
      let form = forms.suffix(2).first { Terminal.width($0) + 8 <= columns } ?? forms.last!
      var start = title
      while !start.isEmpty, Terminal.width(start) + 1 + Terminal.width(form) > columns { start.removeLast() }
      return start + (start.isEmpty ? "" : "…") + (columns >= 6 ? form : "")
    }
  }

  static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e7 else { return "--:--" }
    let whole = Int(seconds.rounded())
    let minutes = String(format: "%02d:%02d", whole / 60 % 60, whole % 60)
    return whole < 3600 ? minutes : "\(whole / 3600):\(minutes)"
  }

  static func short(_ rate: Double) -> String {
    switch rate {
    case 1e6...: String(format: "%.1fM", rate / 1e6)
    case 1e4...: String(format: "%.1fk", rate / 1e3)
    case 100...: String(format: "%.0f", rate)
    default: String(format: "%.1f", rate)
    }
  }
}
