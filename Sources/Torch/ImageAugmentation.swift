/// What batches do to images so that a network does not see the same ones again and again: a draw of its own for each
/// place in the batch of each step, whichever image stands there.
public struct ImageAugmentation: Codable, Sendable, Hashable {
  /// Whether every second image on average is mirrored left to right.
  public var mirrors: Bool
  /// The most pixels that an image is moved, up or down and to either side, by any whole number of them with the same
  /// probability.
  public var shift: Int
  /// What stands where it has moved away from.
  public var padding: ShiftPadding

  /// Nothing, unless stated otherwise.
  public init(mirrors: Bool = false, shift: Int = 0, padding: ShiftPadding = .zero) {
    self.mirrors = mirrors
    self.shift = shift
    self.padding = padding
  }

  /// Images stay as they are.
  public static let none = ImageAugmentation()

  /// What becomes of the images at places `rows` of a batch; nil where nothing does.
  ///
  /// Each place has four words of the stream to itself (of which three are used), so that its draw depends on nothing
  /// but the stream and the place: a process that makes some rows of a batch makes the same ones.
  public func moves(_ rows: Range<Int>, _ random: RandomStream) -> [ImageMove]? {
    guard mirrors || shift > 0 else { return nil }
    let words = random.words(4 * rows.upperBound)
    func step(_ word: UInt32) -> Int { Int((UInt64(word) * UInt64(2 * shift + 1)) >> 32) - shift }
    return rows.map { row in
      ImageMove(
        isMirrored: mirrors && words[4 * row] >> 31 == 1, down: step(words[4 * row + 1]),
        right: step(words[4 * row + 2]))
    }
  }
}
