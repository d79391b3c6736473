import Datasets
import Files
import Foundation
import Images
import Testing

/// A picture of one colour with a slope in it, so that no two of a test are alike.
func picture(_ seed: Int, width: Int = 20, height: Int = 16, channels: Int = 3) -> Image {
  Image(
    width: width, height: height, channels: channels,
    made: (0..<width * height * channels).map {
      UInt8(truncatingIfNeeded: seed * 37 + $0 / channels % width * 2 + $0 / channels / width * 3 + $0 % channels * 40)
    })
}

/// Writes files, making the folders that they lie in.
func write(_ files: [String: Data], to folder: URL) throws {
  for (name, data) in files {
    let url = folder.appendingPathComponent(name)
    try makeFolder(at: url.deletingLastPathComponent())
    try data.write(to: url)
  }
}

/// Settings of a size, changed.
func settings(_ size: Int, _ change: (inout PictureSettings) -> Void = { _ in }) -> PictureSettings {
  var settings = PictureSettings()
  settings.size = size
  change(&settings)
  return settings
}

/// A zip archive, stored, made by hand so that it can also be one that no program writes.
struct TestZip {
  private var body = Data()
  private var directory = Data()
  private var count: UInt16 = 0

  private static func number<Value: FixedWidthInteger>(_ value: Value) -> Data {
    withUnsafeBytes(of: value.littleEndian) { Data($0) }
  }

  /// CRC-32.
  private static func checksum(_ data: Data) -> UInt32 {
    ~data.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
  }

  /// - Parameters:
  ///   - packed: what stands in the archive where that is something else than `data`, and `method` says how it is
  ///     packed.
  ///   - stated: the size that the archive claims for what it unpacks to.
  ///   - flags: bit 0 says that it is encrypted.
  mutating func add(
    _ name: String, _ data: Data, packed: Data? = nil, method: UInt16 = 0, stated: Int? = nil, flags: UInt16 = 0
  ) {
    let stored = packed ?? data
    let common =
      Self.number(20 as UInt16) + Self.number(flags) + Self.number(method) + Self.number(0 as UInt16)
      + Self.number(33 as UInt16) + Self.number(Self.checksum(data)) + Self.number(UInt32(stored.count))
      + Self.number(UInt32(stated ?? data.count)) + Self.number(UInt16(name.utf8.count)) + Self.number(0 as UInt16)
    directory +=
      Self.number(0x0201_4b50 as UInt32) + Self.number(20 as UInt16) + common + Data(count: 10)
      + Self.number(UInt32(body.count)) + Data(name.utf8)
    body += Self.number(0x0403_4b50 as UInt32) + common + Data(name.utf8) + stored
    count += 1
  }

  var data: Data {
    body + directory + Self.number(0x0605_4b50 as UInt32) + Data(count: 4) + Self.number(count) + Self.number(count)
      + Self.number(UInt32(directory.count)) + Self.number(UInt32(body.count)) + Data(count: 2)
  }
}

/// Files for tests that are no part of the project: beside the checkout, or where `$SWIFT_GAN_SHARED` says; nil where
/// they are not.
func sharedData(_ name: String) -> URL? {
  let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let places = [
    ProcessInfo.processInfo.environment["SWIFT_GAN_SHARED"].map { URL(fileURLWithPath: $0) },
    package.deletingLastPathComponent().appendingPathComponent("shared"),
    package.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared"),
  ]
  return places.compactMap { $0?.appendingPathComponent("data").appendingPathComponent(name) }
    .first { FileManager.default.fileExists(atPath: $0.path) }
}
