import CTorch

/// Random numbers that are a function of where they are used: a seed, the name of a purpose, a step.
///
/// A stream has no state. Drawing from it twice gives the same numbers twice; other numbers come from another stream,
/// which ``stream(_:)`` or ``at(_:)`` derives. So a resumed run needs no saved generator, and no draw depends on the
/// ones before it:
///
/// ```swift
/// let noise = RandomStream(seed: 7).stream("noise")
/// let z = noise.at(step).uniform([100, 10])
/// ```
///
/// A stream of several seeds draws for all of them at once, along a leading dimension, each slice exactly
/// what that seed alone would have drawn.
///
/// Numbers come from Philox 4x32-10 under a 64-bit key and are the same on every device of a machine.
public struct RandomStream: Sendable, Hashable {
  private let keys: [UInt64]
  private let isStacked: Bool
  /// Which rows of a larger draw are drawn; empty for all.
  private let rows: [Range<Int>]

  /// The stream of one seed; any number is one, and neighbours have nothing in common.
  public init(seed: UInt64) { self.init(keys: [mixed(seed)], isStacked: false) }

  /// One slice per seed along a new leading dimension.
  public init(seeds: [UInt64]) { self.init(keys: seeds.map(mixed), isStacked: true) }

  private init(keys: [UInt64], isStacked: Bool, rows: [Range<Int>] = []) {
    self.keys = keys
    self.isStacked = isStacked
    self.rows = rows
  }

  /// The same numbers, of which draws yield these rows, one range after the other: for a process that plays with a part
  /// of a batch. The first dimension of what is drawn, after that over seeds, runs over them, and must be as long.
  /// Streams derived from it draw the same rows. ``words(_:)`` and ``permutation(_:)`` have no rows.
  public func rows(_ rows: [Range<Int>]) -> RandomStream { RandomStream(keys: keys, isStacked: isStacked, rows: rows) }

  /// The rows that this process has of `batches`, which are drawn for one after the other.
  package func rows(of batches: [WholeBatch]) -> RandomStream {
    var (first, rows): (Int, [Range<Int>]) = (0, [])
    for case let (own, count)? in batches.map(\.rows) {
      rows.append(first + own.lowerBound..<first + own.upperBound)
      first += count
    }
    return rows.isEmpty ? self : self.rows(rows)
  }

  /// For a batch with `count` rows of something else before those that this stream draws for.
  package func behind(_ count: Int) -> RandomStream {
    rows.isEmpty || count == 0
      ? self : self.rows([0..<count] + rows.map { $0.lowerBound + count..<$0.upperBound + count })
  }

  /// A stream of the same seeds for another purpose.
  public func stream(_ purpose: String) -> RandomStream {
    // FNV-1a: Swift's own hash differs from one process to the next.
    let hash = purpose.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return RandomStream(keys: keys.map { mixed($0 ^ mixed(hash)) }, isStacked: isStacked, rows: rows)
  }

  /// The stream's `index`-th successor: for a step, an epoch, a rank.
  public func at(_ index: Int) -> RandomStream {
    RandomStream(
      keys: keys.map { mixed($0 &+ mixed(UInt64(bitPattern: Int64(index)))) }, isStacked: isStacked, rows: rows)
  }

  /// Uniform on [0, 1), of `shape`, after a leading dimension over the seeds where there are several.
  public func uniform(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    withRows { rows, count in
      Tensor(
        shape.sizes { ct_uniform(keys, Int32(keys.count), isStacked, rows, count, $0, $1, dtype.code, device.code) })
    }
  }

  /// Normal with mean 0 and standard deviation 1, shaped as ``uniform(_:dtype:device:)``, by Box and Muller. The radius
  /// is of a uniform number of 24 bits, 53 in float64: none is farther than 5.77 from 0, or 8.57. One of 126 million
  /// would be.
  public func normal(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    withRows { rows, count in
      Tensor(
        shape.sizes { ct_normal(keys, Int32(keys.count), isStacked, rows, count, $0, $1, dtype.code, device.code) })
    }
  }

  /// Shaped, and of the kind and in the place, as `x`, which has the leading dimension where there are several seeds.
  public func normal(like x: Tensor) -> Tensor {
    normal(Array(x.shape.dropFirst(isStacked ? 1 : 0)), dtype: x.dtype, device: x.device)
  }

  /// `x` + `deviation` times what ``normal(like:)`` draws, in one pass.
  public func addingNormal(to x: Tensor, deviation: Double) -> Tensor {
    withRows { Tensor(ct_add_normal(x.handle, keys, Int32(keys.count), isStacked, $0, $1, deviation)) }
  }

  /// Dropout, inverted: `x` with each element 0 where a number drawn as by ``uniform(_:dtype:device:)`` in its shape is
  /// below `rate`, and multiplied by 1 / (1 - `rate`) elsewhere. A rate outside 0 ..< 1 is a failed operation.
  public func dropout(_ x: Tensor, rate: Double) -> Tensor {
    withRows { Tensor(ct_dropout(x.handle, keys, Int32(keys.count), isStacked, $0, $1, rate)) }
  }

  private func withRows(_ body: (UnsafePointer<CTRows>?, Int32) -> Tensor) -> Tensor {
    if rows.isEmpty { return body(nil, 0) }
    return rows.map { CTRows(first: Int64($0.lowerBound), count: Int64($0.count)) }.withUnsafeBufferPointer {
      body($0.baseAddress, Int32($0.count))
    }
  }

  /// `value` everywhere, shaped as ``uniform(_:dtype:device:)``.
  public func constant(_ value: Double, _ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    .full(value, leadingShape + shape, dtype: dtype, device: device)
  }

  /// `[S]` for a stream of S seeds side by side, `[]` for that of a single seed.
  public var leadingShape: [Int] { isStacked ? [keys.count] : [] }

  /// The first `count` 32-bit words of the stream, each as likely as any other; more words begin with the same ones.
  ///
  /// Of a stream of several seeds they are the first seed's.
  public func words(_ count: Int) -> [UInt32] {
    [UInt32](unsafeUninitializedCapacity: max(0, count)) { words, filled in
      if count > 0 { ct_random_words(keys[0], words.baseAddress!, Int64(count)) }
      filled = max(0, count)
    }
  }

  /// 0 ..< `count` in random order.
  ///
  /// Of a stream of several seeds it is the first seed's.
  ///
  /// - Parameter count: at most 2^32.
  public func permutation(_ count: Int) -> [Int] {
    let words = words(count)
    var order = Array(0..<max(0, count))
    // Fisher and Yates; the multiplication maps a word to 0 ... index without a measurable bias.
    for index in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(index, Int((UInt64(words[index]) &* UInt64(index + 1)) >> 32))
    }
    return order
  }
}

/// A bijection of 64-bit words whose output bits each depend on all input bits (the finaliser of SplitMix64).
private func mixed(_ word: UInt64) -> UInt64 {
  var x = word &+ 0x9e37_79b9_7f4a_7c15
  x = (x ^ (x >> 30)) &* 0xbf58_476d_1ce4_e5b9
  x = (x ^ (x >> 27)) &* 0x94d0_49bb_1331_11eb
  return x ^ (x >> 31)
}

/// The stream under exactly this Philox key, for checking against other implementations.
package func rawStream(key: UInt64) -> RandomStream { RandomStream(rawKey: key) }
extension RandomStream {
  fileprivate init(rawKey: UInt64) { self.init(keys: [rawKey], isStacked: false) }
}
