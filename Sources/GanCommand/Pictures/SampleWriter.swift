import Datasets
import Files
import Foundation
import Images
import Torch

/// Single pictures as files of a folder, 000000.png, 000001.png and so on, or in one zip as stylegan's tools read it.
final class SampleWriter {
  private let format: PictureFormat
  private let folder: URL?
  private let zip: StyleGANArchive?
  /// How many pictures have been added.
  private(set) var count = 0

  /// - Throws: `FileError` where the folder cannot be made, or holds such files already.
  init(to place: URL, isZip: Bool, format: PictureFormat) throws {
    self.format = format
    guard !isZip else {
      (folder, zip) = (nil, try StyleGANArchive(place))
      return
    }
    try makeFolder(at: place)
    let first = Self.file(0, in: place, format)
    if FileManager.default.fileExists(atPath: first.path) {
      throw FileError(path: first.path, reason: "is there already: name another folder, so that two sets do not mix")
    }
    (folder, zip) = (place, nil)
  }

  private static func file(_ index: Int, in folder: URL, _ format: PictureFormat) -> URL {
    folder.appendingPathComponent(String(format: "%06d.", index) + format.ending)
  }

  /// The files of these pictures, encoded on all of libtorch's threads.
  static func encoded(_ images: [Image], isZip: Bool, format: PictureFormat) throws -> [Data] {
    try mapSerially(images.count) { isZip ? try images[$0].png(.fast) : try images[$0].data(format) }
  }

  /// Writes files that ``encoded(_:isZip:format:)`` has made.
  ///
  /// - Throws: `FileError`.
  func add(files: [Data]) throws {
    for file in files {
      if let zip {
        try zip.append(file, label: nil)
      } else if let folder {
        try replaceFile(at: Self.file(count, in: folder, format), with: file, isSynced: false)
      }
      count += 1
    }
  }

  /// Encodes them on all of libtorch's threads and writes them in their order.
  ///
  /// - Throws: `FileError`.
  func add(_ images: [Image]) throws {
    if zip != nil {
      return try add(files: Self.encoded(images, isZip: true, format: format))
    }
    if let folder {
      let (first, format) = (count, format)
      try forEachSerially(images.count) { index in
        try replaceFile(
          at: Self.file(first + index, in: folder, format), with: images[index].data(format), isSynced: false)
      }
    }
    count += images.count
  }

  /// The zip appears at its place, whole; the disk has taken the files of a folder.
  ///
  /// - Throws: `FileError`.
  func finish() throws {
    try zip?.finish(classNames: nil)
    if let folder { try syncFileSystem(of: folder) }
  }
}
