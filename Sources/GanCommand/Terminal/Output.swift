import Files
import Foundation
import Synchronization

/// All that a command prints. What goes to standard output are results: where they cannot be written, that is an error.
/// What goes to standard error are words about the work: where nobody can take them, the work goes on.
///
/// Neither ends the process: a full disk, a closed pipe or a terminal that is gone is an error code of `write`, with
/// `SIGPIPE` ignored (see `Gan.main`). Nothing is kept in a buffer that a killed process would not write.
enum Output {
  /// Which of several processes this one is, where another speaks for all; -1 where this one speaks.
  private static let silentRank = Atomic<Int>(-1)

  /// From here on process `rank` says nothing but why it ends.
  static func leaveToFirst(rank: Int) { silentRank.store(rank, ordering: .relaxed) }

  private static var isSilent: Bool { silentRank.load(ordering: .relaxed) >= 0 }

  /// Prints why the process ends to standard error, with its rank where another process speaks for all.
  static func sayLast(_ line: String) {
    let rank = silentRank.load(ordering: .relaxed)
    _ = write((rank >= 0 ? "process \(rank): " : "") + line + "\n", to: STDERR_FILENO)
  }

  /// Prints a result to standard output, at once.
  ///
  /// - Throws: ``OutputError``.
  static func print(_ text: String = "", terminator: String = "\n") throws {
    guard isSilent || write(text + terminator, to: STDOUT_FILENO) else { throw OutputError(code: errno) }
  }

  /// Prints a line of something that is not over yet to standard output: what went wrong with it is told by the results
  /// in the end.
  static func report(_ line: String) { _ = isSilent || write(line + "\n", to: STDOUT_FILENO) }

  /// Prints a line to standard error.
  static func say(_ line: String) { draw(line + "\n") }

  /// Prints to standard error, without an end of the line.
  static func draw(_ text: String) { _ = isSilent || write(text, to: STDERR_FILENO) }

  /// Prints where a result has been written; nothing where that is standard output itself, which holds the result.
  ///
  /// - Throws: ``OutputError``.
  static func printPlace(_ url: URL) throws {
    guard standardStream(at: url) != STDOUT_FILENO else { return }
    try print(url.relativePath)
  }

  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
  }
}

/// Results that could not be written to standard output.
struct OutputError: Error, CustomStringConvertible {
  /// The system's number for the reason.
  let code: Int32

  /// The reader has what it wants and is gone, as `head` goes: no fault of anybody.
  var isOfReader: Bool { code == EPIPE }
  var description: String { "standard output: cannot be written (\(String(cString: strerror(code))))" }
}
