import Files
import Foundation

/// A folder's event file, which TensorBoard and its like show: made anew as a whole, then added to.
///
/// There is one at a time, since readers join several each in a way of their own. A new one takes the old one's place by being renamed,
/// first over the old one and then to a name that sorts behind it: whoever looks finds one whole file, and whoever has been reading goes
/// on with the new one, whose steps begin anew.
public final class EventFile {
  public let url: URL
  private let descriptor: Int32

  /// Names that sort by the second in which the file was made.
  private static let prefix = "events.out.tfevents."
  private static let suffix = ".swift-gan"

  /// Makes the file anew and opens it for more.
  ///
  /// - Parameters:
  ///   - folder: where it is, and any earlier one.
  ///   - events: what it begins with, beside the entry that says what it is; called once. Each is written as it comes.
  /// - Throws: `FileError` where it cannot be written; the earlier one is then untouched, but for what the system made of it. Whatever
  ///   `events` throws.
  public init(in folder: URL, _ events: (_ write: (Event) throws -> Void) throws -> Void) throws {
    let earlier = Self.files(in: folder)
    let second = max(Int(Date().timeIntervalSince1970), (earlier.last.flatMap(Self.second) ?? 0) + 1)
    url = folder.appendingPathComponent("\(Self.prefix)\(second)\(Self.suffix)")
    let place = earlier.last ?? url
    // Readers take every file for theirs whose name holds the prefix.
    let replacement = try FileReplacement(of: place, temporaryName: "events")
    func write(_ event: Event) throws { try event.record.withUnsafeBytes { try replacement.write($0) } }
    try write(Event(time: Double(second), step: 0, .begin))
    try events(write)
    try replacement.commit()
    if place != url, rename(place.path, url.path) != 0 {
      throw FileError(path: url.path, reason: systemReason("cannot be renamed to"))
    }
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

  /// The event files of this program in `folder`, the newest last.
  public static func files(in folder: URL) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }.sorted().map(folder.appendingPathComponent)
  }

  private static func second(_ file: URL) -> Int? {
    Int(file.lastPathComponent.dropFirst(prefix.count).dropLast(suffix.count))
  }
}
