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
  /// - Throws: ``LabelDrawError``: a count that the classes do not divide, a label outside 0 ..< `classes`, a class with
  ///   fewer examples than its share.
  public init(_ count: Int, of labels: [UInt8], classes: Int, seed: UInt64) throws {
    guard count > 0, count % classes == 0 else {
      throw LabelDrawError(description: "\(count) labels cannot be shared equally by \(classes) classes")
    }
    if let index = labels.firstIndex(where: { $0 >= classes }) {
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

  /// Batches of the drawn examples: passes through all of them, each in an order of its own, one after the other without a gap,
  /// so that a batch may be larger than the draw.
  ///
  /// - Parameter images: the whole training set, [count, F].
  public func batches(_ batchSize: Int, of images: Tensor) -> LabelledBatches {
    let device = images.device
    let examples = images.selecting(0, Tensor(indices.map(Int64.init), device: device))
    let classes = Tensor(labels.map(Int64.init), device: device)
    let count = indices.count
    return { step, random in
      var orders: [Int: [Int]] = [:]
      let rows = (step * batchSize..<(step + 1) * batchSize).map { position in
        let pass = position / count
        if orders[pass] == nil { orders[pass] = random.at(pass).permutation(count) }
        return Int64(orders[pass]![position % count])
      }
      let index = Tensor(rows, device: device)
      return (examples.selecting(0, index), classes.selecting(0, index))
    }
  }
}

/// Labels that cannot be drawn as asked.
public struct LabelDrawError: Error, CustomStringConvertible, Sendable {
  public let description: String
}
