/// The draws of NumPy's `RandomState`, by which the tools that scores are compared with choose and shuffle: the
/// Mersenne Twister (Matsumoto and Nishimura 1998), and NumPy's way of making permutations of it.
public struct NumPyRandom: Sendable {
  private var state = [UInt32](repeating: 0, count: 624)
  private var position = 624

  /// As `numpy.random.RandomState(seed)`.
  public init(seed: UInt32) {
    state[0] = seed
    for index in 1..<624 {
      state[index] = 1_812_433_253 &* (state[index - 1] ^ state[index - 1] >> 30) &+ UInt32(index)
    }
  }

  /// The next 32 bits.
  public mutating func next() -> UInt32 {
    if position == 624 {
      for index in 0..<624 {
        let y = state[index] & 0x8000_0000 | state[(index + 1) % 624] & 0x7fff_ffff
        state[index] = state[(index + 397) % 624] ^ y >> 1 ^ (y & 1 == 0 ? 0 : 0x9908_b0df)
      }
      position = 0
    }
    var y = state[position]
    position += 1
    y ^= y >> 11
    y ^= y << 7 & 0x9d2c_5680
    y ^= y << 15 & 0xefc6_0000
    return y ^ y >> 18
  }

  /// A number in 0 ... `largest`: draws are masked, and drawn again while they are too large.
  private mutating func interval(_ largest: UInt32) -> Int {
    guard largest > 0 else { return 0 }
    let mask = UInt32.max >> UInt32(largest.leadingZeroBitCount)
    while true {
      let value = next() & mask
      if value <= largest { return Int(value) }
    }
  }

  /// `RandomState.permutation(count)`.
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in stride(from: count - 1, to: 0, by: -1) { order.swapAt(index, interval(UInt32(index))) }
    return order
  }

  /// `RandomState.choice(total, count, replace=False)`.
  public mutating func choice(of total: Int, count: Int) -> ArraySlice<Int> { permutation(total).prefix(count) }
}
