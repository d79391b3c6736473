import CTorch

/// What becomes of one image of a batch: it is mirrored left to right, then moved.
public struct ImageMove: Sendable, Hashable {
  /// Whether left and right change places, before the image is moved.
  public var isMirrored: Bool
  /// Pixels; negative is up.
  public var down: Int
  /// Pixels; negative is to the left.
  public var right: Int

  /// By default the image stays as it is.
  public init(isMirrored: Bool = false, down: Int = 0, right: Int = 0) {
    self.isMirrored = isMirrored
    self.down = down
    self.right = right
  }
}

/// What stands where a shift has moved an image away from.
public enum ShiftPadding: String, Codable, Sendable, CaseIterable {
  /// Bytes of 0: black.
  case zero
  /// The image reflected, without its edge row or column.
  case reflect
}

extension Tensor {
  /// Images made float in one pass over their bytes: v `scale` + `offset` in float32, product and sum each rounded,
  /// which is what ``to(_:)-(DType)``, a product and a sum make of them, to the last bit.
  ///
  /// - Parameters:
  ///   - chosen: which images, by position; any may occur more than once.
  ///   - pixels: images [channels, height, width] of bytes, one after the other, last axis fastest.
  ///   - shape: channels, height and width.
  ///   - moves: one for each of `chosen`; nil leaves all as they are. A shift must be smaller than the image, else the
  ///     operation fails.
  ///   - asRows: [N, channels * height * width] in place of [N, channels, height, width]; the memory is the same.
  public static func images(
    _ chosen: [Int], of pixels: UnsafeRawBufferPointer, shape: (channels: Int, height: Int, width: Int),
    moves: [ImageMove]? = nil, padding: ShiftPadding = .zero, scale: Double, offset: Double, asRows: Bool,
    device: Device = .cpu
  ) -> Tensor {
    let size = shape.channels * shape.height * shape.width
    guard moves.map({ $0.count == chosen.count }) ?? true, size > 0 else {
      return .failed("a batch of \(chosen.count) images of \(shape), with \(moves?.count ?? chosen.count) moves")
    }
    let moves = moves?.map {
      CTImageMove(mirrored: $0.isMirrored, down: Int32(clamping: $0.down), right: Int32(clamping: $0.right))
    }
    // Of an empty set there is no address; no image of it can be chosen either.
    return withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { nothing in
      let start = pixels.baseAddress ?? UnsafeRawPointer(nothing.baseAddress!)
      func batch(_ moves: UnsafePointer<CTImageMove>?) -> Tensor {
        Tensor(
          chosen.sizes { chosen, count in
            ct_image_batch(
              start.assumingMemoryBound(to: UInt8.self), Int64(pixels.count / size), Int64(shape.channels),
              Int64(shape.height), Int64(shape.width), chosen, Int64(count), moves, padding == .reflect, scale, offset,
              asRows, device.code)
          })
      }
      return moves.map { $0.withUnsafeBufferPointer { batch($0.baseAddress) } } ?? batch(nil)
    }
  }

  /// Images [N, C, H, W] as the bytes that picture files hold, [N, H, W, C] on the CPU, in one pass.
  ///
  /// - Parameter range: the values that become 0 and 255. Each number takes the nearest of the 256 levels, halves the
  ///   upper one; those beyond are clamped, NaN becomes 0.
  public func imageBytes(in range: ClosedRange<Float> = 0...1) -> Tensor {
    Tensor(ct_image_bytes(handle, Double(range.lowerBound), Double(range.upperBound)))
  }
}
