import Datasets
import Files
import Foundation
import Images

/// Single pictures as files of a folder, 000000.png, 000001.png and so on, or in one zip as stylegan's tools read it.
final class SampleWriter {
  private let format: PictureFormat
  private let folder: URL?
  private let zip: StyleGANArchive?
  private var count = 0

  /// - Throws: `FileError` where the folder cannot be made, or holds such files already.
  init(to place: URL, isZip: Bool, format: PictureFormat) throws {
    self.format = format
    guard !isZip else {
      (folder, zip) = (nil, try StyleGANArchive(place))
      return
    }
    try makeFolder(at: place)
    let first = place.appendingPathComponent("000000.\(format.ending)")
    if FileManager.default.fileExists(atPath: first.path) {
      throw FileError(path: first.path, reason: "is there already: name another folder, so that two sets do not mix")
    }
    (folder, zip) = (place, nil)
  }

  /// - Throws: `FileError`.
  func add(_ images: [Image]) throws {
    for image in images {
      if let folder {
        let name = String(format: "%06d.", count) + format.ending
        try image.write(to: folder.appendingPathComponent(name), as: format)
      } else {
        try zip?.append(image.png(.fast), label: nil)
      }
      count += 1
    }
  }

  /// The zip appears at its place, whole.
  ///
  /// - Throws: `FileError`.
  func finish() throws { try zip?.finish(classNames: nil) }
}
