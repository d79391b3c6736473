import Files
import Foundation
import Settings

/// CIFAR-10 of Krizhevsky, Nair and Hinton: 50 000 training and 10 000 test images of 32 x 32 pixels in colour, ten
/// classes (<https://www.cs.toronto.edu/~kriz/cifar.html>).
///
/// ```swift
/// try await CIFAR10.published.download()
/// let images = try CIFAR10.load(split: .train)  // [50000, 3, 32, 32]
/// ```
public enum CIFAR10 {
  /// The names of the classes, by label.
  public static let classNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  /// The archive as it was published: the binary version.
  public static let published = PublishedDataSet(
    name: "cifar10", title: "CIFAR-10",
    files: [
      RemoteFile(name: "cifar-10-binary.tar.gz", size: 170_052_171, md5: "c32a1d4ab5d03f1284b67883e8d87530")
    ],
    mirrors: ["https://www.cs.toronto.edu/~kriz/"])

  /// Reads one split.
  ///
  /// The binary version (`data_batch_1.bin` ... `data_batch_5.bin`, `test_batch.bin`) is looked for first, then the
  /// Python version (the same without `.bin`): loose in `directory`, in the folder that its archive unpacks to, each
  /// file packed by gzip or xz or not, or in the archive as it was downloaded. A file may hold fewer records than the
  /// published one.
  ///
  /// - Parameter directory: a folder with the files, or the archive itself.
  /// - Returns: [count, 3, 32, 32] with labels 0...9, in the order of the files.
  /// - Throws: `FileError`: a file that is missing, naming what is looked for; one that is cut short, too long, no
  ///   CIFAR file or damaged; a label outside 0...9; a pickle with anything in it that CIFAR's files do not have.
  ///   Nothing in a pickle is run.
  public static func load(
    directory: URL = published.directory, split: Split
  ) throws(FileError) -> LabelledImages {
    let names = split == .train ? (1...5).map { "data_batch_\($0)" } : ["test_batch"]
    let advice = "`gan data get cifar10` fetches them"
    let binary = PublishedFiles(
      title: "CIFAR-10", advice: advice, folder: "cifar-10-batches-bin", archives: ["cifar-10-binary.tar.gz"],
      names: names.map { $0 + ".bin" })
    let python = PublishedFiles(
      title: "CIFAR-10", advice: advice, folder: "cifar-10-batches-py", archives: ["cifar-10-python.tar.gz"],
      names: names)
    return try CIFARRecords.load(
      binary, python, in: directory, names: classNames,
      fromBinary: { stream throws(FileError) in
        try CIFARRecords(from: stream, [.init(offset: 0, classes: 10)], wanted: 0, limit: 10_000)
      },
      fromPickle: { stream throws(FileError) in
        try CIFARRecords(pickle: stream, labelKey: "labels", classes: 10, limit: 10_000)
      })
  }
}

extension CIFARRecords {
  /// Reads the binary files if they are there, else the pickled ones.
  static func load(
    _ binary: PublishedFiles, _ python: PublishedFiles, in directory: URL, names: [String],
    fromBinary: (any ByteStream) throws(FileError) -> CIFARRecords,
    fromPickle: (any ByteStream) throws(FileError) -> CIFARRecords
  ) throws(FileError) -> LabelledImages {
    var parts: [Int: CIFARRecords] = [:]
    if isRegularFile(directory) {
      // An archive of either version; which, the first of their files that is in it tells.
      try readArchive(at: directory, binary, python, fromBinary, fromPickle, into: &parts)
    } else if let found = try binary.find(in: directory) {
      try binary.read(found) { index, stream throws(FileError) in parts[index] = try fromBinary(stream) }
    } else if let found = try python.find(in: directory) {
      try python.read(found) { index, stream throws(FileError) in parts[index] = try fromPickle(stream) }
    } else {
      throw PublishedFiles.missing([binary, python], in: directory)
    }
    var whole = CIFARRecords()
    for index in binary.names.indices { whole.append(parts.removeValue(forKey: index)!) }
    return DecodedImages(
      images: whole.images, labels: whole.labels, height: 32, width: 32, channels: 3, classNames: names
    ).labelled
  }

  private static func readArchive(
    at url: URL, _ binary: PublishedFiles, _ python: PublishedFiles,
    _ fromBinary: (any ByteStream) throws(FileError) -> CIFARRecords,
    _ fromPickle: (any ByteStream) throws(FileError) -> CIFARRecords, into parts: inout [Int: CIFARRecords]
  ) throws(FileError) {
    let archive = try ArchiveReader(url)
    var isPython = false
    while let member = try archive.next(), !isPython {
      let base = member.name.split(separator: "/").last.map(String.init) ?? ""
      if binary.names.contains(base) { break }
      isPython = python.names.contains(base)
    }
    if isPython {
      try python.read(.archive(url)) { index, stream throws(FileError) in parts[index] = try fromPickle(stream) }
    } else {
      try binary.read(.archive(url)) { index, stream throws(FileError) in parts[index] = try fromBinary(stream) }
    }
  }
}

extension CIFAR10 {
  /// The images as a recipe's data, as `data.source: cifar10`.
  public struct Source: ImageSource {
    public static let kind = "cifar10"
    public static let keys: [SettingsKey] = [.pixels]
    public static var defaultDirectory: URL? { CIFAR10.published.directory }
    public static var downloads: [PublishedDataSet] { [CIFAR10.published] }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange

    public init() { self.init(pixels: .symmetric) }

    /// - Parameter pixels: what the bytes of a pixel become; -1 ... 1 by default.
    public init(pixels: PixelRange = .symmetric) {
      self.pixels = pixels
    }

    public var title: String { "CIFAR-10" }

    public var published: PublishedImages? {
      PublishedImages(count: 50_000, channels: 3, height: 32, width: 32, classes: 10)
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      try CIFAR10.load(directory: place, split: split)
    }
  }
}
