import Foundation

/// How far a count has got, how fast it goes and how long it will take: one line on a terminal that is drawn over, or a
/// line now and then where standard error is no terminal.
struct ProgressBar {
  private let title: String
  private let total: Int
  private let unit: String
  private let isTerminal = isatty(STDERR_FILENO) == 1
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
    let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(15)
    if let lastDrawn, now - lastDrawn < interval { return }
    guard lastDrawn != nil || isTerminal else {
      lastDrawn = now
      return
    }
    lastDrawn = now
    write(done, share, note)
  }

  /// Takes the line off a terminal, for other output in its place.
  func clear() {
    if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
  }

  /// Leaves the final state on the screen.
  func finish(_ done: Int, note: String = "") {
    write(done, nil, note)
    if isTerminal { FileHandle.standardError.write(Data("\n".utf8)) }
  }

  private func write(_ done: Int, _ share: Double?, _ note: String) {
    let seconds = max(1e-9, (ContinuousClock.now - start) / .seconds(1))
    let rate = Double(done - first) / seconds
    let share = min(1, share ?? Double(done) / Double(total))
    let shareBefore = min(share, Double(first) / Double(total))
    let left = share > shareBefore ? seconds * (1 - share) / (share - shareBefore) : .infinity
    let cells = Int(share * 24)
    let bar = String(repeating: "█", count: cells) + String(repeating: "░", count: 24 - cells)
    let time = share >= 1 ? "in \(Self.clock(seconds))" : "\(Self.clock(left)) left"
    let line =
      "\(title)  \(bar) \(Int(share * 100))%  \(Self.short(rate)) \(unit)/s  \(time)\(note.isEmpty ? "" : "  \(note)")"
    FileHandle.standardError.write(Data((isTerminal ? "\r\u{1B}[2K\(line)" : "\(line)\n").utf8))
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

/// Prints a line at once: into a file, `print` waits for a full buffer, which a killed process never writes.
func printNow(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
