import ArgumentParser
import Foundation
import Synchronization

/// Signals that ask a long piece of work to end, asked for between steps: the step ends and the state is saved.
///
/// SIGINT (control-C) and SIGTERM; SIGHUP, which comes when a connection drops; SIGUSR1, SIGUSR2 and SIGXCPU, as batch
/// systems send them before time is up. A second SIGINT or SIGTERM ends the process at once.
enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// From here on the signals are taken note of, in place of ending the process.
  static func watch() {
    // Made here, so that the handler only stores.
    _ = received.load(ordering: .relaxed)
    var numbers = [SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU]
    // `nohup` and the like have it ignored, and mean it.
    if !isIgnored(SIGHUP) { numbers.append(SIGHUP) }
    // Whoever started this process may have blocked them; the block is inherited.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in numbers { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in numbers {
      signal(number) { number in
        Interruption.received.store(number, ordering: .relaxed)
        // A terminal that goes away may send its signal twice, and systems send others after it: that is no second
        // wish.
        guard number == SIGINT || number == SIGTERM else { return }
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
      }
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    let before = signal(number, SIG_IGN)
    signal(number, before)
    return unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// The signal that has come, if one has.
  static var signalNumber: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// To be called between the steps of a game that is dropped, or saved, where one has come.
  ///
  /// - Throws: `CancellationError` once a signal has come.
  static func check() throws { if signalNumber != nil { throw CancellationError() } }

  /// 130 for SIGINT and 143 for SIGTERM, as a shell reports a process that the signal has ended.
  static func exitCode(_ number: Int32) -> ExitCode { ExitCode(128 + number) }

  /// The command as it was typed, to be typed again in the same folder.
  static var command: String { (["gan"] + CommandLine.arguments.dropFirst()).map(shellWord).joined(separator: " ") }
}
