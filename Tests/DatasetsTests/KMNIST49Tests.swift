import Datasets
import Files
import Foundation
import Testing

/// Kuzushiji-49's four files of one NumPy array each, small ones that NumPy wrote.
@Suite struct KMNIST49Tests {
  private static let names = [
    "k49-train-imgs.npz", "k49-train-labels.npz", "k49-test-imgs.npz", "k49-test-labels.npz",
  ]

  private func withFiles(_ names: [String: String], _ body: (URL) throws -> Void) throws {
    try withFolder { folder in
      try copy(names, to: folder)
      try body(folder)
    }
  }

  @Test(arguments: Split.allCases) func splitsWrittenByNumPyAreRead(split: Split) throws {
    try withFiles(Dictionary(uniqueKeysWithValues: Self.names.map { ($0, $0) })) { folder in
      let source = KMNIST49.Source()
      try GoldenImages("k49-\(split.rawValue)").expect(source.open(at: folder, split), classes: 49)
      try GoldenImages("k49-\(split.rawValue)").expect(
        source.open(at: folder, split, requiresLabels: false), classes: 49, labelled: false)
    }
    #expect(KMNIST49.classNames.count == 49 && Set(KMNIST49.classNames).count == 49)
  }

  @Test func whatIsMissingIsNamedAndLabelsOnlyWhereTheyAreWanted() throws {
    try withFiles(["k49-train-imgs.npz": "k49-train-imgs.npz"]) { folder in
      #expect(try KMNIST49.load(directory: folder, split: .train, requiresLabels: false).labels == nil)
      let error = try fileError { _ = try KMNIST49.load(directory: folder, split: .train) }
      #expect(error.path == folder.path)
      #expect(error.reason == "lacks k49-train-labels.npz of Kuzushiji-49; `gan data get kmnist49` fetches it")
      let file = folder.appendingPathComponent("k49-train-imgs.npz")
      #expect(
        try fileError { _ = try KMNIST49.load(directory: file, split: .test) }.reason.hasPrefix("is not a folder"))
    }
  }

  /// Files of another set or of the other kind under the names of this one.
  @Test func whatIsNotThisSetIsRefused() throws {
    func refusal(images: String, labels: String) throws -> FileError {
      var found: FileError?
      try withFiles([images: "k49-train-imgs.npz", labels: "k49-train-labels.npz"]) {
        folder in found = try fileError { _ = try KMNIST49.load(directory: folder, split: .train) }
      }
      return try #require(found)
    }
    let (images, labels) = ("k49-train-imgs.npz", "k49-train-labels.npz")
    #expect(
      try refusal(images: "octmnist.npz", labels: labels).reason.hasPrefix("is not there; the file holds train_images"))
    #expect(
      try refusal(images: labels, labels: "k49-test-labels.npz").reason
        == "has the shape [5], where images are [count, height, width]")
    #expect(
      try refusal(images: images, labels: "k49-test-labels.npz").reason == "has the shape [3], where 5 images have [5]")
    #expect(
      try refusal(images: images, labels: "k49-train-wrong.npz").reason
        == "has the label 49 at index 4, outside 0...48")
    #expect(try refusal(images: "cifar-10-binary.tar.gz", labels: labels).reason.hasPrefix("is not a sound .npz file"))
  }

  /// The files, of other content but under their names, from a server that breaks the connection off: nobody states
  /// their sizes, so the server is asked, and what has arrived is gone on with.
  @Test func filesWithoutASizeArriveAndLoad() async throws {
    try await withFolder { folder in
      let server = try FileServer(serving: golden(""), log: folder.appendingPathComponent("log"))
      defer { server.stop() }
      for published in KMNIST49.published.files {
        #expect(!published.isSized && published.sha256 == nil)
        let content = [UInt8](try Data(contentsOf: golden(published.name)))
        let file = RemoteFile(name: published.name, size: nil, md5: MD5.hex(of: content))
        try await Download(files: [file], mirrors: [server.mirror("drop")], directory: folder, retries: 1).run()
      }
      try GoldenImages("k49-test").expect(KMNIST49.load(directory: folder, split: .test), classes: 49)
      #expect(try server.requests.filter { $0.status == 206 }.count == 4)
    }
  }

  @Test func cutFilesAreRefused() throws {
    let whole = try Data(contentsOf: golden("k49-train-imgs.npz"))
    try withFolder { folder in
      let file = folder.appendingPathComponent("k49-train-imgs.npz")
      for length in Array(0..<80) + Array(stride(from: 80, to: whole.count, by: 97)) + [whole.count - 1] {
        try whole.prefix(length).write(to: file)
        let error = try fileError {
          _ = try KMNIST49.load(directory: folder, split: .train, requiresLabels: false)
        }
        #expect(error.path == file.path)
      }
    }
  }
}
