import Datasets
import Files
import Foundation
import Testing

/// The fuzzers begin with sound files of each format: were these refused, they would look no further than its head.
@Suite struct FuzzSeedTests {
  private func load(_ target: String, _ seed: String, as name: String, _ body: (URL) throws -> LabelledImages) throws {
    let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("FuzzCorpus")
    try withFolder { folder in
      let seed = corpus.appendingPathComponent("\(target)/seed-\(seed)")
      try FileManager.default.copyItem(at: seed, to: folder.appendingPathComponent(name))
      #expect(try body(folder).count > 0)
    }
  }

  @Test(arguments: ["record", "two", "gzip", "xz"])
  func cifar(seed: String) throws {
    try load("cifar", seed, as: "test_batch.bin") { try CIFAR10.load(directory: $0, split: .test) }
  }

  @Test(arguments: ["sound", "by-columns", "packed"])
  func pickle(seed: String) throws {
    try load("pickle", seed, as: "test_batch") { try CIFAR10.load(directory: $0, split: .test) }
  }

  @Test(arguments: ["plain", "packed", "pax", "gnu", "up"])
  func tar(seed: String) throws {
    try load("tar", seed, as: "cifar-10-binary.tar.gz") { try CIFAR10.load(directory: $0, split: .test) }
  }

  @Test(arguments: ["sound", "stored", "colour", "zeros"])
  func npz(seed: String) throws {
    try load("npz", seed, as: "pathmnist.npz") {
      try MedMNIST.load($0.appendingPathComponent("pathmnist.npz"), part: .train)
    }
  }

  @Test(arguments: [
    "plain", "packed", "big-endian", "doubles", "small-doubles", "three-axes", "bomb", "twice",
  ])
  func mat(seed: String) throws {
    try load("mat", seed, as: "train_32x32.mat") { try SVHN.load(directory: $0, part: .train) }
  }
}
