import Files
import Foundation

/// What a run's measurements are kept in, beside `measurements.jsonl`, for another program to show; one file a kind,
/// and its line in ``RunLogs``.
///
/// All that it holds is in the run folder already. So it can be made anew at any time, and is, whenever what is in the
/// folder is another past than what it holds: when a run goes on or is taken back. A program that joins parts would
/// show points twice, or lose some.
public protocol RunLog: AnyObject {
  /// As options name it.
  static var name: String { get }

  /// Makes it anew, in the run's folder, of all that is there.
  ///
  /// - Throws: `FileError`.
  init(of folder: RunFolder) throws

  /// Removes it: of a run that goes on without it, it would tell another story.
  static func remove(from folder: RunFolder)

  /// Adds the newest measurement.
  ///
  /// - Throws: `FileError`.
  func add(_ measurement: RunFolder.Measurement) throws
  /// Adds the picture of samples after `step` steps, which is in the folder by now.
  ///
  /// - Throws: `FileError`.
  func addPicture(step: Int) throws
  /// The run is over.
  func finish() throws
}

/// The kinds of logs that there are.
public enum RunLogs {
  /// In the order in which help texts name them.
  public static var all: [any RunLog.Type] { [TensorBoardLog.self] }

  /// Nil where there is none of this name.
  public static func named(_ name: String) -> (any RunLog.Type)? { all.first { $0.name == name } }
}

/// Keeps a run's logs while it trains. What cannot be written is said, and never ends the run: the log is made anew as
/// soon as it can be.
public struct RunLogKeeper {
  private let folder: RunFolder
  private var logs: [(kind: any RunLog.Type, log: (any RunLog)?)]
  /// When a log that cannot be written is tried again.
  private var nextTry = ContinuousClock.now
  private let say: (String) -> Void

  /// Makes the logs anew, and removes those that the run no longer keeps.
  ///
  /// - Parameters:
  ///   - names: those of ``RunLogs``; others are passed over, as a later version may have known them.
  ///   - say: tells the user a line.
  public init(_ names: [String], of folder: RunFolder, say: @escaping (String) -> Void) {
    (self.folder, self.say) = (folder, say)
    for kind in RunLogs.all where !names.contains(kind.name) { kind.remove(from: folder) }
    logs = names.compactMap { RunLogs.named($0) }.map { ($0, nil) }
    makeAnew()
  }

  /// The run was taken back: what the folder holds is another past.
  public mutating func makeAnew() {
    for index in logs.indices { open(index) }
  }

  /// Adds the newest measurement.
  public mutating func add(_ measurement: RunFolder.Measurement) { forEach { try $0.add(measurement) } }

  /// Adds a picture, which is in the folder by now.
  public mutating func addPicture(step: Int) { forEach { try $0.addPicture(step: step) } }

  /// The run is over; a log that could not be written is tried once more.
  public mutating func finish() {
    nextTry = .now
    forEach { try $0.finish() }
  }

  private mutating func forEach(_ body: (any RunLog) throws -> Void) {
    for index in logs.indices {
      guard let log = logs[index].log else {
        // What is to be added is in the folder by now, and so in the new log. Only the end is not.
        if ContinuousClock.now >= nextTry { open(index, isRepeated: true) }
        continue
      }
      do {
        try body(log)
      } catch {
        giveUp(index, error)
      }
    }
  }

  private mutating func open(_ index: Int, isRepeated: Bool = false) {
    do {
      logs[index].log = try logs[index].kind.init(of: folder)
      if isRepeated { say("the log for \(logs[index].kind.name) is whole again") }
    } catch {
      if isRepeated {
        nextTry = .now + Self.patience
      } else {
        giveUp(index, error)
      }
    }
  }

  private mutating func giveUp(_ index: Int, _ error: any Error) {
    logs[index].log = nil
    nextTry = .now + Self.patience
    say("no log for \(logs[index].kind.name) for now: \(error); the run goes on")
  }

  private static let patience = Duration.seconds(10)
}
