import Foundation
import Images
import Testing

/// 16 bits become 8 by v * 255 / 65535, rounded. Pillow 13.0.0, which `Golden/sixteen_bits.py` asked, does not: grey
/// above 255 is all white, since it clips; of colour it drops the low byte.
@Suite struct SixteenBitTests {
  private struct Case: Decodable {
    let file: Data
    let pillow: [UInt8]
  }

  private struct Golden: Decodable {
    let values: [Int]
    let right: [UInt8]
    let grey: Case
    let colour: Case

    init() throws {
      let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Golden/sixteen_bits.json")
      self = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }
  }

  @Test func levelsAreScaledWhereOthersClipOrDrop() throws {
    let golden = try Golden()
    let grey = try Image(decoding: golden.grey.file, options: DecodingOptions())
    #expect(grey.channels == 1 && grey.samples == golden.right)
    let colour = try Image(decoding: golden.colour.file, options: DecodingOptions())
    #expect(colour.channels == 3 && colour.samples == golden.right.flatMap { [$0, $0, $0] })
    // What Pillow has in their place, so that nobody holds ours to it.
    #expect(golden.grey.pillow == golden.values.map { UInt8(min($0, 255)) })
    #expect(golden.colour.pillow == golden.values.map { UInt8($0 >> 8) })
    #expect(golden.grey.pillow != golden.right && golden.colour.pillow != golden.right)
  }
}
