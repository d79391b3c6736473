import Foundation
import Testing

import WandB

/// The framing of `.wandb` files, read back by the rules of its format, and JSON as wandb has it.
@Suite struct RecordLogTests {
  /// The records of a file, as a reader finds them; checksums are compared with CRC-32 computed bit by bit.
  private func records(_ file: Data) throws -> [Data] {
    let bytes = [UInt8](file)
    #expect(bytes.prefix(7) == [0x3A, 0x57, 0x26, 0x42, 0xE1, 0xBE, 0])
    func checksum(_ data: some Sequence<UInt8>) -> UInt32 {
      ~data.reduce(~UInt32(0)) { remainder, byte in
        (0..<8).reduce(remainder ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
      }
    }
    var (position, found, current): (Int, [Data], Data?) = (7, [], nil)
    while position < bytes.count {
      let left = 32_768 - position % 32_768
      if left < 7 {
        #expect(bytes[position..<min(position + left, bytes.count)].allSatisfy { $0 == 0 })
        position += left
        continue
      }
      let head = bytes[position..<position + 7].map(Int.init)
      let base = head.startIndex
      let stored = (0..<4).reduce(0) { $0 | head[base + $1] << (8 * $1) }
      let (length, kind) = (head[base + 4] | head[base + 5] << 8, head[base + 6])
      try #require(length <= left - 7, "a part crosses a block's end")
      let data = bytes[position + 7..<position + 7 + length]
      #expect(checksum([UInt8(kind)] + data) == UInt32(stored))
      position += 7 + length
      #expect((kind == 1 || kind == 2) == (current == nil))
      current = (current ?? Data()) + data
      if kind == 1 || kind == 4 {
        found.append(current!)
        current = nil
      }
    }
    #expect(current == nil)
    return found
  }

  /// Lengths that end before a block's end, at it, and so that no head fits behind them.
  @Test func recordsOfAllLengthsComeBack() throws {
    let room = 32_768 - 7 - 7
    for length in [0, 1, room - 8, room - 7, room - 6, room - 1, room, room + 1, 32_768, 100_000] {
      var log = RecordLog()
      let written = [
        Data((0..<length).map { UInt8(truncatingIfNeeded: $0 * 7) }), Data("next".utf8), Data(count: 40_000), Data([9]),
      ]
      for record in written { log.add(record) }
      #expect(try records(log.bytes) == written, "\(length)")
    }
  }

  @Test func numbersAndTextsAsJSON() throws {
    for (value, text) in [
      (.number(3), "3"), (.number(-0.5), "-0.5"), (.number(1e-9), "1e-09"), (.number(.nan), "NaN"),
      (.number(.infinity), "Infinity"), (.number(-.infinity), "-Infinity"), (.flag(true), "true"),
      (.text("a\"/\\\n"), #""a\"/\\\n""#), (.group(["b": .number(1), "a": .group([:])]), #"{"a":{},"b":1}"#),
    ] as [(OfflineRun.Value, String)] {
      #expect(OfflineRun.json(value) == text)
    }
  }
}
