import Foundation

extension MNIST {
  /// The four files as they were published: gzip-compressed IDX.
  public static let published = PublishedDataSet(
    name: "mnist", title: "MNIST",
    files: [
      RemoteFile(
        name: "train-images-idx3-ubyte.gz", size: 9_912_422, md5: "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        unpacked: .init(size: 47_040_016, md5: "6bbc9ace898e44ae57da46a324031adb")),
      RemoteFile(
        name: "train-labels-idx1-ubyte.gz", size: 28_881, md5: "d53e105ee54ea40749a09fcbcd1e9432",
        unpacked: .init(size: 60_008, md5: "a25bea736e30d166cdddb491f175f624")),
      RemoteFile(
        name: "t10k-images-idx3-ubyte.gz", size: 1_648_877, md5: "9fb629c4189551a2d022fa330f9573f3",
        unpacked: .init(size: 7_840_016, md5: "2646ac647ad5339dbf082846283269ea")),
      RemoteFile(
        name: "t10k-labels-idx1-ubyte.gz", size: 4_542, md5: "ec29112dd5afa0611ce80d1b7f02629c",
        unpacked: .init(size: 10_008, md5: "27ae3e4e09519cfbb04c329615203637")),
    ],
    mirrors: [
      "https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ])

  /// The four published files.
  public static var files: [RemoteFile] { published.files }

  /// Public folders that hold ``files``.
  public static var mirrors: [URL] { published.mirrors }

  /// Where ``download(to:mirrors:progress:)`` puts the files and ``load(directory:split:requiresLabels:)`` looks for
  /// them: `$XDG_CACHE_HOME/swift-gan/mnist`, or `~/.cache/swift-gan/mnist`.
  public static var defaultDirectory: URL { published.directory }

  /// Fetches ``files``; see ``PublishedDataSet/download(to:mirrors:progress:)``.
  @discardableResult
  public static func download(
    to directory: URL = defaultDirectory, mirrors: [URL] = mirrors,
    progress: @escaping @Sendable (Download.Progress) -> Void = { _ in }
  ) async throws -> [Download.Arrival] {
    try await published.download(to: directory, mirrors: mirrors, progress: progress)
  }
}
