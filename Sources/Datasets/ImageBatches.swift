import Torch

/// Images as a generator makes them: one row of numbers each, in a stated range.
public struct ImageBatches {
  /// [count, height * width * channels], values in `range`.
  public let images: Tensor
  public let batchSize: Int

  /// - Parameters:
  ///   - pixels: `count` images of `imageSize` bytes, one after the other.
  ///   - range: what the bytes 0 ... 255 become.
  public init(
    pixels: [UInt8], imageSize: Int, batchSize: Int, range: ClosedRange<Double> = 0...1, device: Device = .cpu
  ) {
    let scale = (range.upperBound - range.lowerBound) / 255
    images =
      Tensor(pixels, shape: [pixels.count / max(1, imageSize), imageSize], device: device).to(.float32) * scale
      + range.lowerBound
    self.batchSize = batchSize
  }

  /// Steps in which every image is seen once; the remainder of a division waits for another epoch's order.
  public var stepsPerEpoch: Int { images.size(0) / batchSize }

  /// Batches [batchSize, imageSize] that go through the images in an order drawn anew for every epoch.
  public var batches: Batches {
    // An order is a function of stream and epoch; keeping the last one of each stream only saves time.
    var orders: [RandomStream: (epoch: Int, order: [Int])] = [:]
    return { step, random in
      let epoch = step / stepsPerEpoch
      if orders[random]?.epoch != epoch {
        orders[random] = (epoch, random.at(epoch).permutation(images.size(0)))
      }
      let first = step % stepsPerEpoch * batchSize
      let rows = orders[random]!.order[first..<first + batchSize].map(Int64.init)
      return images.selecting(0, Tensor(rows, device: images.device))
    }
  }
}
