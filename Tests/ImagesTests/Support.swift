import Files
import Foundation
import Images
import Testing

/// Runs `body` with a folder of its own, which is removed afterwards.
func withFolder<T>(_ body: (URL) throws -> T) throws -> T {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("images-tests-\(UUID().uuidString)")
  try makeFolder(at: folder)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// Noise, which no compression makes smaller: the upper bytes of Knuth's linear congruential generator, which
/// Golden/generate.py has as well.
func noise(width: Int, height: Int, channels: Int, seed: UInt64 = 7) -> Image {
  var state = seed
  let samples = (0..<width * height * channels).map { _ -> UInt8 in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(state >> 56)
  }
  return Image(width: width, height: height, channels: channels, made: samples)
}

/// What a Python script prints, given `arguments`.
func python(_ script: String, _ arguments: [String]) throws -> String {
  let process = Process()
  let output = Pipe()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["python3", "-c", script] + arguments
  process.standardOutput = output
  try process.run()
  let data = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  try #require(process.terminationStatus == 0)
  return String(decoding: data, as: UTF8.self)
}
