import Datasets
import Foundation
import Torch

/// The first epoch over a folder of 5 000 photographs that have not been seen before: decoded, fitted to 64 x 64,
/// packed, and gone through in batches of 50. A later epoch has no decoding in it.
enum PictureEpoch {
  private static let batchSize = 50

  /// Where `Benchmarks/peers/photos.py` has made them.
  private static var photos: URL {
    get throws {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [
        ProcessInfo.processInfo.environment["BENCHMARK_PYTHON"] ?? "python3", "Benchmarks/peers/photos.py",
      ]
      let pipe = Pipe()
      process.standardOutput = pipe
      try process.run()
      let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      return URL(fileURLWithPath: text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  private static func open(_ folder: URL, cache: URL) throws -> ImageBatches {
    var settings = PictureSettings()
    settings.size = 64
    settings.filter = .bilinear
    let images = try PictureSource(settings).open(at: folder, cache: PackedCache(cache), progress: { _ in })
    return try ImageBatches(images, batchSize: batchSize, range: -1...1, asRows: false)
  }

  static func contestant() throws -> Contestant {
    let folder = try photos
    let cache = FileManager.default.temporaryDirectory.appendingPathComponent("gan-bench-\(UUID())")
    let run = { (times: Int) in
      for _ in 0..<times {
        // Nothing of what was packed before is left.
        defer { try? FileManager.default.removeItem(at: cache) }
        let source = try open(folder, cache: cache)
        for step in 0..<source.stepsPerEpoch { _ = source.batches(step, RandomStream(seed: 1)) }
      }
    }
    let record = { (_: Int) -> (losses: [[Double]], tensors: [String: Tensor]) in
      defer { try? FileManager.default.removeItem(at: cache) }
      let source = try open(folder, cache: cache)
      let moments = try (0..<source.stepsPerEpoch).map { step in
        let values = try source.examples(step * batchSize..<(step + 1) * batchSize).values(Double.self)
        let count = Double(values.count)
        return [values.reduce(0, +) / count, values.reduce(0) { $0 + $1 * $1 } / count]
      }
      return (moments, ["none": .zeros([1])])
    }
    return Contestant(run: run, record: record)
  }
}
