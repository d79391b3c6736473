import Files
import Foundation

/// A folder's event file, which TensorBoard and its like show: made anew as a whole, then added to.
///
/// There is one at a time that holds anything, since readers join several each in a way of their own. A new one gets a
/// name that sorts behind the old one's, and the old one is left empty: a reader that has been reading it finds its
/// end, and goes on with the new one, whose steps begin anew. (TensorBoard's older reader, `--load_fast=false`, stays
/// with a file that is gone.)
public final class EventFile {
  /// The file that holds something.
  public let url: URL
  private let descriptor: Int32

  /// Names that sort by the second in which the file was made.
  private static let prefix = "events.out.tfevents."
  private static let suffix = ".swift-gan"

  /// Makes the file anew and opens it for more.
  ///
  /// - Parameters:
  ///   - folder: where it is, and any earlier one.
  ///   - events: what it begins with, beside two entries that say what it is; called once. Each is written as it comes.
  /// - Throws: `FileError` where it cannot be written, as on a full disk; the earlier one is then untouched. Whatever
  ///   `events` throws.
  public init(in folder: URL, _ events: (_ write: (Event) throws -> Void) throws -> Void) throws {
    let earlier = Self.files(in: folder)
    let second = max(Int(Date().timeIntervalSince1970), (earlier.last.flatMap(Self.second) ?? 0) + 1)
    url = folder.appendingPathComponent("\(Self.prefix)\(second)\(Self.suffix)")
    // Readers take every file for theirs whose name holds the prefix.
    let replacement = try FileReplacement(of: url, temporaryName: "events")
    func write(_ event: Event) throws { try event.record.withUnsafeBytes { try replacement.write($0) } }
    try write(Event(time: Double(second), step: 0, .begin))
    try write(Event(time: Double(second), step: 0, .restart))
    try events(write)
    guard syncDescriptor(replacement.descriptor) else {
      throw FileError(path: url.path, reason: systemReason("cannot be synced"))
    }
    // From here on there is room for the new one. For a moment there is none: two would be worse.
    if let last = earlier.last, truncate(last.path, 0) != 0 { unlink(last.path) }
    try replacement.commit()
    for other in earlier.dropLast() { unlink(other.path) }
    descriptor = open(url.path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path: url.path, reason: systemReason("cannot be written")) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Adds one entry.
  ///
  /// - Throws: `FileError` where there is no room for all of it; the file then ends where it ended before.
  public func append(_ event: Event) throws {
    let size = lseek(descriptor, 0, SEEK_END)
    let isWritten = event.record.withUnsafeBytes { writeAll($0, to: descriptor) }
    guard isWritten else {
      let error = FileError(path: url.path, reason: systemReason("cannot be written"))
      if size >= 0 { ftruncate(descriptor, size) }
      throw error
    }
    // What is added to a file that has been removed, nobody finds.
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_nlink > 0 else {
      throw FileError(path: url.path, reason: "has been removed")
    }
  }

  /// The event files of this program in `folder`, the newest last; those before it are empty.
  public static func files(in folder: URL) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }.sorted().map(folder.appendingPathComponent)
  }

  private static func second(_ file: URL) -> Int? {
    Int(file.lastPathComponent.dropFirst(prefix.count).dropLast(suffix.count))
  }
}
