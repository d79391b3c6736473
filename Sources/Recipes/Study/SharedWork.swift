import Files
import Foundation

/// Which part of a table's games one of several jobs begins with: the third of eight, `3/8`.
public struct Share: Sendable, Equatable {
  /// From 1.
  public let number: Int
  /// Jobs in all.
  public let count: Int

  /// - Parameter text: such as `3/8`; nil where it is none.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1], (1...100_000).contains(count),
      (1...count).contains(number)
    else { return nil }
    (self.number, self.count) = (number, count)
  }

  private init(number: Int, count: Int) { (self.number, self.count) = (number, count) }

  /// That of a job of a Slurm array, by SLURM_ARRAY_TASK_ID, _MIN, _STEP and _COUNT; nil outside of one.
  public static func slurm(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Share? {
    func number(_ name: String) -> Int? { environment["SLURM_ARRAY_TASK_\(name)"].flatMap { Int($0) } }
    guard let id = number("ID"), let count = number("COUNT"), count > 1 else { return nil }
    let place = (id - (number("MIN") ?? 0)) / max(1, number("STEP") ?? 1)
    // Arrays may leave numbers out: then places repeat, which costs a job its head start and nothing else.
    return Share(number: (place % count + count) % count + 1, count: count)
  }

  /// The order in which the job looks at `count` pieces of work: its own, then those of the jobs after it, since one of
  /// these may have died.
  public func order(_ count: Int) -> [Int] {
    (0..<self.count).flatMap { turn in
      stride(from: (number - 1 + turn) % self.count, to: count, by: self.count).map { $0 }
    }
  }
}

/// Pieces of work that several processes, on one machine or on many, take from a folder, each piece once.
///
/// Who works on a piece holds the lock of a folder of its name, which the system gives back when the process ends,
/// however it ends: another may then take the piece up.
public struct SharedWork: Sendable {
  /// The part that this process begins with.
  public let share: Share
  private let claims: URL
  /// What ``reported`` held when this process began.
  private let reportedBefore: String?

  /// - Parameters:
  ///   - share: the part that this process begins with.
  ///   - folder: which all processes work in.
  public init(_ share: Share, in folder: URL) {
    self.share = share
    claims = folder.appendingPathComponent("claims")
    reportedBefore = SharedWork.text(claims.appendingPathComponent("report/written"))
  }

  /// Says of which pieces of work the last report is, behind a line that no other report has.
  private var reported: URL { place("report").appendingPathComponent("written") }

  private static func text(_ file: URL) -> String? {
    (try? readFile(at: file)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The piece `name` for this process, as long as what is returned lives; nil where another has it.
  ///
  /// - Throws: `FileError`, also where the drive has no locks: two processes would then work on one piece.
  public func claim(_ name: String) throws -> FolderLock? {
    let folder = place(name)
    try makeFolder(at: folder)
    do {
      let lock = try FolderLock(folder)
      guard lock.weakness == nil else {
        throw FileError(
          path: claims.path,
          reason: "the drive has no file locks, by which jobs tell which games are taken: --share is refused")
      }
      return lock
    } catch let error as FileError {
      guard FolderLock.isHeld(in: folder) else { throw error }
      return nil
    }
  }

  /// Whether another process works on the piece `name` now.
  public func isTaken(_ name: String) -> Bool { FolderLock.isHeld(in: place(name)) }

  /// Writes the report of all the `pieces`, which are over, unless another process is writing it, or has written it
  /// since this one began: of several that find all pieces over, one reports.
  ///
  /// - Throws: `FileError`; what `write` throws.
  public func report(of pieces: [String], _ write: () throws -> Void) throws {
    guard let lock = try claim("report") else { return }
    try withExtendedLifetime(lock) {
      // Told by what it says, and not by times: those of several machines differ.
      if let last = SharedWork.text(reported), last != reportedBefore,
        last.components(separatedBy: "\n").dropFirst().elementsEqual(pieces)
      {
        return
      }
      try write()
      let lines = [UUID().uuidString] + pieces
      try replaceFile(at: reported, with: Data(lines.joined(separator: "\n").utf8))
    }
  }

  private func place(_ name: String) -> URL {
    claims.appendingPathComponent(name.replacingOccurrences(of: "/", with: "-"))
  }
}
