import Datasets
import Files
import Foundation
import Testing

/// Small files in MNIST's format, right and wrong.
@Suite struct MNISTTests {
  private let images = idx([3, 2, 4], (0..<24).map { UInt8($0) })
  private let labels = idx([3], [9, 0, 4])

  /// The error of loading the training split from a folder with these files.
  private func refusal(
    _ files: [String: Data], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> (folder: String, error: FileError) {
    try withFolder { folder in
      for (name, data) in files { try data.write(to: folder.appendingPathComponent(name)) }
      let error = try fileError(sourceLocation: sourceLocation) {
        _ = try MNIST.load(directory: folder, split: .train)
      }
      return (folder.path, error)
    }
  }

  @Test(arguments: [
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"), ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
    ("train-images-idx3-ubyte.gz", "train-labels.idx1-ubyte.gz"),
  ])
  func everySpelling(imagesName: String, labelsName: String) throws {
    try withFolder { folder in
      for (name, data) in [(imagesName, images), (labelsName, labels)] {
        try (name.hasSuffix(".gz") ? gzip(data) : data).write(to: folder.appendingPathComponent(name))
      }
      let loaded = try MNIST.load(directory: folder, split: .train)
      #expect(loaded.shape == [3, 1, 2, 4])
      #expect(loaded.classes == 10)  // The largest label is 9.
      #expect(loaded.bytes == (0..<24).map { UInt8($0) })
      #expect(loaded.labels == [9, 0, 4])
    }
  }

  @Test func testSplit() throws {
    try withFolder { folder in
      try images.write(to: folder.appendingPathComponent("t10k-images-idx3-ubyte"))
      try labels.write(to: folder.appendingPathComponent("t10k-labels-idx1-ubyte"))
      #expect(try MNIST.load(directory: folder, split: .test).labels == [9, 0, 4])
      let error = try fileError { _ = try MNIST.load(directory: folder, split: .train) }
      #expect(error.reason.hasPrefix("lacks MNIST's train images and labels (any of train-images-idx3-ubyte, "))
    }
  }

  @Test func missingFile() throws {
    let (folder, error) = try refusal(["train-images-idx3-ubyte": images])
    #expect(error.path == folder)
    #expect(
      error.reason == "lacks MNIST's train labels (any of train-labels-idx1-ubyte, train-labels-idx1-ubyte.gz, "
        + "train-labels.idx1-ubyte, train-labels.idx1-ubyte.gz); `gan data get mnist` fetches them")
  }

  @Test func missingFolder() throws {
    let folder = URL(fileURLWithPath: "/nowhere/mnist")
    let error = try fileError { _ = try MNIST.load(directory: folder, split: .test) }
    #expect(error.path == "/nowhere/mnist")
    #expect(error.reason.hasPrefix("is not a folder; it should hold MNIST's test images and labels (any of t10k-"))
    #expect(error.reason.hasSuffix("; `gan data get mnist` fetches them"))
  }

  @Test func countsThatDiffer() throws {
    let (folder, error) = try refusal([
      "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": idx([4], [1, 2, 3, 4]),
    ])
    #expect(error.path == folder + "/train-images-idx3-ubyte")
    #expect(error.reason == "holds 3 images, but \(folder)/train-labels-idx1-ubyte holds 4 labels")
  }

  @Test func imagesAndLabelsExchanged() throws {
    var (folder, error) = try refusal(["train-images-idx3-ubyte": labels, "train-labels-idx1-ubyte": labels])
    #expect(error.path == folder + "/train-images-idx3-ubyte")
    #expect(
      error.reason == "has the shape [3], where images have 3 axes (count, height, width), or 4 with channels; are "
        + "images and labels exchanged?")
    (folder, error) = try refusal(["train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": images])
    #expect(error.path == folder + "/train-labels-idx1-ubyte")
    #expect(
      error.reason == "has the shape [3, 2, 4], where labels have one axis (count); are images and labels exchanged?")
  }

  @Test func damagedFileIsNamed() throws {
    let (folder, error) = try refusal([
      "train-images-idx3-ubyte": images.dropLast(), "train-labels-idx1-ubyte": labels,
    ])
    #expect(error.path == folder + "/train-images-idx3-ubyte")
    #expect(error.reason == "holds 39 of 40 bytes that its shape [3, 2, 4] takes")
  }
}

/// The folder with the published files, where there is one.
private let publishedFolder: URL? = {
  let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let candidates = [
    ProcessInfo.processInfo.environment["GAN_MNIST"].map { URL(fileURLWithPath: $0) },
    package.deletingLastPathComponent().appendingPathComponent("shared/data/mnist"),
  ]
  return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path) }
}()

/// The published files themselves.
@Suite(
  .enabled(
    if: publishedFolder != nil,
    "needs the MNIST files, in the folder that GAN_MNIST names or in ../shared/data/mnist beside the package"))
struct PublishedMNISTTests {
  @Test(arguments: [
    (
      Split.train, 60_000, [5, 0, 4, 1, 9, 2, 1, 3, 1, 4], "6bbc9ace898e44ae57da46a324031adb",
      "a25bea736e30d166cdddb491f175f624"
    ),
    (
      Split.test, 10_000, [7, 2, 1, 0, 4, 1, 4, 9, 5, 9], "2646ac647ad5339dbf082846283269ea",
      "27ae3e4e09519cfbb04c329615203637"
    ),
  ])
  func content(split: Split, count: Int, firstLabels: [UInt8], imagesMD5: String, labelsMD5: String) throws {
    let loaded = try MNIST.load(directory: #require(publishedFolder), split: split)
    #expect(loaded.shape == [count, 1, 28, 28])
    #expect(loaded.classes == 10)
    let labels = try #require(loaded.labels).map { UInt8($0) }
    #expect(Array(labels.prefix(10)) == firstLabels)
    let size = UInt32(count)
    // The published checksums are those of the whole unpacked files.
    #expect(MD5.hex(of: [UInt8](idx([size, 28, 28], [])) + loaded.bytes) == imagesMD5)
    #expect(MD5.hex(of: [UInt8](idx([size], [])) + labels) == labelsMD5)
  }

  @Test func areWhatTheDownloadExpects() throws {
    let folder = try #require(publishedFolder)
    for file in MNIST.files {
      let url = folder.appendingPathComponent(file.name)
      guard FileManager.default.fileExists(atPath: url.path) else { continue }
      let data = try Data(contentsOf: url)
      #expect(data.count == file.size, "\(file.name)")
      #expect(MD5.hex(of: [UInt8](data)) == file.md5, "\(file.name)")
    }
  }

  /// The whole way: from a server on this machine into a folder, and from there into memory.
  @Test func downloadAndLoad() async throws {
    try await withFolder { folder in
      let server = try FileServer(serving: #require(publishedFolder), log: folder.appendingPathComponent("log"))
      defer { server.stop() }
      let cache = folder.appendingPathComponent("cache")
      let arrivals = try await MNIST.download(to: cache, mirrors: [server.mirror("plain")])
      #expect(arrivals.map(\.url) == MNIST.files.map { cache.appendingPathComponent($0.name) })
      #expect(try MNIST.load(directory: cache, split: .test).shape == [10_000, 1, 28, 28])
      #expect(try await MNIST.download(to: cache, mirrors: []).allSatisfy { $0.source == nil })
    }
  }
}
