import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Packs a data set image by image, so that no more than one of them is in memory.
///
/// Where the cache cannot be written, from the start or because the disk is full half-way, the images are collected in
/// memory instead, and a note of the set's provenance says so.
///
/// To be used by one thread at a time.
public final class PackedImagesWriter {
  private enum Target {
    case file(FileReplacement)
    case memory([UInt8])
  }
  private var target: Target
  private let cache: PackedCache
  private let key: PackedKey
  private let shape: (channels: Int, height: Int, width: Int)
  private let memoryLimit: Int
  private var labels: [Int32] = []
  private var notes: [String] = []

  /// How many images have been appended.
  public private(set) var count = 0

  /// - Parameters:
  ///   - memoryLimit: the most bytes of images that are collected in memory: half of the machine's if nil.
  public init(
    _ key: PackedKey, in cache: PackedCache = .standard, channels: Int, height: Int, width: Int, memoryLimit: Int? = nil
  ) {
    self.key = key
    self.cache = cache
    shape = (channels, height, width)
    self.memoryLimit = memoryLimit ?? Int(clamping: ProcessInfo.processInfo.physicalMemory / 2)
    do {
      try makeFolder(at: cache.folder)
      let file = try FileReplacement(of: cache.url(of: key))
      try [UInt8](repeating: UInt8(ascii: " "), count: PackedFile.headerSize).withUnsafeBytes {
        try file.write($0)
      }
      target = .file(file)
    } catch {
      target = .memory([])
      notes.append(Self.note(error))
    }
  }

  private static func note(_ error: any Error) -> String {
    "\(error): the images are held in memory, and will be read from their source again the next time."
  }

  /// The bytes of one image.
  public var imageSize: Int { shape.channels * shape.height * shape.width }

  /// Adds an image.
  ///
  /// - Parameters:
  ///   - pixels: [channels, height, width], last axis fastest.
  ///   - label: its class; of all images or of none.
  /// - Throws: `FileError` where neither disk nor memory has room; ``DataError`` where the pixels are not as many as
  ///   the shape says, or only some images have labels.
  public func append(_ pixels: [UInt8], label: Int? = nil) throws {
    try DataError.require(pixels.count == imageSize, "\(pixels.count) pixels of an image of \(imageSize)")
    try DataError.require(labels.count == (label == nil ? 0 : count), "labels for some images and not for others")
    if case .file(let file) = target {
      do {
        try pixels.withUnsafeBytes { try file.write($0) }
      } catch {
        try moveToMemory(file, error)
      }
    }
    if case .memory(var bytes) = target {
      guard bytes.count + pixels.count <= memoryLimit else {
        throw FileError(
          path: cache.folder.path,
          reason: "cannot be written (\(notes[0])) There is no room in memory either: "
            + "\(grouped(count + 1)) images take more than \(grouped(memoryLimit)) bytes")
      }
      target = .memory([])  // so that the array is not copied
      bytes += pixels
      target = .memory(bytes)
    }
    if let label { labels.append(Int32(label)) }
    count += 1
  }

  /// Reads back what is on the disk already.
  private func moveToMemory(_ file: FileReplacement, _ reason: any Error) throws {
    let size = count * imageSize
    guard size <= memoryLimit else { throw reason }
    var bytes = [UInt8](repeating: 0, count: size)
    var done = 0
    while done < size {
      let got = bytes.withUnsafeMutableBytes {
        pread(file.descriptor, $0.baseAddress! + done, size - done, off_t(PackedFile.headerSize + done))
      }
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else { throw reason }
      done += got
    }
    target = .memory(bytes)
    notes.append(Self.note(reason))
  }

  /// Completes the set.
  ///
  /// - Parameters:
  ///   - classes: how many there are, where images have labels; as many as names if nil.
  ///   - provenance: of which the notes are completed.
  /// - Throws: `FileError`: there is no image.
  public func finish(
    classes: Int? = nil, classNames: [String]? = nil, provenance: Provenance? = nil
  ) throws -> LabelledImages {
    guard count > 0 else { throw FileError(path: key.source, reason: "holds no images") }
    var provenance = provenance
    if case .file(let file) = target {
      do {
        try complete(file, classes ?? classNames?.count, .init(classNames: classNames, provenance: provenance))
        return try PackedFile(contentsOf: cache.url(of: key)).images
      } catch {
        try moveToMemory(file, error)
      }
    }
    guard case .memory(let bytes) = target else {
      throw FileError(path: key.source, reason: "cannot be held in memory, nor packed")
    }
    provenance?.notes += notes
    return LabelledImages(
      known: PixelBytes(bytes), labels: labels.isEmpty ? nil : labels, classes: classes, classNames: classNames,
      height: shape.height, width: shape.width, channels: shape.channels, provenance: provenance)
  }

  private func complete(_ file: FileReplacement, _ classes: Int?, _ about: PackedFile.About) throws {
    let littleEndian = labels.map(\.littleEndian)
    try littleEndian.withUnsafeBytes { try file.write($0) }
    let text = try JSONEncoder().encode(about)
    try text.withUnsafeBytes { try file.write($0) }
    let fingerprint = try fingerprint(of: file, classes)
    var end = 0
    func entry(_ kind: String, _ shape: [Int], width: Int = 1) -> String {
      let begin = end
      end += shape.reduce(width, *)
      return #"{"dtype":"\#(kind)","shape":[\#(shape.map { "\($0)" }.joined(separator: ","))],"#
        + #""data_offsets":[\#(begin),\#(end)]}"#
    }
    var header = #"{"__metadata__":{"format":"swift-gan packed images 1","key":"\#(key.digest)","#
    if let classes, !labels.isEmpty { header += #""classes":"\#(classes)","# }
    header += #""fingerprint":"\#(fingerprint)"},"#
    header += #""images":\#(entry("U8", [count, shape.channels, shape.height, shape.width])),"#
    if !labels.isEmpty { header += #""labels":\#(entry("I32", [labels.count], width: 4)),"# }
    header += #""about":\#(entry("U8", [text.count]))}"#
    var bytes = withUnsafeBytes(of: UInt64(PackedFile.headerSize - 8).littleEndian) { Array($0) } + header.utf8
    guard bytes.count <= PackedFile.headerSize else {
      throw FileError(path: key.source, reason: "takes a header of \(bytes.count) bytes to pack")
    }
    bytes += [UInt8](repeating: UInt8(ascii: " "), count: PackedFile.headerSize - bytes.count)
    try bytes.withUnsafeBytes { try file.write($0, at: 0) }
    try file.commit()
    syncFolder(at: cache.folder)
    cache.removeOthers(than: key)
  }

  /// ``LabelledImages/fingerprint`` of what has been written.
  private func fingerprint(of file: FileReplacement, _ classes: Int?) throws -> String {
    let images = LabelledImages(
      known: PixelBytes(
        try MappedFile(descriptor: file.descriptor, path: key.source),
        PackedFile.headerSize..<PackedFile.headerSize + count * imageSize),
      labels: labels.isEmpty ? nil : labels, classes: classes, height: shape.height, width: shape.width,
      channels: shape.channels)
    return images.fingerprint
  }
}
