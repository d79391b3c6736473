import Datasets
import Files
import Foundation
import Testing

/// `gan data get` for every data set, from a server on this machine that has small files in their place.
@Suite(.serialized) struct PublishedDataSetTests {
  @Test func namesAndFoldersAreDistinct() {
    let sets = PublishedDataSet.all
    #expect(Set(sets.map(\.name)).count == sets.count)
    #expect(sets.first == MNIST.published && sets.suffix(3) == FeatureNetworks.all[...])
    #expect(sets.allSatisfy { PublishedDataSet.named($0.name) == $0 } && PublishedDataSet.named("x") == nil)
    // Commands name them: none that was there may go.
    #expect(
      Set(sets.map(\.name)).isSuperset(of: [
        "mnist", "fashion-mnist", "kmnist", "kmnist49", "cifar10", "cifar100", "svhn", "svhn-extra", "stl10",
        "inception",
        "inception-torchscript", "vgg16",
      ]))
    // Whatever is read from a folder of its own can be fetched, and arrives there.
    for case let source as any ImageSource.Type in DataFamily.kinds {
      #expect(source.downloads.allSatisfy { sets.contains($0) && $0.directory == source.defaultDirectory })
      #expect(source.downloads.isEmpty == (source.defaultDirectory == nil), "\(source.kind)")
    }
    // The further digits belong beside the others.
    #expect(SVHN.publishedExtra.directory == SVHN.published.directory)
    #expect(Set(sets.flatMap(\.files).map(\.checksum)).count == sets.flatMap(\.files).count)
    #expect(sets.allSatisfy { set in set.mirrors.allSatisfy { $0.absoluteString.hasSuffix("/") } })
  }

  /// The files of the data set, of other content but under their names, arrive where loading looks for them, a broken
  /// connection resumed.
  @Test func arrivesAndLoads() async throws {
    try await withFolder { folder in
      let server = try FileServer(serving: golden(""), log: folder.appendingPathComponent("log"))
      defer { server.stop() }
      for name in [
        "cifar-10-binary.tar.gz", "cifar-100-binary.tar.gz", "stl10_binary.tar.gz", "train_32x32.mat", "test_32x32.mat",
      ] {
        let content = try Data(contentsOf: golden(name))
        let file = RemoteFile(name: name, size: content.count, md5: MD5.hex(of: [UInt8](content)))
        let published = try #require(PublishedDataSet.all.flatMap(\.files).first { $0.name == name })
        #expect(published.size > content.count)
        try await Download(files: [file], mirrors: [server.mirror("drop")], directory: folder, retries: 1).run()
      }
      try GoldenImages("cifar10-train").expect(CIFAR10.load(directory: folder, split: .train), classes: 10)
      try GoldenImages("cifar100-test-fine").expect(CIFAR100.load(directory: folder, split: .test), classes: 100)
      try GoldenImages("stl10-test").expect(STL10.load(directory: folder, part: .test), classes: 10)
      try GoldenImages("svhn-train").expect(SVHN.load(directory: folder, part: .train), classes: 10)
      #expect(try server.requests.filter { $0.status == 206 }.count == 5)
    }
  }

  /// What is served is not what was published: each set's own checks refuse it, and say what to put where by hand.
  @Test(arguments: PublishedDataSet.all)
  func anotherFileUnderTheNameIsRefused(set: PublishedDataSet) async throws {
    try await withFolder { folder in
      let served = folder.appendingPathComponent("served")
      try makeFolder(at: served)
      for file in set.files { try Data("<html>".utf8).write(to: served.appendingPathComponent(file.name)) }
      let server = try FileServer(serving: served, log: folder.appendingPathComponent("log"))
      defer { server.stop() }
      let cache = folder.appendingPathComponent("cache")
      let error = try await #require(throws: DownloadError.self) {
        try await set.download(to: cache, mirrors: [server.mirror("plain")])
      }
      #expect(error.missing.map(\.checksum) == set.files.map(\.checksum) && error.attempts.count == 1)
      // Where nobody has published a size the checksum alone tells.
      let (file, sent) = (set.files[0], Data("<html>".utf8))
      let checksum = file.sha256 == nil ? "md5 \(MD5.hex(of: [UInt8](sent)))" : "sha256 \(sha256(sent))"
      #expect(
        error.attempts[0].reason
          == (file.isSized
            ? "offers 6 bytes instead of \(grouped(file.size))"
            : "sent a file with the \(checksum) instead of \(file.checksum)"))
      #expect(set.files.allSatisfy { error.description.contains($0.checksum) && error.description.contains($0.name) })
      #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path).isEmpty)
    }
  }

  /// Fashion-MNIST as Debian's package dataset-fashion-mnist has it, packed anew but of the same content.
  @Test(.enabled(if: fashionFolder != nil, "needs Debian's package dataset-fashion-mnist"))
  func fashionMNIST() throws {
    let folder = try #require(fashionFolder)
    for (split, count) in [(Split.train, 60_000), (.test, 10_000)] {
      let articles = try FashionMNIST.load(directory: folder, split: split)
      #expect(articles.shape == [count, 1, 28, 28])
      let labels = try #require(articles.labels)
      #expect((0..<10).allSatisfy { label in labels.filter { $0 == label }.count == count / 10 })
    }
    // The first training image is the ankle boot of every tutorial.
    #expect(
      try FashionMNIST.classNames[Int(#require(FashionMNIST.load(directory: folder, split: .train).labels)[0])]
        == "Ankle boot")
  }
}

private let fashionFolder: URL? = {
  let folder = URL(fileURLWithPath: "/usr/share/datasets/fashion-mnist")
  return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
}()
