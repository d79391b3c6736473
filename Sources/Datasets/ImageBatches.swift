import Torch

/// Images as networks take them: batches in a random order, floats in a stated range, made from bytes in one pass when
/// they are asked for. Nothing of the set is held as floats.
public struct ImageBatches {
  /// The set that batches are drawn from, as bytes.
  public let source: LabelledImages
  /// Images in a batch.
  public let batchSize: Int
  /// What happens to the images of ``batches``.
  public let augmentation: ImageAugmentation
  private let scale: Double
  private let offset: Double
  private let asRows: Bool
  private let device: Device

  /// - Parameters:
  ///   - range: what the bytes 0 ... 255 become.
  ///   - augmentation: what happens to the images of ``batches``; those of ``examples(_:)`` are as they are.
  ///   - asRows: batches [N, channels * height * width] in place of [N, channels, height, width].
  /// - Throws: ``DataError`` where there are fewer images than a batch has, or a shift is not smaller than the images.
  public init(
    _ source: LabelledImages, batchSize: Int, range: ClosedRange<Double> = 0...1,
    augmentation: ImageAugmentation = .none, asRows: Bool = true, device: Device = .cpu
  ) throws(DataError) {
    try DataError.require(
      (1...max(1, source.count)).contains(batchSize) && source.count > 0,
      "batches of \(batchSize) of \(source.count) images")
    try DataError.require(
      augmentation.shift >= 0 && augmentation.shift < min(source.height, source.width),
      "a shift of \(augmentation.shift) pixels of images of \(source.height) x \(source.width)")
    self.source = source
    self.batchSize = batchSize
    self.augmentation = augmentation
    self.asRows = asRows
    self.device = device
    scale = (range.upperBound - range.lowerBound) / 255
    offset = range.lowerBound
  }

  /// Steps in which every image is seen once; the remainder of a division waits for another epoch's order.
  public var stepsPerEpoch: Int { source.count / batchSize }

  /// The images at these positions: [N, channels * height * width] or [N, channels, height, width].
  public func examples(_ positions: some Collection<Int>) -> Tensor { gathered(Array(positions), nil) }

  /// Batches of ``batchSize`` images that go through all of them in an order drawn anew for every epoch.
  public var batches: Batches { batches(known: 0..<batchSize) }

  /// Rows `rows` of the batches that ``batches`` makes, for one of several processes.
  ///
  /// - Throws: ``DataError`` where a batch has no such rows.
  public func batches(rows: Range<Int>) throws(DataError) -> Batches {
    try require(rows)
    return batches(known: rows)
  }

  private func batches(known rows: Range<Int>) -> Batches {
    let chosen = positions(rows)
    return { step, random in gathered(chosen(step, random), moves(rows, step, random)) }
  }

  /// The same with the classes of the images, [N]; nil where they have none.
  ///
  /// - Throws: ``DataError`` where a batch has no such rows.
  public func labelledBatches(rows: Range<Int>? = nil) throws(DataError) -> LabelledBatches? {
    if let rows { try require(rows) }
    guard let labels = source.labels else { return nil }
    let rows = rows ?? 0..<batchSize
    let chosen = positions(rows)
    return { step, random in
      let positions = chosen(step, random)
      let classes = Tensor(positions.map { Int64(labels[$0]) }, device: device)
      return (gathered(positions, moves(rows, step, random)), classes)
    }
  }

  /// Images chosen by somebody else for `rows` of a step's batch, augmented as those of ``batches``, with their
  /// classes.
  func examples(_ positions: [Int], classes: [Int], rows: Range<Int>, step: Int, random: RandomStream) -> (
    examples: Tensor, labels: Tensor
  ) {
    (gathered(positions, moves(rows, step, random)), Tensor(classes.map(Int64.init), device: device))
  }

  private func require(_ rows: Range<Int>) throws(DataError) {
    try DataError.require(
      rows.lowerBound >= 0 && rows.upperBound <= batchSize, "rows \(rows) of a batch of \(batchSize)")
  }

  /// Which images stand in `rows` of a step's batch.
  private func positions(_ rows: Range<Int>) -> (_ step: Int, _ random: RandomStream) -> [Int] {
    // An order is a function of stream and epoch; keeping the last one of each stream only saves time.
    var orders: [RandomStream: (epoch: Int, order: [Int])] = [:]
    return { step, random in
      let epoch = step / stepsPerEpoch
      if orders[random]?.epoch != epoch {
        orders[random] = (epoch, random.at(epoch).permutation(source.count))
      }
      let first = step % stepsPerEpoch * batchSize
      return Array(orders[random]!.order[first + rows.lowerBound..<first + rows.upperBound])
    }
  }

  private func moves(_ rows: Range<Int>, _ step: Int, _ random: RandomStream) -> [ImageMove]? {
    augmentation.moves(rows, random.stream("augmentation").at(step))
  }

  private func gathered(_ positions: [Int], _ moves: [ImageMove]?) -> Tensor {
    source.images.withUnsafeBytes {
      Tensor.images(
        positions, of: $0, shape: (source.channels, source.height, source.width), moves: moves,
        padding: augmentation.padding, scale: scale, offset: offset, asRows: asRows, device: device)
    }
  }
}
