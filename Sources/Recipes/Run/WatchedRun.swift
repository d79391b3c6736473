import Files
import Foundation

/// A run's folder, looked at again and again while something changes in it: only what is new is read. Nothing in the
/// folder is changed.
public final class WatchedRun {
  /// Where the run is.
  public let folder: RunFolder
  /// Nil as long as there is none in the folder.
  public private(set) var recipe: Recipe?
  /// The same of what else the run was begun with.
  public private(set) var description: RunFolder.Description?
  /// What has been measured, of the past that counts.
  public private(set) var columns = MeasuredColumns()
  /// What stopped the run or took it back.
  public private(set) var faults: [RunFolder.Fault] = []
  /// Pictures of samples by their steps, ascending, with a number that changes where the picture does.
  public private(set) var pictures: [(step: Int, version: Int64)] = []
  /// The same of the picture of real examples; nil where there is none.
  public private(set) var realVersion: Int64?
  /// Whether a process trains there.
  public private(set) var isTraining = false
  /// Whether all of it has been read that there was.
  public private(set) var isRead = false
  /// What cannot be read, and why; nil where all can be.
  public private(set) var failure: String?
  /// What the measurements have been showing for long enough to be worth a word.
  public var signs: [SignWatch.Standing] { watch?.standing ?? [] }

  /// Measurements that a sign takes; nil as long as there is no recipe.
  public var patience: Int? { watch?.patience }

  private var watch: SignWatch?
  private var signatures: [String: FileSignature] = [:]
  private var measured: FileSignature?
  private var offset = 0
  private var line = 0

  /// Nothing is read yet.
  public init(_ folder: RunFolder) { self.folder = folder }

  /// Steps played, as far as they are measured.
  public var step: Int { columns.last?.step ?? 0 }

  /// The moment of the last measurement on the clock of the folder's drive, in seconds since 1970; nil without any.
  public var lastChange: Double? { measured.map { Double($0.time) / 1e9 } }

  /// Looks again.
  ///
  /// - Parameter limit: the most bytes of measurements that are read this time.
  /// - Returns: whether anything is other than before.
  public func refresh(limit: Int = 8 << 20) -> Bool {
    var isOther = false
    let failureBefore = failure
    failure = nil
    note {
      if changed("recipe.yaml") {
        recipe = try folder.recipe()
        isOther = true
      }
    }
    note {
      if changed("run.json") {
        description = try folder.description()
        isOther = true
      }
    }
    note {
      if changed("faults.jsonl") {
        faults = try folder.faults()
        isOther = true
      }
    }
    // What was found out of fresh samples, which whoever shows the run reads.
    for name in ["doctor.json", "score.json"] where changed(name) { isOther = true }
    if readPictures() { isOther = true }
    note { if try readMeasurements(limit) { isOther = true } }
    let held = FolderLock.isHeld(in: folder.url)
    if held != isTraining { (isTraining, isOther) = (held, true) }
    return isOther || failure != failureBefore
  }

  private func note(_ body: () throws -> Void) {
    do { try body() } catch { failure = failure ?? "\(error)" }
  }

  /// Whether a file is another than the last time, in which case it is that from now on.
  private func changed(_ name: String) -> Bool {
    let signature = FileSignature(of: folder.url.appendingPathComponent(name))
    guard signature != signatures[name] else { return false }
    signatures[name] = signature
    return true
  }

  private func readPictures() -> Bool {
    // A picture that is replaced is so by renaming, which the folder's time tells.
    guard changed("samples") else { return false }
    func version(_ url: URL) -> Int64 {
      FileSignature(of: url).map { $0.time ^ Int64(truncatingIfNeeded: $0.inode) } ?? 0
    }
    pictures = folder.pictures.map { ($0.step, version($0.url)) }
    realVersion = folder.realPicture.map(version)
    return true
  }

  private func readMeasurements(_ limit: Int) throws -> Bool {
    let now = FileSignature(of: folder.measurementsFile)
    isRead = now == nil || (now == measured && offset >= now!.size)
    guard now != measured || !isRead else { return false }
    if let measured, let now, measured.isContinued(by: now), watch != nil {
      self.measured = now
    } else {
      // Another file: the run has forgotten a part of its past.
      (columns, offset, line, measured) = (MeasuredColumns(), 0, 0, now)
      watch = recipe.map { SignWatch($0, steps: description?.steps ?? $0.duration.count) }
    }
    guard let now else { return true }
    guard watch != nil else {
      measured = nil
      return false
    }
    let (descriptor, _) = try openRegularFile(at: folder.measurementsFile.path)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: min(limit, max(0, now.size - offset)))
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    // A last line that does not end is one that is being written.
    isRead = offset + max(0, count) >= now.size || count <= 0
    guard count > 0, let end = bytes[..<count].lastIndex(of: UInt8(ascii: "\n")) else { return false }
    let text = Data(bytes[...end])
    offset += end + 1
    let (lines, read) = try RunFolder.measurements(in: text, after: line, path: folder.measurementsFile.path)
    line += read
    for line in lines {
      columns.append(line)
      _ = watch?.warnings(after: line)
    }
    return true
  }
}
