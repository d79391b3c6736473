import Files

extension CIFARRecords {
  /// Reads a batch of CIFAR's Python version: a pickled dictionary with `data`, an array of bytes [count, 3072], and
  /// lists of labels.
  ///
  /// - Parameters:
  ///   - labelKey: the list that counts, `labels`, `fine_labels` or `coarse_labels`, of classes below `classes`.
  ///   - limit: how many records the published file has; more are refused.
  /// - Throws: `FileError`: what ``Pickle`` refuses; an entry that is missing or of another kind; counts that differ; a
  ///   label outside its classes.
  init(
    pickle stream: any ByteStream, labelKey: String, classes: Int, limit: Int
  ) throws(FileError) {
    // Pixels, and names of files and labels of every image beside them.
    let entries = try Pickle.dictionary(from: stream, limit: limit * (Self.imageSize + 200) + 1 << 16)
    let end = stream.count
    guard let data = entries["data"] else { throw stream.fail("is a pickle without the entry 'data'", at: end) }
    guard case .array(let array) = data else {
      throw stream.fail("has \(data.kind) as its entry 'data', not an array", at: end)
    }
    guard array.shape.count == 2, array.shape[1] == Self.imageSize, array.shape[0] > 0, array.shape[0] <= limit else {
      throw stream.fail(
        "has an array of shape \(array.shape) as its entry 'data', where CIFAR's is [\(grouped(limit)), 3072]", at: end)
    }
    guard let list = entries[labelKey] else {
      throw stream.fail("is a pickle without the entry '\(labelKey)'", at: end)
    }
    guard case .list(let labels) = list else {
      throw stream.fail("has \(list.kind) as its entry '\(labelKey)', not a list", at: end)
    }
    guard labels.count == array.shape[0] else {
      throw stream.fail("holds \(grouped(array.shape[0])) images, but \(grouped(labels.count)) labels", at: end)
    }
    var classesOfAll: [UInt8] = []
    classesOfAll.reserveCapacity(labels.count)
    for (index, label) in labels.enumerated() {
      guard case .int(let number) = label, (0..<classes).contains(number) else {
        throw stream.fail(
          "has \(label.text) as the label at index \(grouped(index)), outside 0...\(classes - 1)", at: end)
      }
      classesOfAll.append(UInt8(number))
    }
    self.init(images: array.bytes, labels: classesOfAll)
  }
}
