import Datasets
import Testing
import Torch

/// Batches made of bytes in one pass: which images, where their pixels go, and what numbers they become.
@Suite struct ImageBatchKernelTests {
  private let shape = (channels: 3, height: 5, width: 7)

  private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 73 ^ $0 >> 3) } }

  private func set(_ count: Int, labels: [Int32]? = nil, classes: Int? = nil) throws -> LabelledImages {
    try LabelledImages(
      images: PixelBytes(bytes(count * shape.channels * shape.height * shape.width)), labels: labels, classes: classes,
      height: shape.height, width: shape.width, channels: shape.channels)
  }

  /// Old runs resume to the same bytes only if a pixel becomes the same float as by libtorch's product and sum.
  @Test(arguments: PixelRange.allCases) func floatsAreThoseOfLibtorchToTheLastBit(_ range: PixelRange) throws {
    let all = (0...255).map { UInt8($0) }
    let images = try LabelledImages(images: PixelBytes(all), labels: nil, height: 16, width: 16, channels: 1)
    let bounds = range.bounds
    let found = try ImageBatches(images, batchSize: 1, range: bounds).examples([0]).values()
    let scale = (bounds.upperBound - bounds.lowerBound) / 255
    let expected = try (Tensor(all, shape: [1, 256]).to(.float32) * scale + bounds.lowerBound).values()
    #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
    #expect(abs(found[0] - Float(bounds.lowerBound)) < 1e-6 && abs(found[255] - Float(bounds.upperBound)) < 1e-6)
  }

  /// Pictures that are written are those that one number at a time would give: the nearest level, halves up, and
  /// nothing beyond the ends.
  @Test(arguments: PixelRange.allCases, [1, 3, 4]) func bytesAreTheNearestLevels(_ range: PixelRange, _ channels: Int)
    throws
  {
    let bounds = Float(range.bounds.lowerBound)...Float(range.bounds.upperBound)
    let span = bounds.upperBound - bounds.lowerBound
    // All levels, all halves between them, their neighbours among floats, and what is no level at all.
    var values = (0...510).map { bounds.lowerBound + Float($0) / 510 * span }
    values += values.flatMap { [$0.nextUp, $0.nextDown] } + [.nan, .infinity, -.infinity, 1e30, -1e30, -0.0, 40, -40]
    let (height, width) = (5, 37)
    let size = channels * height * width
    let count = (values.count + size - 1) / size
    values += (values.count..<count * size).map { bounds.lowerBound + Float($0 % 511) / 510 * span }
    let found = Tensor(values).reshaped([count, channels, height, width]).imageBytes(in: bounds)
    #expect(found.shape == [count, height, width, channels])
    let bytes = try found.values(UInt8.self)
    for (place, byte) in bytes.enumerated() {
      let (image, pixel, channel) = (place / size, place % size / channels, place % channels)
      let value = values[image * size + channel * height * width + pixel]
      let level = (value - bounds.lowerBound) / span * 255
      #expect(byte == (level > 0 ? UInt8(min(255, level.rounded())) : 0), "of \(value)")
    }
    #expect(Tensor(values).imageBytes().isPoisoned)
  }

  @Test(arguments: ShiftPadding.allCases, [false, true])
  func movedImagesAgreeWithAPixelByPixelForm(_ padding: ShiftPadding, _ isMirrored: Bool) throws {
    let (c, h, w) = shape
    let pixels = bytes(2 * c * h * w)
    for (down, right) in [(0, 0), (1, 0), (-1, 0), (0, 2), (0, -3), (4, 6), (-4, -6), (2, -1)] {
      let batch = pixels.withUnsafeBytes {
        Tensor.images(
          [1, 0, 1], of: $0, shape: shape,
          moves: [ImageMove](
            repeating: ImageMove(isMirrored: isMirrored, down: down, right: right), count: 3), padding: padding,
          scale: 1,
          offset: 0, asRows: false)
      }
      #expect(batch.shape == [3, c, h, w])
      func source(_ index: Int, _ size: Int) -> Int? {
        if (0..<size).contains(index) { return index }
        guard padding == .reflect else { return nil }
        return index < 0 ? -index : 2 * size - 2 - index
      }
      var expected: [Float] = []
      for image in [1, 0, 1] {
        for channel in 0..<c {
          for y in 0..<h {
            for x in 0..<w {
              guard let sy = source(y - down, h), let sx = source(x - right, w) else {
                expected.append(0)
                continue
              }
              let column = isMirrored ? w - 1 - sx : sx
              expected.append(Float(pixels[((image * c + channel) * h + sy) * w + column]))
            }
          }
        }
      }
      #expect(try batch.values() == expected, "down \(down), right \(right)")
    }
  }

  @Test func rowsAndImagesAreTheSameNumbers() throws {
    let source = try set(4)
    let rows = try ImageBatches(source, batchSize: 2).examples([3, 0])
    let images = try ImageBatches(source, batchSize: 2, asRows: false).examples([3, 0])
    #expect(rows.shape == [2, 105] && images.shape == [2, 3, 5, 7])
    #expect(try rows.values() == images.values())
    #expect(try rows.values() == (source.pixels(of: 3) + source.pixels(of: 0)).map { Float($0) * Float(1.0 / 255) })
  }

  /// The order of an epoch is one permutation of the stream's, as it was when batches were chosen from floats.
  @Test func anEpochsOrderIsOnePermutation() throws {
    let source = try set(10, labels: (0..<10).map { $0 }, classes: 10)
    let batches = try #require(try ImageBatches(source, batchSize: 3).labelledBatches())
    let random = RandomStream(seed: 5).stream("data")
    for step in 0..<6 {
      let order = random.at(step / 3).permutation(10)
      let labels = try batches(step, random).labels.values(Int64.self)
      #expect(labels.map(Int.init) == Array(order[step % 3 * 3..<step % 3 * 3 + 3]))
    }
  }

  /// So several processes can share a batch: each makes its rows, and together they are the batch.
  @Test func partsOfABatchAreThoseOfTheWhole() throws {
    let source = try set(40, labels: (0..<40).map { $0 % 4 }, classes: 4)
    let batches = try ImageBatches(
      source, batchSize: 12, augmentation: ImageAugmentation(mirrors: true, shift: 2, padding: .reflect))
    let random = RandomStream(seed: 2)
    for step in [0, 1, 7] {
      let whole = try batches.batches(step, random).values()
      var parts: [Float] = []
      var labels: [Int64] = []
      for rows in [0..<1, 1..<5, 5..<12] {
        parts += try batches.batches(rows: rows)(step, random).values()
        let draw = try #require(try batches.labelledBatches(rows: rows))
        let labelled = draw(step, random)
        #expect(try labelled.examples.values() == Array(parts.suffix(rows.count * source.imageSize)))
        labels += try labelled.labels.values(Int64.self)
      }
      #expect(parts == whole)
      let all = try #require(try batches.labelledBatches())
      #expect(try labels == all(step, random).labels.values(Int64.self))
    }
  }

  @Test func partsOfALabelledDrawAreThoseOfTheWhole() throws {
    let source = try set(40, labels: (0..<40).map { $0 % 4 }, classes: 4)
    let draw = try LabelDraw(8, of: source.labels!, classes: 4, seed: 1)
    let images = try ImageBatches(source, batchSize: 1, augmentation: ImageAugmentation(mirrors: true, shift: 1))
    let random = RandomStream(seed: 3)
    let whole = draw.batches(6, of: images)(4, random)
    let (first, second) = (draw.batches(6, of: images, rows: 0..<2), draw.batches(6, of: images, rows: 2..<6))
    #expect(try first(4, random).examples.values() + second(4, random).examples.values() == whole.examples.values())
    #expect(
      try first(4, random).labels.values(Int64.self) + second(4, random).labels.values(Int64.self)
        == whole.labels.values(Int64.self))
  }

  /// Every place of every step has a draw of its own, and all moves are as likely as each other.
  @Test func movesAreDrawnEvenlyAndIndependently() throws {
    // An image of two columns, of which the left is bright, tells whether it is mirrored; a ramp where it has been
    // moved to.
    let ramp = try LabelledImages(
      images: PixelBytes((0..<49).map { UInt8($0 + 1) }), labels: nil, height: 7, width: 7, channels: 1)
    let batches = try ImageBatches(
      ramp, batchSize: 1, range: 0...255, augmentation: ImageAugmentation(mirrors: true, shift: 2))
    let count = 6_000
    var seen: [[Int]: Int] = [:]
    for step in 0..<count {
      let values = try batches.batches(step, RandomStream(seed: 1)).values().map { Int($0) }
      let middle = values[24]
      let isMirrored = values[25] < middle && values[25] != 0
      seen[[isMirrored ? 1 : 0, (middle - 1) / 7, (middle - 1) % 7], default: 0] += 1
    }
    #expect(seen.count == 50)
    // 120 are expected of each; six standard deviations are 65.
    #expect(seen.values.allSatisfy { abs($0 - count / 50) < 65 }, "\(seen.values.sorted())")
  }

  @Test func whatCannotBeGatheredIsAFailedOperation() throws {
    let source = try set(3)
    #expect(throws: TensorError.self) { try checkingTensors { try ImageBatches(source, batchSize: 1).examples([3]) } }
    #expect(throws: TensorError.self) { try checkingTensors { try ImageBatches(source, batchSize: 1).examples([-1]) } }
    let error = #expect(throws: TensorError.self) {
      try checkingTensors {
        source.images.withUnsafeBytes {
          Tensor.images(
            [0], of: $0, shape: shape, moves: [ImageMove(down: 5)], scale: 1, offset: 0, asRows: true)
        }
      }
    }
    #expect(error?.description.contains("shifted") == true)
  }

  /// The number of threads has no part in what comes out.
  @Test func largeBatchesAreTheSameOnOneThreadAndOnTwo() throws {
    let source = try LabelledImages(
      images: PixelBytes(bytes(64 * 3 * 64 * 64)), labels: nil, height: 64, width: 64, channels: 3)
    let batches = try ImageBatches(source, batchSize: 64, augmentation: ImageAugmentation(mirrors: true, shift: 4))
    let before = Libtorch.threads
    defer { Libtorch.threads = before }
    Libtorch.threads = 1
    let one = try batches.batches(0, RandomStream(seed: 1)).values()
    Libtorch.threads = 2
    #expect(try batches.batches(0, RandomStream(seed: 1)).values() == one)
  }
}
