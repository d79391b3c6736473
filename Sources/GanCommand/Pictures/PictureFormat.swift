import ArgumentParser
import Files
import Foundation
import Images

/// A kind of picture file that is written.
enum PictureFormat: String, ExpressibleByArgument, CaseIterable {
  case png, jpeg, webp

  /// What the ending of a file's name says; PNG where it has none.
  ///
  /// - Throws: `ValidationError` for an ending of another kind.
  init(of file: URL) throws {
    switch file.pathExtension.lowercased() {
    case "png", "": self = .png
    case "jpg", "jpeg": self = .jpeg
    case "webp": self = .webp
    default:
      throw ValidationError("'\(file.lastPathComponent)' ends as no picture that is written: .png, .jpg or .webp.")
    }
  }

  /// Of a file's name.
  var ending: String { self == .jpeg ? "jpg" : rawValue }
}

extension Image {
  /// The bytes of the image as a file of that format: JPEG of quality 95 and WebP without loss.
  ///
  /// - Throws: `ImageError`.
  func data(_ format: PictureFormat) throws -> Data {
    switch format {
    case .png: try png()
    case .jpeg: try jpeg(quality: 95)
    case .webp: try webp(.lossless)
    }
  }

  /// Writes the image to the place `file` that a user has named.
  ///
  /// - Throws: `FileError`.
  func write(to file: URL, as format: PictureFormat) throws {
    let bytes: Data
    do {
      bytes = try data(format)
    } catch let error as ImageError {
      throw FileError(path: file.path, reason: error.reason)
    }
    try writeOutput(bytes, to: file)
  }
}
