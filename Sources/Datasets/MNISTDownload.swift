import Files
import Foundation

extension MNIST {
  /// The four published files, as they were published: gzip-compressed IDX.
  public static let files = [
    RemoteFile(name: "train-images-idx3-ubyte.gz", size: 9_912_422, md5: "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    RemoteFile(name: "train-labels-idx1-ubyte.gz", size: 28_881, md5: "d53e105ee54ea40749a09fcbcd1e9432"),
    RemoteFile(name: "t10k-images-idx3-ubyte.gz", size: 1_648_877, md5: "9fb629c4189551a2d022fa330f9573f3"),
    RemoteFile(name: "t10k-labels-idx1-ubyte.gz", size: 4_542, md5: "ec29112dd5afa0611ce80d1b7f02629c"),
  ]

  /// Public folders that hold ``files``.
  public static let mirrors = [
    URL(string: "https://storage.googleapis.com/cvdf-datasets/mnist/")!,
    URL(string: "https://ossci-datasets.s3.amazonaws.com/mnist/")!,
  ]

  /// Where ``download(to:mirrors:progress:)`` puts the files and ``load(directory:split:)`` looks for them:
  /// `$XDG_CACHE_HOME/swift-gan/mnist`, or `~/.cache/swift-gan/mnist`.
  public static var defaultDirectory: URL { Cache.directory.appendingPathComponent("mnist", isDirectory: true) }

  /// Fetches ``files``, as far as they are not there yet; see ``Download`` for resuming, checking and errors.
  ///
  /// - Parameters:
  ///   - directory: the folder to put them in; made if it is not there.
  ///   - mirrors: http or https folders that hold the files, asked in this order.
  ///   - progress: called with each piece that arrives.
  /// - Returns: Where each of ``files`` is, in their order.
  /// - Throws: ``DownloadError``, `FileError`, `CancellationError`.
  @discardableResult
  public static func download(
    to directory: URL = defaultDirectory, mirrors: [URL] = mirrors,
    progress: @escaping @Sendable (Download.Progress) -> Void = { _ in }
  ) async throws -> [Download.Arrival] {
    try await Download(files: files, mirrors: mirrors, directory: directory).run(progress: progress)
  }
}
