import Files

/// The records of CIFAR's binary files: one label byte (CIFAR-10) or a coarse and a fine one (CIFAR-100), then 3072
/// pixels, the red, green and blue plane of 32 x 32 each.
struct CIFARRecords {
  /// [count, 3, 32, 32].
  private(set) var images: [UInt8] = []
  /// A class for each.
  private(set) var labels: [UInt8] = []

  static let imageSize = 3 * 32 * 32

  /// One of the labels in front of the pixels.
  struct Label {
    /// Its place.
    let offset: Int
    /// How many classes it tells apart.
    let classes: Int
  }

  init() {}

  /// - Parameters:
  ///   - images: whole images.
  ///   - labels: a class for each.
  init(images: [UInt8], labels: [UInt8]) {
    self.images = images
    self.labels = labels
  }

  /// Reads a stream to its end.
  ///
  /// - Parameters:
  ///   - allLabels: the labels of a record, all of which are checked.
  ///   - wanted: the index of the one that counts.
  ///   - limit: how many records the published file has; more are refused, fewer are a smaller set.
  /// - Throws: `FileError`: no record, a part of one, more than `limit`, a label outside its classes.
  init(from stream: any ByteStream, _ allLabels: [Label], wanted: Int, limit: Int) throws(FileError) {
    let recordSize = allLabels.count + Self.imageSize
    while true {
      let record = try stream.read(recordSize)
      if record.isEmpty { break }
      let start = recordSize * labels.count
      if labels.isEmpty, let kind = contentKind(of: Array(record.prefix(512))) {
        throw stream.fail("is not a CIFAR file: it is \(kind)", at: 0)
      }
      guard record.count == recordSize else {
        throw stream.fail(
          "ends within record \(grouped(labels.count)), after \(record.count) of its \(recordSize) bytes",
          at: start + record.count)
      }
      guard labels.count < limit else {
        throw stream.fail("holds more than the \(grouped(limit)) records of the published file", at: start)
      }
      for label in allLabels where record[label.offset] >= label.classes {
        throw stream.fail(
          "has the label \(record[label.offset]) in record \(grouped(labels.count)), outside 0...\(label.classes - 1)",
          at: start + label.offset)
      }
      labels.append(record[allLabels[wanted].offset])
      images += record[allLabels.count...]
    }
    guard !labels.isEmpty else { throw stream.fail("is not a CIFAR file: it is empty", at: 0) }
  }

  /// Takes in other records behind its own.
  mutating func append(_ other: consuming CIFARRecords) {
    if labels.isEmpty {
      self = other
    } else {
      images += other.images
      labels += other.labels
    }
  }
}
