import Datasets
import Files
import Foundation
import Images

/// A file with images to be labelled: a PNG, JPEG or WebP with one, or an IDX file with many.
struct PictureFile {
  private let url: URL

  init(_ url: URL) { self.url = url }

  struct Picture {
    /// The file's path, with the index of the image where there are several.
    let name: String
    /// Channel by channel and row by row, 0 ... 255.
    let pixels: [UInt8]
  }

  /// - Parameter shape: channels, height and width that the images must have.
  /// - Throws: `FileError` naming the file: missing, of neither kind, or of other sizes.
  func pictures(like shape: [Int]) throws -> [Picture] {
    let file = FileHandle(fileDescriptor: try openRegularFile(at: url.path).descriptor, closeOnDealloc: true)
    guard let head = try? file.read(upToCount: 12) else { throw FileError(path: url.path, reason: "cannot be read") }
    return ImageFormat(of: head) == nil ? try idx(shape) : [try picture(shape)]
  }

  private func picture(_ shape: [Int]) throws -> Picture {
    let image = try pictureOnItsGround()
    try require([image.channels, image.height, image.width], shape)
    // Pixels come with their channels together.
    let planes = (0..<image.channels).flatMap { channel in
      stride(from: channel, to: image.samples.count, by: image.channels).map { image.samples[$0] }
    }
    return Picture(name: url.relativePath, pixels: planes)
  }

  /// What is transparent is laid over white, or over black where that is what shows something: drawing programs save
  /// white strokes without a ground.
  private func pictureOnItsGround() throws -> Image {
    let image = try Image(contentsOf: url)
    guard image.samples.allSatisfy({ $0 == image.samples[0] }) else { return image }
    return try Image(contentsOf: url, options: DecodingOptions(background: .black))
  }

  private func idx(_ shape: [Int]) throws -> [Picture] {
    let file = try IDXFile(contentsOf: url)
    guard file.shape.count == 3 else {
      throw FileError(
        path: url.path, reason: "has the shape \(file.shape), where images have three axes (count, height, width)")
    }
    try require([1, file.shape[1], file.shape[2]], shape)
    let size = shape.reduce(1, *)
    return (0..<file.shape[0]).map { index in
      Picture(
        name: "\(url.relativePath)[\(index)]", pixels: Array(file.bytes[index * size..<(index + 1) * size]))
    }
  }

  private func require(_ found: [Int], _ shape: [Int]) throws {
    func text(_ shape: [Int]) -> String {
      "\(shape[2]) x \(shape[1]) pixels, \(shape[0]) \(shape[0] == 1 ? "channel" : "channels")"
    }
    guard found == shape else {
      throw FileError(path: url.path, reason: "has images of \(text(found)); the run was trained on \(text(shape))")
    }
  }
}
