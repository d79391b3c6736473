import Files
import Foundation
import Metrics
import Scores
import Torch

/// The readers of what scores are a function of, and of scores: weights, statistics, results.
extension FuzzTarget {
  /// The memory that such a file of so many bytes may take.
  func scoreAllowance(_ count: Int) -> Int {
    let megabyte = 1 << 20
    return switch self {
    // A byte of a zip archive is 1032 of content at most; numbers of half the width are twice as wide in memory, and
    // are there twice.
    case .weights, .statistics: 8 * megabyte + 8 * 1032 * count
    default: 2 * megabyte + 1000 * count
    }
  }

  func checkScores(_ bytes: Data, in folder: FuzzFolder) throws {
    switch self {
    case .weights:
      let file = try folder.file("input.pth", bytes)
      guard let weights = try value(of: file, needsPlace: false, { try PyTorchWeights(contentsOf: file) }) else {
        return
      }
      try require(weights.hash == sha256(bytes), "another checksum than the file's")
      for (name, tensor) in weights.tensors {
        try require(tensor.dtype == .float32, "'\(name)' of kind \(tensor.dtype)")
        try require(tensor.shape.allSatisfy { $0 >= 0 }, "'\(name)' of shape \(tensor.shape)")
      }
    case .statistics:
      let file = try folder.file("input.npz", bytes)
      guard let read = try value(of: file, needsPlace: false, { try FeatureStatistics(contentsOf: file) }) else {
        return
      }
      try require(read.covariance.count == read.mean.count * read.mean.count, "a covariance of another size")
      try require((read.mean + read.covariance).allSatisfy(\.isFinite), "numbers that are not finite")
      let copy = try folder.file("copy.npz", Data())
      try read.write(to: copy)
      let again = try FeatureStatistics(contentsOf: copy)
      try require(
        again.mean == read.mean && again.covariance == read.covariance && again.count == read.count,
        "statistics that are others once written and read")
    case .scores:
      let file = try folder.file("input.json", bytes)
      guard let read = try value(of: file, needsPlace: false, { try ScoreDocument(contentsOf: file) }) else { return }
      let copy = try folder.file("copy.json", Data(read.json().utf8))
      try require(try ScoreDocument(contentsOf: copy) == read, "scores that are others once written and read")
      try require(read.differences(from: read).isEmpty, "scores that do not compare with themselves")
    default: break
    }
  }
}
