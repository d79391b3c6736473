import Foundation

/// The terminal that standard error may be.
enum Terminal {
  /// Whether a line can be taken back and drawn anew: not in a file, and not where `TERM` says that it cannot, as
  /// editors do that run commands.
  static let drawsOver: Bool = {
    guard isatty(STDERR_FILENO) == 1 else { return false }
    let kind = ProcessInfo.processInfo.environment["TERM"] ?? ""
    return !kind.isEmpty && kind != "dumb"
  }()

  /// Columns, as they are now: a window changes its size while a run goes on. 80 where nobody knows.
  static var columns: Int {
    var size = winsize()
    if ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    return ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? 80
  }

  /// Columns that `text` takes, or more: letters that some terminals draw twice as wide as others are counted twice.
  static func width(_ text: String) -> Int {
    text.reduce(0) { sum, character in
      let scalar = character.unicodeScalars.first!.value
      // East Asian letters and pictures begin at U+1100; between them lie signs and the blocks of a bar.
      return sum + (scalar < 0x1100 || (0x2000..<0x2600).contains(scalar) ? 1 : 2)
    }
  }
}
