import Files
import Foundation
import Images

/// Decodes the pictures of a scan as they are, each in its own size, in colour, on all cores.
public final class PictureReader: @unchecked Sendable {
  /// Names the pictures that are read.
  public let scan: PictureScan
  private let workers: PictureWorkers
  private let options: DecodingOptions

  /// - Parameter background: under what is transparent.
  public init(_ scan: PictureScan, background: RGB = .white) {
    self.scan = scan
    workers = PictureWorkers(scan.container)
    options = DecodingOptions(background: background, channels: .colour)
  }

  /// Pictures in the scan; ranges of ``pictures(_:)`` lie in 0 ..< this.
  public var count: Int { scan.pictures.count }

  /// The pictures of a range, in their order; what is wrong with one in its place.
  ///
  /// - Throws: `FileError` where the container can no longer be read.
  public func pictures(_ range: Range<Int>) throws(FileError) -> [Result<Image, FileError>] {
    let (options, container) = (options, scan.container)
    return try workers.map(Array(scan.pictures[range])) { picture, reader in
      do {
        return .success(try Image(decoding: reader.read(picture.file, limit: picture.file.size), options: options))
      } catch let error as ImageError {
        return .failure(
          container.error(
            error.reason + (error.offset.map { " (at byte \($0))" } ?? ""), in: picture.file.name))
      } catch {
        return .failure(error as? FileError ?? container.error("\(error)", in: picture.file.name))
      }
    }
  }
}
