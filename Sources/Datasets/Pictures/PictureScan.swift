import Files
import Foundation
import Images
import Torch

/// A picture file that can be used as far as its header tells.
public struct ScannedPicture: Sendable {
  /// Where it lies in the container.
  public let file: ContainedFile
  /// By its first bytes, whatever its name says.
  public let format: ImageFormat
  /// In pixels, upright.
  public let width: Int
  /// In pixels, upright.
  public let height: Int
  /// 1 or 3.
  public let channels: Int
  /// Whether parts of it may be transparent.
  public let hasAlpha: Bool
  /// Bits of a sample as stored; of an index where there is a palette.
  public let bitDepth: Int
  /// Its class; nil where it has none.
  public internal(set) var label: Int?
}

/// What a folder or an archive of pictures holds, by the files' headers, and which classes the pictures have.
public struct PictureScan: Sendable {
  /// What was scanned.
  public let container: any PictureContainer
  /// Those that are used, in the order of their names.
  public private(set) var pictures: [ScannedPicture] = []
  /// Files that are not used, each with the reason.
  public internal(set) var leftOut: [LeftOutFile]
  /// By label; nil where there are no classes.
  public private(set) var classNames: [String]?
  /// What whoever trains on the pictures should know, a sentence each.
  public internal(set) var notes: [String]
  /// Pictures with the same bytes, by name, two or more together.
  public private(set) var sameBytes: [[String]] = []
  /// Pictures whose names end as another format's do: the name, and what it is.
  public private(set) var misnamed: [(name: String, format: ImageFormat)] = []

  /// The most bytes that a picture file may have.
  static let fileLimit = 1 << 28

  /// - Parameters:
  ///   - split: the part that is wanted, all if nil.
  ///   - requiresLabels: whether classes matter so much that a few pictures of none are rather left out.
  ///   - progress: called on this thread.
  /// - Throws: `FileError`: no picture, a part that is not there; with strict settings any file that was left out; what
  ///   `progress` throws.
  public init(
    _ container: any PictureContainer, _ settings: PictureSettings, split: Split? = nil, requiresLabels: Bool = true,
    progress: (PictureProgress) throws -> Void = { _ in }
  ) throws {
    self.container = container
    leftOut = container.leftOut
    notes = container.notes
    let workers = PictureWorkers(container)
    let labelFile = Self.labelFile(of: container)
    let files = container.files.filter { $0 != labelFile }
    for start in stride(from: 0, to: files.count, by: 256) {
      try progress(PictureProgress(stage: .looking, done: start, total: files.count))
      let part = Array(files[start..<min(files.count, start + 256)])
      for result in try workers.map(part, { Self.look(at: $0, $1) }) {
        switch result {
        case .success(let picture): pictures.append(picture)
        case .failure(let problem): leftOut.append(problem.file)
        }
      }
    }
    try progress(PictureProgress(stage: .looking, done: files.count, total: files.count))
    for picture in pictures where !Self.isNamed(picture.file.name, as: picture.format) {
      misnamed.append((picture.file.name, picture.format))
    }
    try findDuplicates(workers)
    try label(settings, labelFile, workers, split: split, requiresLabels: requiresLabels)
    try requireComplete(settings)
    guard !pictures.isEmpty else {
      let counts = Dictionary(leftOut.map { ($0.kind, 1) }, uniquingKeysWith: +).sorted {
        $0.key.rawValue < $1.key.rawValue
      }
      let found = counts.map { "\($1) \($0.words)" }.joined(separator: ", ")
      throw container.error("holds no pictures" + (found.isEmpty ? "" : " (files: \(found))"), in: nil)
    }
  }

  /// - Throws: `FileError` where settings are strict and a file had to be left out.
  func requireComplete(_ settings: PictureSettings) throws(FileError) {
    let missed = leftOut.filter { $0.kind != .system }
    guard settings.strict, let first = missed.first else { return }
    throw container.error(
      first.reason + (missed.count > 1 ? "; \(missed.count - 1) other files cannot be used either" : "") + " (strict)",
      in: first.name)
  }

  // MARK: One file

  struct Problem: Error {
    let file: LeftOutFile
    init(_ file: ContainedFile, _ kind: LeftOutFile.Kind, _ reason: String) {
      self.file = LeftOutFile(name: file.name, kind: kind, reason: reason)
    }
  }

  private static func look(at file: ContainedFile, _ reader: any ContainerReader) -> Result<ScannedPicture, Problem> {
    func refused(_ kind: LeftOutFile.Kind, _ reason: String) -> Result<ScannedPicture, Problem> {
      .failure(Problem(file, kind, reason))
    }
    do {
      // A JPEG's header is at its beginning; other formats may say more at their end.
      var data = try reader.read(file, limit: min(file.size, 1 << 17))
      let format = ImageFormat(of: data)
      guard let format else {
        return refused(.notAPicture, "is \(contentName(of: data)), not PNG, JPEG or WebP")
      }
      guard file.size <= fileLimit else {
        return refused(.tooLarge, "has \(grouped(file.size)) bytes; a picture may have \(grouped(fileLimit))")
      }
      var facts = format == .jpeg ? try? PictureFacts(of: data) : nil
      if facts == nil {
        if file.size > data.count { data = try reader.read(file, limit: file.size) }
        facts = try PictureFacts(of: data)
      }
      let (width, height) = facts!.uprightSize
      guard width * height <= Image.pixelLimit else {
        return refused(
          .tooLarge, "has \(width) x \(height) pixels; a picture may have \(grouped(Image.pixelLimit))")
      }
      return .success(
        ScannedPicture(
          file: file, format: format, width: width, height: height, channels: facts!.channels,
          hasAlpha: facts!.hasAlpha, bitDepth: facts!.bitDepth, label: nil))
    } catch let error as ImageError {
      return refused(.damaged, error.reason + (error.offset.map { " (at byte \($0))" } ?? ""))
    } catch let error as FileError {
      return refused(Self.kind(of: error), error.reason)
    } catch {
      return refused(.unreadable, "\(error)")
    }
  }

  /// Of a file that could not be read: within an archive it is the archive that is damaged there.
  static func kind(of error: FileError) -> LeftOutFile.Kind { error.place == nil ? .unreadable : .damaged }

  private static func isNamed(_ name: String, as format: ImageFormat) -> Bool {
    guard let dot = name.lastIndex(of: "."), !name[dot...].contains("/") else { return false }
    let ending = name[name.index(after: dot)...].lowercased()
    return switch format {
    case .png: ending == "png" || ending == "apng"
    case .jpeg: ["jpg", "jpeg", "jpe", "jfif"].contains(ending)
    case .webp: ending == "webp"
    }
  }

  // MARK: All of them

  /// Only files of one size can have the same bytes.
  private mutating func findDuplicates(_ workers: PictureWorkers) throws(FileError) {
    let bySize = Dictionary(grouping: pictures.indices, by: { pictures[$0].file.size })
    let candidates = bySize.values.filter { $0.count > 1 }.flatMap { $0 }.sorted()
    var groups: [String: [Int]] = [:]
    for start in stride(from: 0, to: candidates.count, by: 256) {
      let part = Array(candidates[start..<min(candidates.count, start + 256)])
      let files = part.map { pictures[$0].file }
      let sums = try workers.map(files) { file, reader in (try? reader.read(file, limit: file.size)).map { sha256($0) }
      }
      for (index, sum) in zip(part, sums) { if let sum { groups[sum, default: []].append(index) } }
    }
    sameBytes = groups.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }.map { $0.map { pictures[$0].file.name } }
  }

  /// `dataset.json` of the outermost folder that has one.
  private static func labelFile(of container: any PictureContainer) -> ContainedFile? {
    container.files.filter { $0.name == DatasetJSON.name || $0.name.hasSuffix("/" + DatasetJSON.name) }
      .min { $0.name.split(separator: "/").count < $1.name.split(separator: "/").count }
  }

  private mutating func label(
    _ settings: PictureSettings, _ labelFile: ContainedFile?, _ workers: PictureWorkers, split: Split?,
    requiresLabels: Bool
  ) throws {
    if let labelFile {
      if settings.labels == .auto { try label(by: labelFile, requiresLabels: requiresLabels) }
      try divide(nil, split, settings)
      return
    }
    let layout = PictureLayout(
      pictures.map(\.file.name), classes: settings.labels == .auto, mayDrop: requiresLabels)
    notes += layout.notes
    classNames = layout.classNames
    for index in pictures.indices { pictures[index].label = layout.labels[index] }
    for (index, reason) in layout.dropped.sorted(by: { $0.key < $1.key }) {
      leftOut.append(LeftOutFile(name: pictures[index].file.name, kind: .unlabelled, reason: reason))
    }
    let kept = pictures.indices.filter { layout.dropped[$0] == nil }
    let splits = layout.splits.map { splits in kept.map { splits[$0] } }
    pictures = kept.map { pictures[$0] }
    try divide(splits, split, settings)
  }

  private mutating func label(by file: ContainedFile, requiresLabels: Bool) throws {
    func failure(_ reason: String) -> FileError { container.error(reason, in: file.name) }
    // As long as the names of all files and a number for each may be; JSON takes many times its size in memory.
    let limit = container.files.reduce(1 << 16) { $0 + 6 * $1.name.utf8.count + 64 }
    guard file.size <= limit else {
      throw failure("has \(grouped(file.size)) bytes, more than the classes of \(pictures.count) pictures take")
    }
    let json: DatasetJSON
    do {
      json = try DatasetJSON(container.reader().read(file, limit: file.size))
    } catch let error as DatasetJSON.Failure {
      throw failure(error.reason)
    }
    notes += json.notes
    guard let labels = json.labels else { return }
    let prefix = String(file.name.dropLast(DatasetJSON.name.utf8.count))
    var kept: [ScannedPicture] = []
    var missed: [LeftOutFile] = []
    for var picture in pictures {
      let name = picture.file.name.hasPrefix(prefix) ? String(picture.file.name.dropFirst(prefix.count)) : ""
      if let label = labels[name] {
        picture.label = label
        kept.append(picture)
      } else {
        missed.append(
          LeftOutFile(name: picture.file.name, kind: .unlabelled, reason: "dataset.json gives it no class"))
      }
    }
    if missed.isEmpty || requiresLabels && !kept.isEmpty {
      pictures = kept
      leftOut += missed
      classNames = json.classNames ?? (0...labels.values.max()!).map { "\($0)" }
    } else {
      notes.append("dataset.json gives \(missed.count) of \(pictures.count) pictures no class: none is used.")
    }
  }

  /// Keeps the pictures of the wanted part.
  private mutating func divide(_ splits: [Split?]?, _ split: Split?, _ settings: PictureSettings) throws {
    guard let split else { return }
    if let splits {
      guard splits.contains(split) else {
        throw container.error("has no folder '\(split.rawValue)' with pictures", in: nil)
      }
      pictures = zip(pictures, splits).filter { $1 == split }.map(\.0)
      return
    }
    guard settings.testShare > 0 else {
      guard split == .train else {
        throw container.error(
          "holds no pictures for tests: divide it into folders 'train' and 'test', or say what share of it is held "
            + "back (data.testShare)", in: nil)
      }
      return
    }
    // Of each class the same share, chosen at random.
    var held: Set<Int> = []
    for (label, members) in Dictionary(grouping: pictures.indices, by: { pictures[$0].label ?? -1 }) {
      let order = RandomStream(seed: 0).stream("test share").at(label).permutation(members.count)
      held.formUnion(order.prefix(Int((Double(members.count) * settings.testShare).rounded())).map { members[$0] })
    }
    pictures = pictures.indices.filter { held.contains($0) == (split == .test) }.map { pictures[$0] }
  }
}
