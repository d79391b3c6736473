import Files
import Foundation
import Images

/// Makes images of one size of pictures, on all cores, in the order of the scan.
public struct PicturePreparation: Sendable {
  /// What is prepared. Pictures that turn out to be damaged move to what it has left out.
  public private(set) var scan: PictureScan
  /// How pictures are cropped, fitted and coloured.
  public let settings: PictureSettings
  /// Of every image: 1 or 3.
  public let channels: Int
  /// Of every image, in pixels.
  public let width: Int
  /// Of every image, in pixels.
  public let height: Int
  /// Pictures that are the same in this size, by name, two or more together; those with the same bytes are among them.
  public private(set) var samePixels: [[String]] = []

  /// - Throws: `FileError` where no size is asked for and the pictures have several.
  public init(_ scan: PictureScan, _ settings: PictureSettings) throws(FileError) {
    self.scan = scan
    self.settings = settings
    channels =
      switch settings.channels {
      case .auto: scan.pictures.contains { $0.channels == 3 } ? 3 : 1
      case .grey: 1
      case .colour: 3
      }
    func size(_ picture: ScannedPicture) -> (Int, Int) {
      guard settings.crop == .center else { return (picture.width, picture.height) }
      return (min(picture.width, picture.height), min(picture.width, picture.height))
    }
    if settings.size > 0 {
      (width, height) = (settings.size, settings.size)
    } else {
      let first = scan.pictures[0]
      if let other = scan.pictures.first(where: { size($0) != size(first) }) {
        throw scan.container.error(
          "holds pictures of several sizes, such as \(first.file.name) (\(first.width) x \(first.height)) and "
            + "\(other.file.name) (\(other.width) x \(other.height)): say which size they should have (data.size, or "
            + "--size)",
          in: nil)
      }
      (width, height) = size(first)
    }
  }

  /// A picture as an image of the set.
  ///
  /// - Throws: `ImageError`.
  func image(_ data: Data) throws(ImageError) -> Image {
    let background = settings.backgroundColour ?? .white
    var image = try Image(
      decoding: data, options: DecodingOptions(background: background, channels: channels == 1 ? .grey : .colour))
    if settings.crop == .center {
      let side = min(image.width, image.height)
      image = try image.cropped(toCentral: (side, side))
    }
    guard image.width != width || image.height != height else { return image }
    return try image.fitted(
      to: (width, height), fit: settings.fit, filter: settings.filter, background: background)
  }

  private struct Prepared<Output: Sendable>: Sendable {
    let output: Output
    let digest: Digest
  }

  private struct Digest: Hashable, Sendable {
    let first: UInt64
    let second: UInt64

    init(_ samples: [UInt8]) {
      let text = samples.withUnsafeBytes {
        sha256(
          Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: $0.baseAddress!), count: $0.count, deallocator: .none))
      }
      first = UInt64(text.prefix(16), radix: 16)!
      second = UInt64(text.dropFirst(16).prefix(16), radix: 16)!
    }
  }

  /// Decodes all pictures and gives what `transform` makes of them to `body`, in their order, on this thread. A picture
  /// that turns out to be damaged is left out, and added to those that were.
  ///
  /// - Parameters:
  ///   - transform: called on several threads at once.
  ///   - progress: called on this thread, as `body` is.
  /// - Throws: `FileError`: with strict settings a picture that is damaged, or none that is not; what `progress` and
  ///   `body` throw.
  public mutating func run<Output: Sendable>(
    transform: @escaping @Sendable (Image) throws -> Output, progress: (PictureProgress) throws -> Void = { _ in },
    _ body: (ScannedPicture, Output) throws -> Void
  ) throws {
    let workers = PictureWorkers(scan.container)
    let pictures = scan.pictures
    // Enough at a time for all cores, and not too much memory.
    let part = max(1, min(64, (64 << 20) / (channels * width * height)))
    var (used, seen): (Int, [Digest: [Int32]]) = (0, [:])
    let preparation = self
    for start in stride(from: 0, to: pictures.count, by: part) {
      try progress(PictureProgress(stage: .decoding, done: start, total: pictures.count))
      let range = start..<min(pictures.count, start + part)
      let results = try workers.map(Array(pictures[range])) { picture, reader in
        preparation.prepare(picture, reader, transform)
      }
      for (index, result) in zip(range, results) {
        switch result {
        case .success(let prepared):
          seen[prepared.digest, default: []].append(Int32(index))
          try body(pictures[index], prepared.output)
          used += 1
        case .failure(let problem):
          scan.leftOut.append(problem.file)
          try scan.requireComplete(settings)
        }
      }
    }
    try progress(PictureProgress(stage: .decoding, done: pictures.count, total: pictures.count))
    samePixels = seen.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
      .map { $0.map { pictures[Int($0)].file.name } }
    guard used > 0 else {
      throw scan.container.error("holds no picture that can be decoded", in: nil)
    }
  }

  private func prepare<Output>(
    _ picture: ScannedPicture, _ reader: any ContainerReader, _ transform: (Image) throws -> Output
  ) -> Result<Prepared<Output>, PictureScan.Problem> {
    do {
      let data = try reader.read(picture.file, limit: picture.file.size)
      let image = try image(data)
      return .success(Prepared(output: try transform(image), digest: Digest(image.samples)))
    } catch let error as ImageError {
      return .failure(
        PictureScan.Problem(
          picture.file, .damaged, error.reason + (error.offset.map { " (at byte \($0))" } ?? "")))
    } catch let error as FileError {
      return .failure(PictureScan.Problem(picture.file, PictureScan.kind(of: error), error.reason))
    } catch {
      return .failure(PictureScan.Problem(picture.file, .unreadable, "\(error)"))
    }
  }

  /// Where the set came from and what was left out of it, once it has run.
  public func provenance(used: Int) -> Provenance {
    var notes = scan.notes
    func note(_ groups: [[String]], _ what: String) {
      guard let first = groups.first else { return }
      notes.append(
        "\(groups.count) pictures are there more than once (\(what)), such as \(first.joined(separator: " and ")).")
    }
    note(scan.sameBytes, "the same bytes")
    let known = Set(scan.sameBytes.map { Set($0) })
    note(samePixels.filter { !known.contains(Set($0)) }, "other bytes, the same pixels")
    if let first = scan.misnamed.first {
      notes.append(
        """
        \(scan.misnamed.count) pictures have the name of another format, such as \(first.name), which is \
        \(first.format.name).
        """)
    }
    return Provenance(
      source: scan.container.url.standardizedFileURL.path, settings: settings.words, used: used, leftOut: scan.leftOut,
      notes: notes)
  }
}

extension Image {
  /// The samples plane by plane: [channels, height, width].
  var planes: [UInt8] {
    guard channels > 1 else { return samples }
    let plane = width * height
    return [UInt8](unsafeUninitializedCapacity: samples.count) { target, count in
      samples.withUnsafeBufferPointer { source in
        for channel in 0..<channels {
          for pixel in 0..<plane { target[channel * plane + pixel] = source[pixel * channels + channel] }
        }
      }
      count = samples.count
    }
  }
}
