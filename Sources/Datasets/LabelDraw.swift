import Torch

/// Which examples of a training set may be seen with their labels: for each class the first few of the set in a random
/// order, as the published experiments choose them.
///
/// The draw is a value that can be written down: with it a run can be repeated by anyone who has the data.
public struct LabelDraw: Codable, Sendable, Hashable {
  /// Of the random order.
  public let seed: UInt64
  /// K, the number of classes, of which each has the same number of examples.
  public let classes: Int
  /// Positions in the training set, class after class.
  public let indices: [Int]
  /// The class of each, in 0 ..< K.
  public let labels: [Int]

  /// - Parameters:
  ///   - count: the number of examples in all; a multiple of `classes`.
  ///   - labels: the class of every example of the training set.
  /// - Throws: ``LabelDrawError``: a count that the classes do not divide, a label outside 0 ..< `classes`, a class
  ///   with fewer examples than its share.
  public init(_ count: Int, of labels: [some BinaryInteger], classes: Int, seed: UInt64) throws {
    guard count > 0, count % classes == 0 else {
      throw LabelDrawError(description: "\(count) labels cannot be shared equally by \(classes) classes")
    }
    if let index = labels.firstIndex(where: { $0 < 0 || $0 >= classes }) {
      throw LabelDrawError(
        description: "the label at index \(index) is \(labels[index]), outside 0...\(classes - 1)")
    }
    let share = count / classes
    var members = [[Int]](repeating: [], count: classes)
    for index in RandomStream(seed: seed).stream("label draw").permutation(labels.count)
    where members[Int(labels[index])].count < share {
      members[Int(labels[index])].append(index)
    }
    if let scarce = members.firstIndex(where: { $0.count < share }) {
      throw LabelDrawError(
        description: "\(count) labels take \(share) examples of each class, but class \(scarce) has only "
          + "\(members[scarce].count)")
    }
    self.seed = seed
    self.classes = classes
    indices = members.flatMap { $0 }
    self.labels = members.enumerated().flatMap { [Int](repeating: $0, count: $1.count) }
  }

  /// Batches of the drawn examples: passes through all of them, each in an order of its own, one after the other
  /// without a gap, so that a batch may be larger than the draw.
  ///
  /// - Parameters:
  ///   - images: of the whole training set, in which the drawn ones are looked up; its batch size is of no account.
  ///   - rows: those of the batch that are made, for one of several processes; all if nil.
  public func batches(_ batchSize: Int, of images: ImageBatches, rows: Range<Int>? = nil) -> LabelledBatches {
    let rows = rows ?? 0..<batchSize
    return { step, random in
      var orders: [Int: [Int]] = [:]
      let chosen = rows.map { row in
        let (pass, place) = (step * batchSize + row).quotientAndRemainder(dividingBy: indices.count)
        if orders[pass] == nil { orders[pass] = random.at(pass).permutation(indices.count) }
        return orders[pass]![place]
      }
      return images.examples(
        chosen.map { indices[$0] }, classes: chosen.map { labels[$0] }, rows: rows, step: step, random: random)
    }
  }
}

/// Labels that cannot be drawn as asked.
public struct LabelDrawError: Error, CustomStringConvertible, Sendable {
  public let description: String
}
