import Files
import Foundation
import Testing

import TensorBoard

@Suite struct EventFileTests {
  private static let time = 1_700_000_000.25

  /// Those of Golden/generate.py, but for the first two, with which every file begins.
  private static let events: [Event] = {
    func event(_ step: Int, _ tag: String, _ value: Event.Value) -> Event {
      Event(time: time + Double(step), step: step, tag, value)
    }
    return [
      event(
        0, Event.hyperparametersTag,
        .hyperparameters([
          "batchSize": .number(100), "name": .text("tiny"), "off": .flag(false), "on": .flag(true), "zero": .number(0),
          "summary": .text(""),
        ])), event(0, "recipe", .text("```yaml\nname: Größe\n```\n")),
      event(0, "samples", .picture(png: Data(0...255), width: 5, height: 3)),
      event(300, "loss/discriminator", .scalar(1.3862943611198906)), event(300, "zero", .scalar(0)),
      event(300, "nan", .scalar(.nan)),
      event(
        300, "outputs of D/real",
        .histogram(Event.Histogram(edges: [0, 0.25, 0.5, 0.75, 1], counts: [0, 3, 200, 0])!)),
      event(300, "outputs of D/generated", .histogram(Event.Histogram(edges: [0, 0.5, 1], counts: [0, 0])!)),
      event(1 << 40, "far", .scalar(-.infinity)), event(1 << 40, Event.endTag, .end(.success)),
    ]
  }()

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("events-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  /// The value that RFC 3720, appendix B.4, has for 32 bytes of zeros, of ones, ascending and descending; and
  /// "123456789".
  @Test func checksumIsThatOfTheStandard() {
    for (bytes, checksum) in [
      (Data(count: 32), 0x8A91_36AA), (Data(repeating: 0xFF, count: 32), 0x62A8_AB43), (Data(0..<32), 0x46DD_794E),
      (Data((0..<32).reversed()), 0x113F_DB5C), (Data("123456789".utf8), 0xE306_9283), (Data(), 0),
    ] as [(Data, UInt32)] {
      #expect(CRC32C.checksum(of: bytes) == checksum)
      // A part of other data, whose indices do not begin at 0.
      #expect(CRC32C.checksum(of: (Data([1, 2, 3]) + bytes).dropFirst(3)) == checksum)
    }
  }

  /// TensorBoard's own messages and framing, byte by byte.
  @Test func bytesAreThoseOfTensorBoardsWriter() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "Golden/events.golden")
    let golden = try Data(contentsOf: file)
    var bytes = Event(time: Self.time, step: 0, .begin).record + Event(time: Self.time, step: 0, .restart).record
    for event in Self.events { bytes += event.record }
    #expect(bytes == golden)
  }

  @Test func whatIsAddedFollowsWhatItBeganWith() throws {
    try withFolder { folder in
      let file = try EventFile(in: folder) { write in try Self.events.prefix(3).forEach(write) }
      for event in Self.events.dropFirst(3) { try file.append(event) }
      let records = Self.events.reduce(Data()) { $0 + $1.record }
      #expect(try Data(contentsOf: file.url).suffix(records.count) == records)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [file.url.lastPathComponent])
    }
  }

  /// One file at a time holds anything; its name sorts behind that of the one before it, which a reader may be at.
  @Test func aNewFileTakesTheOldOnesPlace() throws {
    try withFolder { folder in
      var names: [String] = []
      for count in 1...4 {
        let file = try EventFile(in: folder) { write in try Self.events.prefix(count).forEach(write) }
        names.append(file.url.lastPathComponent)
        #expect(EventFile.files(in: folder).map(\.lastPathComponent) == names.suffix(2))
        let sizes = try EventFile.files(in: folder).map { try Data(contentsOf: $0).count }
        #expect(sizes.dropLast().allSatisfy { $0 == 0 } && sizes.last! > 0)
      }
      #expect(names == names.sorted() && Set(names).count == 4)
      // That of another program is none of ours.
      let other = folder.appendingPathComponent("events.out.tfevents.1.host")
      try Data().write(to: other)
      _ = try EventFile(in: folder) { _ in }
      #expect(FileManager.default.fileExists(atPath: other.path))
    }
  }

  /// What cannot be made leaves the file before it as it was, and nothing beside it.
  @Test func aFileThatCannotBeMadeLeavesTheOldOne() throws {
    struct Reason: Error {}
    try withFolder { folder in
      let old = try EventFile(in: folder) { write in try Self.events.forEach(write) }
      let bytes = try Data(contentsOf: old.url)
      #expect(throws: Reason.self) {
        try EventFile(in: folder) { write in
          try write(Self.events[0])
          throw Reason()
        }
      }
      #expect(try Data(contentsOf: old.url) == bytes)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
      #expect(throws: FileError.self) { try EventFile(in: folder.appendingPathComponent("missing")) { _ in } }
    }
  }

  @Test func addingToARemovedFileIsSaid() throws {
    try withFolder { folder in
      let file = try EventFile(in: folder) { _ in }
      try FileManager.default.removeItem(at: file.url)
      #expect(throws: FileError.self) { try file.append(Self.events[0]) }
    }
  }
}
