import ArgumentParser
import Foundation
import Synchronization

/// SIGINT (control-C) and SIGTERM, asked for between steps: the first lets the step end and the state be saved; a second ends the
/// process at once.
enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// From here on the signals are taken note of, in place of ending the process.
  static func watch() {
    // Whoever started this process may have blocked them; the block is inherited.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interruption.received.store(number, ordering: .relaxed)
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
      }
    }
  }

  /// The signal that has come, if one has.
  static var signalNumber: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// 130 or 143, as a shell reports a process that the signal has ended.
  static func exitCode(_ number: Int32) -> ExitCode { ExitCode(128 + number) }
}
