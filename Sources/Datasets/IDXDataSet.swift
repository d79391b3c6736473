import Files
import Foundation

/// A data set in pairs of IDX files, images and labels, one pair for each split.
struct IDXDataSet {
  /// Its name, for errors.
  var title: String
  /// How to come by the files, as a clause for errors: "`gan data get mnist` fetches them".
  var advice: String
  /// The name of a split's image file and label file, without `.gz`: `train-images-idx3-ubyte`.
  var names: (Split) -> (images: String, labels: String)
  /// What the labels mean, the first label first; `nil` where the labels themselves tell how many classes there are.
  var classNames: [String]?
  /// The label of the first class.
  var firstLabel = 0
  /// Whether the files hold images column by column, as EMNIST's do.
  var isTransposed = false

  /// Reads one split from `directory`.
  ///
  /// Images have the shape [N, H, W], or four axes: [N, H, W, C] where the last one is 1 or 3 long, else [N, C, H, W].
  ///
  /// - Parameters:
  ///   - requiresLabels: false where labels are of no interest: what holds them may then be missing or unsound, and
  ///     they are left out.
  /// - Throws: `FileError` naming the file: missing, not read by ``IDXFile``, of a shape that images or labels do not
  ///   have; counts that differ; a label outside the classes.
  func load(directory: URL, split: Split, requiresLabels: Bool) throws(FileError) -> DecodedImages {
    let (imageFile, labelFile) = names(split)
    let imagesURL = Self.find(imageFile, in: directory)
    let labelsURL = Self.find(labelFile, in: directory)
    guard let imagesURL, labelsURL != nil || !requiresLabels else {
      throw missing(
        [
          imagesURL == nil ? ("images", imageFile) : nil,
          requiresLabels && labelsURL == nil ? ("labels", labelFile) : nil,
        ]
        .compactMap { $0 }, split, in: directory)
    }
    let file = try IDXFile(contentsOf: imagesURL)
    let form = try Form(file.shape, at: imagesURL)
    var images = file.bytes
    if form.isChannelsLast {
      images = DecodedImages.planes(images, imageSize: form.imageSize, channels: form.channels)
    }
    var (height, width) = (form.height, form.width)
    if isTransposed {
      DecodedImages.turnUpright(&images, height: form.width, width: form.height)
      (height, width) = (width, height)
    }
    var labels: (classes: [UInt8], names: [String])?
    if let labelsURL {
      do throws(FileError) {
        labels = try readLabels(at: labelsURL, split, in: directory, of: form.count, at: imagesURL)
      } catch  where !requiresLabels {
        labels = nil
      }
    }
    return DecodedImages(
      images: images, labels: labels?.classes, height: height, width: width, channels: form.channels,
      classNames: labels?.names ?? [])
  }

  /// The class of each of `count` images, and the names of the classes.
  private func readLabels(
    at url: URL, _ split: Split, in directory: URL, of count: Int, at images: URL
  ) throws(FileError) -> (classes: [UInt8], names: [String]) {
    let (shape, values) = try IDXFile.labels(contentsOf: url)
    guard values.count == count else {
      throw FileError(
        path: images.path,
        reason: "holds \(grouped(count)) images, but \(url.path) holds \(grouped(shape[0])) labels")
    }
    let last = firstLabel + (classNames?.count ?? 256) - 1
    if let index = values.firstIndex(where: { !(firstLabel...last).contains($0) }) {
      throw FileError(
        path: url.path,
        reason: "has the label \(values[index]) at index \(grouped(index)), outside \(firstLabel)...\(last)")
    }
    let classes = values.map { UInt8($0 - firstLabel) }
    if let classNames { return (classes, classNames) }
    // Both splits have the same classes, whichever of them occur in this one.
    let others = Split.allCases.filter { $0 != split }.compactMap { Self.find(names($0).labels, in: directory) }
      .compactMap { try? IDXFile.labels(contentsOf: $0).values.max() }.filter { $0 < 256 }
    return (classes, (0...max(values.max()!, others.max() ?? 0)).map { "\($0)" })
  }

  /// The axes of images.
  private struct Form {
    let count: Int
    let height: Int
    let width: Int
    let channels: Int
    let isChannelsLast: Bool

    var imageSize: Int { height * width * channels }

    init(_ shape: [Int], at url: URL) throws(FileError) {
      switch shape.count {
      case 3:
        (count, height, width, channels, isChannelsLast) = (shape[0], shape[1], shape[2], 1, false)
      case 4 where [1, 3].contains(shape[3]):
        (count, height, width, channels, isChannelsLast) = (shape[0], shape[1], shape[2], shape[3], true)
      case 4 where [1, 3].contains(shape[1]):
        (count, height, width, channels, isChannelsLast) = (shape[0], shape[2], shape[3], shape[1], false)
      case 4:
        throw FileError(
          path: url.path,
          reason:
            "has the shape \(shape), where images with channels have 1 or 3 of them, on the last axis or the second")
      default:
        throw FileError(
          path: url.path,
          reason: "has the shape \(shape), where images have 3 axes (count, height, width), or 4 with channels; are "
            + "images and labels exchanged?")
      }
    }
  }

  /// Files may be gzip-compressed or not and spelled with a hyphen or a dot (`train-images.idx3-ubyte`); some archives
  /// unpack each into a folder of its own name.
  private static func spellings(_ name: String) -> [String] {
    [name, name.replacingOccurrences(of: "-idx", with: ".idx")].flatMap { [$0, $0 + ".gz"] }
  }

  private static func find(_ name: String, in directory: URL) -> URL? {
    let names = spellings(name)
    return (names + names.map { "\($0)/\($0)" }).map { directory.appendingPathComponent($0) }.first(
      where: isRegularFile)
  }

  private func missing(_ files: [(kind: String, name: String)], _ split: Split, in directory: URL) -> FileError {
    let wanted = files.map { "any of " + Self.spellings($0.name).joined(separator: ", ") }.joined(separator: "; and ")
    return FileError(
      path: directory.path,
      reason: "\(isFolder(directory) ? "lacks" : "is not a folder; it should hold") \(title)'s \(split.rawValue) "
        + "\(files.map(\.kind).joined(separator: " and ")) (\(wanted)); \(advice)")
  }
}
