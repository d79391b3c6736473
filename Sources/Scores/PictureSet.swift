import Datasets
import Files
import Foundation
import Images
import Metrics
import Torch

/// Pictures one after the other, from wherever they come.
public protocol PictureSet: AnyObject {
  /// For people, such as "pictures of photos".
  var title: String { get }
  /// Pictures; their indices are 0 ..< this.
  var count: Int { get }
  /// SHA-256 of the names and times of the files, or of the pixels, or of what they are made by; nil where nothing can
  /// be said. What has the same has the same pictures.
  var key: String? { get }
  /// What was left out, and why.
  var notes: [String] { get }
  /// The name of a picture, for people.
  func name(_ index: Int) -> String
  /// The pictures of a range, in order; those that cannot be used are missing, and noted.
  ///
  /// - Throws: `FileError`, `TensorError`.
  func pictures(_ range: Range<Int>) throws -> [(index: Int, picture: Image)]
}

/// The pictures of a folder or zip archive, each in its own size: in folders below as well, whatever the files are
/// called, in the order of their names.
public final class PictureFiles: PictureSet {
  public let title: String
  public let key: String?
  public private(set) var notes: [String] = []
  private let reader: PictureReader
  private let order: [Int]
  private var damaged = 0

  /// - Parameters:
  ///   - limit: the first so many, at most.
  ///   - requiresAll: whether a picture that cannot be used is an error.
  ///   - progress: called while headers are read.
  /// - Throws: `FileError`: nothing there, no pictures, something else.
  public init(
    _ url: URL, split: Split? = nil, limit: Int? = nil, background: RGB = .white,
    progress: (PictureProgress) throws -> Void = { _ in }
  ) throws {
    let container = try pictureContainer(at: url)
    var settings = PictureSettings()
    settings.labels = .none
    let scan = try PictureScan(container, settings, split: split, requiresLabels: false, progress: progress)
    reader = PictureReader(scan, background: background)
    order = Array((0..<reader.count).prefix(limit ?? .max))
    title = "pictures of \(url.lastPathComponent)"
    // Names, sizes and times: what of it changes makes another set.
    let words = "pictures \(split?.rawValue ?? "all") \(order.count) \(background)"
    key = PackedKey(source: url, files: container.stamps, settings: words).digest
    let missed = scan.leftOut.filter { $0.kind != .system }
    if let first = missed.first {
      notes.append("\(missed.count) files are no pictures that can be used, such as \(first.name): \(first.reason)")
    }
  }

  public var count: Int { order.count }
  public func name(_ index: Int) -> String { reader.scan.pictures[order[index]].file.name }

  public func pictures(_ range: Range<Int>) throws -> [(index: Int, picture: Image)] {
    var found: [(index: Int, picture: Image)] = []
    for (index, result) in zip(range, try reader.pictures(order[range.lowerBound]..<order[range.upperBound - 1] + 1)) {
      switch result {
      case .success(let picture): found.append((index, picture))
      case .failure(let error):
        damaged += 1
        if damaged == 1 { notes.append("pictures that are damaged were left out, such as \(error)") }
      }
    }
    return found
  }
}

/// The images of a data set.
public final class DataSetPictures: PictureSet {
  public let title: String
  public let count: Int
  public let key: String?
  public let notes: [String] = []
  private let images: LabelledImages
  private let order: [Int]

  /// - Parameters:
  ///   - limit: so many, at most, chosen by `seed`, in the order of the set; all, where it is nil.
  public init(_ images: LabelledImages, title: String, limit: Int? = nil, seed: UInt64 = 1) {
    self.images = images
    self.title = title
    if let limit, limit < images.count {
      order = RandomStream(seed: seed).stream("scored pictures").permutation(images.count).prefix(limit).sorted()
    } else {
      order = Array(0..<images.count)
    }
    count = order.count
    key = sha256(Data("\(images.fingerprint) \(order.count) of \(images.count) by \(seed)".utf8))
  }

  public func name(_ index: Int) -> String { "image \(order[index])" }

  public func pictures(_ range: Range<Int>) throws -> [(index: Int, picture: Image)] {
    range.map { index in
      (index, Self.image(images.pixels(of: order[index]), images.channels, images.height, images.width))
    }
  }

  /// An image of its planes.
  static func image(_ planes: [UInt8], _ channels: Int, _ height: Int, _ width: Int) -> Image {
    guard channels == 3 else { return Image(width: width, height: height, channels: 1, made: planes) }
    let plane = height * width
    let samples = [UInt8](unsafeUninitializedCapacity: planes.count) { samples, count in
      for pixel in 0..<plane { for channel in 0..<3 { samples[pixel * 3 + channel] = planes[channel * plane + pixel] } }
      count = planes.count
    }
    return Image(width: width, height: height, channels: 3, made: samples)
  }
}

/// Pictures that a generator makes as they are asked for.
public final class GeneratedPictures: PictureSet {
  public let title: String
  public let count: Int
  public let key: String?
  public let notes: [String] = []
  private let images: (Range<Int>) throws -> Tensor

  /// - Parameters:
  ///   - images: those of a range of numbers, [N, C, H, W] with values in 0 ... 1; they are clamped, and rounded to
  ///     bytes.
  ///   - key: see ``PictureSet/key``.
  public init(title: String, count: Int, key: String? = nil, images: @escaping (Range<Int>) throws -> Tensor) {
    self.title = title
    self.count = count
    self.key = key
    self.images = images
  }

  public func name(_ index: Int) -> String { "sample \(index)" }

  public func pictures(_ range: Range<Int>) throws -> [(index: Int, picture: Image)] {
    let (shape, bytes) = try checkingTensors {
      let x = try images(range)
      guard try x.isAllFinite() else {
        throw ScoreError.unsuitable("generated pictures hold numbers that are not finite")
      }
      // Conversion cuts the fraction off.
      return (x.shape, try (x.to(.cpu).to(.float32).clamped(0, 1) * 255 + 0.5).to(.uint8).values(UInt8.self))
    }
    let size = shape.dropFirst().reduce(1, *)
    return range.enumerated().map { place, index in
      (
        index,
        DataSetPictures.image(Array(bytes[place * size..<(place + 1) * size]), shape[1], shape[2], shape[3])
      )
    }
  }
}
