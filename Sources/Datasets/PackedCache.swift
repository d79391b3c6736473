import Files
import Foundation

/// Data sets opened once: their images in one file each, of the size and channels that they are wanted in, which is
/// mapped from then on.
///
/// ```swift
/// let key = PackedKey(source: folder, files: stamps, settings: "size 64")
/// if let images = PackedCache.standard.images(key) { return images }
/// let writer = PackedImagesWriter(key, channels: 3, height: 64, width: 64)
/// for picture in pictures { try writer.append(picture.planes, label: picture.label) }
/// return try writer.finish(classNames: names, provenance: provenance)
/// ```
///
/// A packed file is a safetensors file, which Python reads as well: `images` [count, channels, height, width], uint8;
/// `labels` [count], int32, where there are classes; `about`, a JSON text of class names and ``Provenance`` as bytes;
/// the key and ``LabelledImages/fingerprint`` among the metadata. It gets its name when it is whole and is never
/// changed afterwards.
public struct PackedCache: Sendable {
  /// Holds a file for each set; made when the first is written.
  public let folder: URL

  /// - Parameter folder: need not exist yet.
  public init(_ folder: URL) { self.folder = folder }

  /// The one in the program's cache folder.
  public static var standard: PackedCache {
    PackedCache(Cache.directory.appendingPathComponent("packed", isDirectory: true))
  }

  /// The set of this key; nil where there is none, or none that is sound.
  public func images(_ key: PackedKey) -> LabelledImages? {
    guard let file = try? PackedFile(contentsOf: url(of: key)), file.metadata["key"] == key.digest else { return nil }
    return file.images
  }

  func url(of key: PackedKey) -> URL {
    folder.appendingPathComponent("\(key.place.prefix(16))-\(key.digest.prefix(16)).safetensors")
  }

  /// Removes what the same source and settings were packed to before the source changed, and what was begun and never
  /// finished.
  func removeOthers(than key: PackedKey) {
    removeLeftovers(in: folder, ofThisProcess: false)
    let kept = url(of: key).lastPathComponent
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    where name.hasPrefix(key.place.prefix(16) + "-") && name != kept {
      // Whoever has it mapped keeps it.
      try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
  }
}

/// A packed set's file, mapped.
struct PackedFile {
  let metadata: [String: String]
  let images: LabelledImages

  /// What stands beside the numbers.
  struct About: Codable {
    var classNames: [String]?
    var provenance: Provenance?
  }

  /// Everything before the images: the header and its length, filled up with spaces.
  static let headerSize = 1024

  /// - Throws: `FileError` where the file is missing or anything in it does not fit.
  init(contentsOf url: URL) throws(FileError) {
    let file = try MappedFile(url)
    func refuse(_ reason: String) -> FileError { FileError(path: url.path, reason: "is no packed set: \(reason)") }
    guard file.count >= Self.headerSize,
      Int(UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))) == Self.headerSize - 8
    else { throw refuse("its header has another size") }
    let text = Data(file.bytes[8..<Self.headerSize])
    guard let header = try? JSONSerialization.jsonObject(with: text) as? [String: [String: Any]],
      let metadata = header["__metadata__"] as? [String: String], metadata["format"] == "swift-gan packed images 1"
    else { throw refuse("its header is not one") }
    func tensor(_ name: String, _ kind: String, rank: Int) throws(FileError) -> (shape: [Int], range: Range<Int>)? {
      guard let entry = header[name] else { return nil }
      let width = kind == "I32" ? 4 : 1
      guard entry["dtype"] as? String == kind, let shape = entry["shape"] as? [Int], shape.count == rank,
        let offsets = entry["data_offsets"] as? [Int], offsets.count == 2, shape.allSatisfy({ $0 >= 0 }),
        offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= file.count - Self.headerSize
      else { throw refuse("'\(name)' does not fit it") }
      var size = (partialValue: width, overflow: false)
      for length in shape where !size.overflow { size = size.partialValue.multipliedReportingOverflow(by: length) }
      guard !size.overflow, size.partialValue == offsets[1] - offsets[0] else {
        throw refuse("'\(name)' does not fit it")
      }
      return (shape, Self.headerSize + offsets[0]..<Self.headerSize + offsets[1])
    }
    guard let (shape, range) = try tensor("images", "U8", rank: 4), shape.allSatisfy({ $0 > 0 }) else {
      throw refuse("it has no images")
    }
    let about: About
    do {
      let bytes = try tensor("about", "U8", rank: 1)?.range ?? 0..<0
      about = try JSONDecoder().decode(About.self, from: Data(file.bytes[bytes]))
    } catch {
      throw refuse("what it says about itself cannot be read")
    }
    let classes = metadata["classes"].flatMap { Int($0) }
    var labels: [Int32]?
    if let (labelShape, labelRange) = try tensor("labels", "I32", rank: 1) {
      let values = stride(from: labelRange.lowerBound, to: labelRange.upperBound, by: 4).map {
        Int32(littleEndian: file.bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self))
      }
      guard labelShape[0] == shape[0], let classes, classes > 0, values.allSatisfy({ $0 >= 0 && $0 < classes }),
        about.classNames.map({ $0.count == classes }) ?? true
      else { throw refuse("its labels do not fit it") }
      labels = values
    }
    self.metadata = metadata
    images = LabelledImages(
      known: PixelBytes(file, range), labels: labels, classes: labels == nil ? nil : classes,
      classNames: about.classNames, height: shape[2], width: shape[3], channels: shape[1],
      provenance: about.provenance, fingerprint: metadata["fingerprint"])
  }
}
